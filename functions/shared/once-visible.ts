import { PlatformError } from '../contract/errors';
import { isNamed } from './is-named';

/**
 * For a call with a role that is minutes old: a denial may be due to IAM's delay. If the denial lasts, the
 * state machine's retries end ("Troubleshoot IAM": "Changes that I make are not always immediately visible").
 *
 * @throws PlatformError `TransientNotYetVisible` in place of a denial
 */
export async function onceVisible<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (!isNamed(thrown, 'AccessDenied', 'AccessDeniedException')) throw thrown;
    throw new PlatformError('TransientNotYetVisible', `${thrown.name}: ${thrown.message}`, { cause: thrown });
  }
}
