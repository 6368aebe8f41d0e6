import { settled } from '../../shared/settled';
import { type Finding, finding, Unanswered } from '../check';
import type { Attempt } from '../probes/attempt';
import type { Probes } from '../probes/probes';

/** A probe, by what it tries. The probes of one check run side by side. */
export type Probe = readonly [name: string, send: () => Promise<Attempt>];

interface Result {
  readonly name: string;
  readonly attempt: Attempt;
}

export const resultsOf = (probes: readonly Probe[]): Promise<Result[]> =>
  settled(probes.map(async ([name, send]) => ({ name, attempt: await send() })));

/** A role that cannot be assumed counts as denied. */
export const orShut =
  (send: () => Promise<Attempt>): (() => Promise<Attempt>) =>
  async () => {
    try {
      return await send();
    } catch (thrown) {
      if (thrown instanceof Unanswered) return { allowed: false, denial: thrown.message };
      throw thrown;
    }
  };

export const deniedOf = (results: readonly Result[]) =>
  results.flatMap(({ name, attempt }) => (attempt.allowed ? [] : [`${name} was denied: ${attempt.denial}`]));

/** AWS must allow every probe of the tenant's role. While the role is new, a denial says nothing. */
export async function allAllowed(...probes: readonly Probe[]): Promise<Finding> {
  const results = await resultsOf(probes.map(([name, send]) => [name, orShut(send)]));
  const found = finding(deniedOf(results), `allowed: ${probes.map(([name]) => name).join(', ')}`);
  return found.passed ? found : { ...found, restsOn: 'role' };
}

export const ownSession = ({ own }: Probes): Probe => ['a session on the right terms', own.tenant.session];
export const ownBucket = ({ own }: Probes): Probe => ['use of its own bucket', own.tenant.bucket];
export const ownKey = ({ own }: Probes): Probe => ['use of its own key', own.tenant.key];
export const ownSecret = ({ own }: Probes): Probe => ['reading its own secret', own.tenant.secret];
export const decoysSession = ({ own }: Probes): Probe => ['the decoy’s session', own.decoy.session];
export const decoysBucket = ({ own }: Probes): Probe => ['the decoy’s use of its own bucket', own.decoy.bucket];
export const decoysKey = ({ own }: Probes): Probe => ['the decoy’s use of its own key', own.decoy.key];
export const decoysSecret = ({ own }: Probes): Probe => ['the decoy’s read of its own secret', own.decoy.secret];
