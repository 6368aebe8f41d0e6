import { setTimeout as pause } from 'node:timers/promises';
import { tenantIdOf } from '../../functions/contract/naming';
import { functionSeconds } from '../../functions/contract/time-limits';
import { arm, type Subject } from './arm-fault';
import { injected } from './aws-errors';
import { type Census, holdingsOf } from './census';
import type { CensusDesk } from './census-desk';
import { consistencyProblems } from './consistency';
import type { End, Lab } from './lab';
import { LAST_CALL_REFUSED } from './recording';
import { type Fault, signupOf, type Trial } from './trial';
import { type Ending, judge, type Verdict } from './verdict';

/** A redriven rollback ends at ConcludeFailure, and only the next redrive starts over. */
const REDRIVES = 3;
/** How long the world has to hear of an end: the watchdog and the announcement are events. */
const HEARSAY_MS = 1_000;
/** The same on a machine that does much else. It is waited for only while something is wrong. */
const SLOW_HEARSAY_MS = 30_000;

const LOOKS = 3;
/** The time after which the sweep begins a deletion anew, and two of its turns. */
const SWEPT_MS = (functionSeconds('DeleteStack') + 20 + 2 * 120) * 1000;

export interface TrialResult {
  readonly trial: Trial;
  readonly tenantId: string;
  /** What the run came to before anybody helped. */
  readonly ending: Ending;
  readonly redrivenToActive: boolean;
  readonly orphans: readonly string[];
  readonly problems: readonly string[];
  /** Faults that have not come about: the trial has shown nothing. */
  readonly unmet: readonly Fault[];
  readonly seconds: number;
}

export interface TrialSetup {
  readonly lab: Lab;
  readonly desk: CensusDesk;
  /** How many of each kind an ACTIVE tenant has. */
  readonly complete: ReadonlyMap<string, number>;
  readonly seed: string;
}

const isUnswept = (census: Census, tenantId: string) =>
  holdingsOf(census, tenantId).some(({ kind }) => kind === 'table wait of STACK');

/** Of a delay, a service that was busy, or a function that was killed: what passes must have been outlasted. */
const isPassing = (error: string) =>
  /^(?:Transient|Lambda\.|Runtime\.|Sandbox\.|Extension\.|States\.Timeout)/.test(error);

/**
 * A denial of a role that is minutes old may pass, so the run waits for it. One that lasts ends the run under the name
 * that it waited by, in AWS's words.
 */
const lasted = ({ faults }: Trial, { error, cause }: End) =>
  error === 'TransientNotYetVisible' &&
  cause.includes(injected('refusal')) &&
  faults.some((fault) => fault.type === 'call' && fault.kind === 'refused');

/** How a run must end that gets over its fault by itself. */
const wouldBe = ({ during }: Trial): Ending => (during === 'rollback' ? 'clean' : 'active');

/**
 * What a run has come to. What stays wrong is wrong: a census takes a moment while others come and go, so what it objects to
 * is looked at again. A task that nobody waits for any more is the sweep's to forget, and the end of a run that the watchdog
 * has missed is the sweep's to notice: both are given the time.
 */
async function decide(setup: TrialSetup, subject: Subject, end: End): Promise<Verdict> {
  const { lab, desk, complete } = setup;
  await pause(HEARSAY_MS);
  const began = Date.now();
  for (let looks = 1; ; looks++) {
    const census = await desk.ask();
    const found = judge(end, subject.tenantId, census, complete);
    const inconsistencies = consistencyProblems(end, found.ending, subject, census, lab);
    const verdict = { ...found, problems: [...found.problems, ...inconsistencies] };
    const isForSweep = found.ending === 'stopped' || isUnswept(census, subject.tenantId);
    const patience = isForSweep ? SWEPT_MS : SLOW_HEARSAY_MS;
    if (verdict.problems.length === 0 || (looks >= LOOKS && Date.now() - began > patience)) return verdict;
    await pause(HEARSAY_MS);
  }
}

/**
 * One onboarding with its faults: what it comes to by itself, and whether redriving it without them finishes the job.
 *
 * @throws Error when the execution does not end
 */
export async function runTrial(setup: TrialSetup, trial: Trial): Promise<TrialResult> {
  const began = performance.now();
  const { lab, seed } = setup;
  const signup = signupOf(seed, trial.key);
  const { subdomain: name } = signup;
  const subject = { tenantId: tenantIdOf(signup.signupId), executionArn: lab.executionArn(name) };
  const faults = trial.during === 'rollback' ? [LAST_CALL_REFUSED, ...trial.faults] : trial.faults;
  const armed = await Promise.all(faults.map(async (fault) => ({ fault, disarm: await arm(lab, subject, fault) })));
  await lab.start(name, signup);
  let end = await lab.end(subject.executionArn);
  const first = await decide(setup, subject, end);
  const unmet: Fault[] = [];
  for (const { fault, disarm } of armed) if (!(await disarm())) unmet.push(fault);

  const problems = [...first.problems];
  if (trial.heals && first.ending !== wouldBe(trial)) {
    problems.push(`did not get over it: ${first.ending} at ${end.state}, ${end.error}: ${end.cause.slice(0, 300)}`);
  }
  const failed = end.status !== 'SUCCEEDED';
  if (failed && isPassing(end.error) && !lasted(trial, end))
    problems.push(`failed for a reason that passes: ${end.error}: ${end.cause}`);
  let latest = first;
  for (let redrives = 0; end.status !== 'SUCCEEDED' && redrives < REDRIVES; redrives++) {
    await lab.redrive(subject.executionArn);
    end = await lab.end(subject.executionArn);
    latest = await decide(setup, subject, end);
    problems.push(...latest.problems.map((problem) => `redriven: ${problem}`));
  }
  const redrivenToActive = failed && end.status === 'SUCCEEDED' && latest.ending === 'active';
  if (failed && !redrivenToActive) {
    problems.push(`redriven, it ended ${end.status} at ${end.state}, ${end.error}: ${end.cause.slice(0, 300)}`);
  }
  if (lab.openedUnverified.has(subject.tenantId)) problems.push('its rule forwarded before it was verified');
  return {
    trial,
    tenantId: subject.tenantId,
    ending: first.ending,
    redrivenToActive,
    orphans: first.orphans,
    problems,
    unmet,
    seconds: (performance.now() - began) / 1000,
  };
}
