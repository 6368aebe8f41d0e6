import { isNamed } from './is-named';

/** The answer of a call; undefined when it fails as it may. Every other error is thrown. */
export async function unless<T>(call: Promise<T>, mayFail: (thrown: unknown) => boolean): Promise<T | undefined> {
  try {
    return await call;
  } catch (thrown) {
    if (mayFail(thrown)) return undefined;
    throw thrown;
  }
}

/** The same by names of errors: AWS reports as an error that something is not there. */
export const unlessNamed = <T>(call: Promise<T>, ...names: readonly string[]): Promise<T | undefined> =>
  unless(call, (thrown) => isNamed(thrown, ...names));
