/** How a try at a door ended. A try that could not be made is neither: it throws, and the check that made it fails. */
export type Attempt = { readonly opened: true } | { readonly opened: false; readonly refusal: string };

const REFUSALS = ['AccessDenied', 'AccessDeniedException'];

/**
 * @param alsoOpened names of errors that AWS answers with only to those whom it has let in
 * @throws whatever is neither a refusal nor one of those
 */
export async function attempt(call: Promise<unknown>, ...alsoOpened: readonly string[]): Promise<Attempt> {
  try {
    await call;
    return { opened: true };
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    if (REFUSALS.includes(thrown.name)) return { opened: false, refusal: thrown.name };
    if (alsoOpened.includes(thrown.name)) return { opened: true };
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
