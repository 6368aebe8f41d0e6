/** A fake that tells of its commands: before each, and after its effect. */
interface Watched {
  before: (command: string) => void;
  after: (command: string) => void;
}

/** A function that is killed at the n-th AWS call it makes: before the call, or after its effect, with the answer lost. */
export interface Death {
  readonly call: number;
  readonly when: 'before' | 'after';
}

/** Thrown by the fakes at the death, and by every call after it: the dead make none. */
export class Killed extends Error {
  override readonly name = 'Killed';
}

/** Whether an invocation ended by a death. The handler has translated it; a function that is really killed reports nothing at all. */
export const wasKilled = (thrown: unknown): boolean =>
  thrown instanceof Killed || (thrown instanceof Error && thrown.cause instanceof Killed);

function meet(death: Death, fakes: readonly Watched[]): () => { calls: number; killedBy: string | undefined } {
  let calls = 0;
  let killedBy: string | undefined;
  const kill = (command: string) => {
    killedBy ??= command;
    throw new Killed(`killed ${death.when} ${command}, call ${death.call}`);
  };
  for (const fake of fakes) {
    fake.before = (command) => {
      calls += 1;
      if (killedBy || (calls === death.call && death.when === 'before')) kill(command);
    };
    fake.after = (command) => {
      if (calls === death.call && death.when === 'after') kill(command);
    };
  }
  return () => ({ calls, killedBy });
}

/**
 * Runs a step in a fresh scene once for each death that it can die, until it ends before the death comes. What a dead step has left
 * behind is then `afterwards`' to judge; the fakes work again.
 *
 * @returns the commands at which the step has died, so that a test can say that there were some
 */
export async function dieAtEachCall<
  S extends { readonly fakes: readonly Watched[]; readonly run: () => Promise<unknown> },
>(scene: () => S | Promise<S>, afterwards: (scene: S, death: Death) => Promise<void>): Promise<string[]> {
  const deaths: string[] = [];
  for (const when of ['before', 'after'] as const) {
    for (let call = 1; ; call++) {
      const death = { call, when };
      const each = await scene();
      const met = meet(death, each.fakes);
      await each.run().catch((thrown: unknown) => {
        if (!wasKilled(thrown)) throw thrown;
      });
      const { calls, killedBy } = met();
      if (calls < call) break;
      // A call that AWS refuses has no effect to die after.
      if (!killedBy) continue;
      deaths.push(`${when} ${killedBy}`);
      for (const fake of each.fakes) fake.before = fake.after = () => {};
      await afterwards(each, death);
    }
  }
  return deaths;
}
