import type { Figure } from '../../support/figures';
import type { Lab } from '../lab';
import type { Recording } from '../recording';
import { equalEvents } from './equal-events';
import { everySignup } from './every-signup';
import { passingFaults } from './passing-faults';
import { rollbackTime } from './rollback-time';
import { slotCount } from './slot-count';
import { subdomainRaces } from './subdomain-races';

/** What many onboardings come to, and how long a rollback takes; that first, while nothing else is at work. */
export async function figures(
  lab: Lab,
  recording: Recording,
  seed: string,
  done: (figure: Figure) => void,
): Promise<Figure[]> {
  const found: Figure[] = [];
  for (const measure of [rollbackTime, subdomainRaces, slotCount, passingFaults, equalEvents, everySignup]) {
    for (const one of await measure(lab, recording, seed)) {
      found.push(one);
      done(one);
    }
  }
  return found;
}
