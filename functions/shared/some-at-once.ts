import { translateError } from './error-translation';
import { pause } from './invocation';
import { settled } from './settled';

const AT_ONCE = 4;
/** Elastic Load Balancing lets an account change three rules a second, once its bucket of 20 is empty. */
const THROTTLED_MS = 350;

/**
 * Works on each item, some at once. A throttled call waits for its turn and is repeated, until the
 * function is out of time: then the state calls the function again, and what is done stays done.
 */
export async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await patiently(work, item);
  };
  await settled(Array.from({ length: Math.min(AT_ONCE, queue.length) }, worker));
}

async function patiently<T>(work: (item: T) => Promise<void>, item: T): Promise<void> {
  for (;;) {
    try {
      return await work(item);
    } catch (thrown) {
      if (translateError(thrown).name !== 'TransientThrottling') throw thrown;
      await pause(THROTTLED_MS * (1 + Math.random()));
    }
  }
}
