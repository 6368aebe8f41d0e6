import { translateError } from './error-translation';
import { pause } from './invocation';

/** How often, and after which pauses, a read is repeated. A test passes its own. */
export interface Repetition {
  /** Upper limits of the pauses before each repetition, milliseconds. */
  readonly pauses: readonly number[];
  readonly pause: (ms: number) => Promise<unknown>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/**
 * Three repetitions after at most 0.5, 1 and 2 seconds. With the SDK's three attempts for each, a
 * read is sent twelve times within about five seconds.
 */
const REPETITION: Repetition = { pauses: [500, 1_000, 2_000], pause, random: Math.random };

/** Names of errors that a later answer of the same read may not have. */
const PASSING: readonly string[] = ['TransientThrottling', 'TransientServiceFault'];

/**
 * Repeats a read that a service has throttled or failed to answer, after pauses with full jitter
 * ("Exponential Backoff And Jitter", AWS Architecture Blog). Of 85 reads at once, one that is
 * throttled would otherwise fail them all, and the next attempt would send all of them again.
 *
 * Every other error is thrown as it is, and so is the last passing one.
 */
export async function repeated<T>(read: () => Promise<T>, repetition: Repetition = REPETITION): Promise<T> {
  for (const limit of repetition.pauses) {
    try {
      return await read();
    } catch (thrown) {
      if (!PASSING.includes(translateError(thrown).name)) throw thrown;
      await repetition.pause(repetition.random() * limit);
    }
  }
  return await read();
}
