import { setTimeout as pause } from 'node:timers/promises';
import { slotProblems, unowned } from './census';
import { CensusDesk } from './census-desk';
import { Lab } from './lab';
import type { Recording } from './recording';
import { runTrial, type TrialResult } from './run-trial';
import type { Trial } from './trial';

/** Onboardings at work at the same time; those that wait for a retry or an event do not count. */
const AT_WORK = 5;
const AT_ONCE = 80;
/** Tenants on one platform: a census, and much else on the emulator, takes longer with each. */
const PER_LAB = 120;
/** A trial whose fault did not come about has shown nothing, and is made again: two runs differ in which event comes first. */
const TRIES = 4;

export interface RunOptions {
  readonly recording: Recording;
  readonly seed: string;
  readonly signal?: AbortSignal;
  readonly done: (result: TrialResult) => void;
}

/** What is wrong with a platform as a whole when all of its trials are over. */
export type LabProblems = readonly string[];

/** A trial that cannot be judged is broken, whatever the reason. */
async function attempt(
  lab: Lab,
  desk: CensusDesk,
  trial: Trial,
  { recording, seed }: RunOptions,
): Promise<TrialResult> {
  const setup = { lab, desk, complete: recording.complete, seed };
  for (let tries = 1; ; tries++) {
    const named = tries === 1 ? trial : { ...trial, key: `${trial.key} (${tries})` };
    const result = await runTrial(setup, named);
    if (result.unmet.length === 0 || tries === TRIES || result.problems.length > 0) return { ...result, trial };
  }
}

function broken(trial: Trial, failure: unknown): TrialResult {
  const problem = failure instanceof Error ? failure.message : String(failure);
  const nothing = { tenantId: '', orphans: [], unmet: [], redrivenToActive: false, seconds: 0 };
  return { ...nothing, trial, ending: 'stopped', problems: [problem] };
}

/** Who waits for a process is at work, and asks AWS for nothing meanwhile. */
const hasHandsFree = async (lab: Lab) => lab.injection.atWork() < AT_WORK && (await lab.waitingInvocations()) === 0;

/** Runs trials side by side on one platform, as many as it has hands for. */
async function runOn(lab: Lab, trials: readonly Trial[], options: RunOptions): Promise<LabProblems> {
  const desk = new CensusDesk(() => lab.census());
  const running = new Set<Promise<void>>();
  for (const trial of trials) {
    while (running.size >= AT_ONCE || !(await hasHandsFree(lab))) await pause(100);
    options.signal?.throwIfAborted();
    const run: Promise<void> = attempt(lab, desk, trial, options)
      .catch((failure: unknown) => broken(trial, failure))
      .then((result) => {
        running.delete(run);
        options.done(result);
      });
    running.add(run);
    // A start is felt as work only when its first call arrives.
    await pause(150);
  }
  await Promise.all(running);
  const census = await lab.census();
  return [...unowned(census).map(({ kind, name }) => `unowned: ${kind} ${name}`), ...slotProblems(census)];
}

/** What an event should have told is left to the sweep, minutes later: these trials wait, and the others need not wait for them. */
const waitsForSweep = ({ kind, key }: Trial) => /event lost|StackSettled/.test(`${kind} ${key}`);

function batchesOf(trials: readonly Trial[]): Trial[][] {
  const others = trials.filter((trial) => !waitsForSweep(trial));
  const batches = Array.from({ length: Math.ceil(others.length / PER_LAB) }, (_, index) =>
    others.slice(index * PER_LAB, (index + 1) * PER_LAB),
  );
  return [trials.filter(waitsForSweep), ...batches].filter((batch) => batch.length > 0);
}

/** Platforms side by side: one emulator is busy with one thing at a time, and one may be waiting. */
const LANES = 3;

/**
 * Runs all trials, on a few platforms at a time and on new ones every hundred or so.
 *
 * @param first a platform that already runs
 */
export async function runTrials(trials: readonly Trial[], first: Lab, options: RunOptions): Promise<LabProblems> {
  const batches = batchesOf(trials);
  const problems: string[] = [];
  const lane = async (ready?: Lab) => {
    let lab = ready;
    for (let batch = batches.shift(); batch; batch = batches.shift()) {
      lab ??= await Lab.start({ ...(options.signal && { signal: options.signal }) });
      try {
        problems.push(...(await runOn(lab, batch, options)));
      } finally {
        await lab.stop();
        lab = undefined;
      }
    }
  };
  const lanes = Array.from({ length: LANES }, (_, index) => lane(index === 0 ? first : undefined));
  for (const ended of await Promise.allSettled(lanes)) if (ended.status === 'rejected') throw ended.reason;
  return problems;
}
