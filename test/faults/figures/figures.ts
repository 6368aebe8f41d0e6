import type { Figure } from '../../support/figures';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { equalEvents } from './equal-events';
import { everySignup } from './every-signup';
import { passingFaults } from './passing-faults';
import { rollbackTime } from './rollback-time';
import { slotCount } from './slot-count';
import { subdomainRaces } from './subdomain-races';

/** @param count runs, pairs, onboardings or signups; undefined: as many as the figure is meant for */
type Measure = (lab: Lab, recording: Recording, seed: string, count?: number) => Promise<Figure[]>;

/** By name, in the order in which they are measured: the rollback's time first, while nothing else is at work. */
const MEASURES: Readonly<Record<string, Measure>> = {
  'rollback-time': rollbackTime,
  'subdomain-races': subdomainRaces,
  'slot-count': slotCount,
  'passing-faults': passingFaults,
  'equal-events': equalEvents,
  'every-signup': everySignup,
};

export const FIGURE_NAMES: readonly string[] = Object.keys(MEASURES);

export interface WantedFigures {
  readonly names: readonly string[];
  readonly count?: number | undefined;
}

/** What many onboardings come to, and how long a rollback takes. */
export async function figures(
  lab: Lab,
  recording: Recording,
  seed: string,
  { names, count }: WantedFigures,
  done: (figure: Figure) => void,
): Promise<Figure[]> {
  const found: Figure[] = [];
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (!names.includes(name)) continue;
    for (const one of await measure(lab, recording, seed, count)) {
      found.push(one);
      done(one);
    }
  }
  return found;
}
