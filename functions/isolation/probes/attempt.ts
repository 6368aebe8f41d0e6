import { PlatformError } from '../../contract/errors';

/**
 * How one probe ended. A probe that could not be made is neither: it throws, and its check fails.
 */
export type Attempt = { readonly allowed: true } | { readonly allowed: false; readonly denial: string };

const DENIALS = ['AccessDenied', 'AccessDeniedException'];
/**
 * "Key states of AWS KMS keys": the key is disabled, or scheduled for deletion. Neither heals by
 * itself.
 */
const KEY_STATE_ERROR = 'KMSInvalidStateException';

/**
 * @param provesAccess names of errors that AWS sends only to a caller whom it has allowed
 * @throws PlatformError `KeyUnusable` when the state of a key prevents the probe; every other error
 * as it is
 */
export async function attempt(call: Promise<unknown>, ...provesAccess: readonly string[]): Promise<Attempt> {
  try {
    await call;
    return { allowed: true };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    if (DENIALS.includes(thrown.name)) return { allowed: false, denial: thrown.name };
    if (provesAccess.includes(thrown.name)) return { allowed: true };
    if (thrown.name === KEY_STATE_ERROR) throw new PlatformError('KeyUnusable', thrown.message, { cause: thrown });
    throw thrown;
  }
}

/**
 * Pauses (milliseconds) before each repetition of a probe that was denied and should be allowed.
 */
export interface Patience {
  readonly pauses: readonly number[];
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Repeats a probe while it is denied and pauses are left. */
export async function patiently(probe: () => Promise<Attempt>, { pauses, pause }: Patience): Promise<Attempt> {
  let last = await probe();
  for (const ms of pauses) {
    if (last.allowed) break;
    await pause(ms);
    last = await probe();
  }
  return last;
}
