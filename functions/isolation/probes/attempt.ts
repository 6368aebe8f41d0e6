import { PlatformError } from '../../contract/errors';

/**
 * How one probe ended. A probe that could not be made is neither: it throws, and its check fails.
 */
export type Attempt = { readonly allowed: true } | { readonly allowed: false; readonly denial: string };

const DENIALS = ['AccessDenied', 'AccessDeniedException'];
export const isDenial = (thrown: unknown): boolean => thrown instanceof Error && DENIALS.includes(thrown.name);

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
    if (isDenial(thrown)) return { allowed: false, denial: thrown.name };
    if (provesAccess.includes(thrown.name)) return { allowed: true };
    if (thrown.name === KEY_STATE_ERROR) throw new PlatformError('KeyUnusable', thrown.message, { cause: thrown });
    throw thrown;
  }
}
