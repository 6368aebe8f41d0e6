import { PlatformError } from '../../contract/errors';

/** How a try at a door ended. A try that could not be made is neither: it throws, and the check that made it fails. */
export type Attempt = { readonly opened: true } | { readonly opened: false; readonly refusal: string };

const REFUSALS = ['AccessDenied', 'AccessDeniedException'];
/** "Key states of AWS KMS keys": disabled, or about to be deleted. To a step that may pass; a living tenant's key does not heal. */
const STATE_OF_KEY = 'KMSInvalidStateException';

/**
 * @param alsoOpened names of errors that AWS answers with only to those whom it has let in
 * @throws whatever is neither a refusal nor one of those; `KeyUnusable` where the door could not be tried for its key
 */
export async function attempt(call: Promise<unknown>, ...alsoOpened: readonly string[]): Promise<Attempt> {
  try {
    await call;
    return { opened: true };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    if (REFUSALS.includes(thrown.name)) return { opened: false, refusal: thrown.name };
    if (alsoOpened.includes(thrown.name)) return { opened: true };
    if (thrown.name === STATE_OF_KEY) throw new PlatformError('KeyUnusable', thrown.message, { cause: thrown });
    throw thrown;
  }
}

/** Pauses (milliseconds) before each further try at what is refused and should not be. */
export interface Patience {
  readonly pauses: readonly number[];
  readonly pause: (ms: number) => Promise<unknown>;
}

/** Tries a door again for as long as it is refused and patience lasts. */
export async function patiently(tryDoor: () => Promise<Attempt>, { pauses, pause }: Patience): Promise<Attempt> {
  let last = await tryDoor();
  for (const ms of pauses) {
    if (last.opened) break;
    await pause(ms);
    last = await tryDoor();
  }
  return last;
}
