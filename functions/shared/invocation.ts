import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as timer } from 'node:timers/promises';
import { PlatformError } from '../contract/errors';

/**
 * Milliseconds before the function's deadline at which its work is aborted. Enough to log the
 * failure and to answer Step Functions.
 */
export const MARGIN_MS = 1_000;

const signals = new AsyncLocalStorage<AbortSignal>();

/**
 * Aborted when the invocation that the caller belongs to is over: at its deadline, or when it has
 * answered. Undefined outside a function, e.g. in an operator's command.
 */
export const invocationSignal = (): AbortSignal | undefined => signals.getStore();

/**
 * Waits some milliseconds, and no longer than the invocation lasts.
 *
 * @throws Error `AbortError` when the invocation is over
 */
export async function pause(ms: number): Promise<void> {
  const signal = invocationSignal();
  await timer(ms, undefined, signal && { signal });
}

const outOfTime = (name: string, cause: unknown) =>
  new PlatformError('TransientOutOfTime', `${name} ran out of time; its calls were aborted`, { cause });

/**
 * Runs the work of one invocation, so that none of it outlives the invocation. Lambda freezes a
 * function after its answer and thaws it for the next event; work that was left behind would go on
 * there ("Understanding the Lambda execution environment lifecycle").
 *
 * 1. Shortly before the deadline the signal is aborted. AWS calls and pauses end, and begin no more.
 * 2. The invocation answers when the work has ended, as out of time: whatever aborted work reports
 *    is no verdict. Work that does not end is not answered for, and Lambda ends the whole sandbox.
 * 3. An answer aborts the signal too: calls beside the one that failed end with it.
 *
 * @param remaining milliseconds until Lambda ends the function
 * @throws PlatformError `TransientOutOfTime`; otherwise whatever the work throws
 */
export async function withinInvocation<T>(name: string, remaining: number, work: () => Promise<T>): Promise<T> {
  const over = new AbortController();
  const { signal } = over;
  const deadline = setTimeout(() => over.abort(), Math.max(0, remaining - MARGIN_MS));
  try {
    const done = await signals.run(signal, work);
    if (signal.aborted) throw outOfTime(name, undefined);
    return done;
  } catch (thrown) {
    throw signal.aborted ? outOfTime(name, thrown) : thrown;
  } finally {
    clearTimeout(deadline);
    over.abort();
  }
}
