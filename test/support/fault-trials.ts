import { Lab } from '../faults/lab';
import { matrix } from '../faults/matrix';
import { type Recording, record } from '../faults/recording';
import type { TrialResult } from '../faults/run-trial';
import { runTrials } from '../faults/runner';
import { isBroken, rows } from '../faults/table';

/** A platform of a test file's own, and what an onboarding calls there. */
export interface FaultBench {
  readonly lab: () => Lab;
  readonly recording: () => Recording;
  /** Gives the platform to the trials, which end it. */
  readonly lend: () => Lab;
}

export function faultBench(): FaultBench {
  let lab: Lab;
  let recording: Recording;
  let lent = false;

  beforeAll(async () => {
    // Retries are as many as on AWS, and the pauses between them shorter, as AWS's delays are here.
    lab = await Lab.start({ env: { SFN_WAIT_SCALE: '0.06', LAMBDA_WORKERS_PER_FUNCTION: '2' } });
    recording = await record(lab, 1);
  });
  afterAll(async () => {
    if (!lent) await lab?.stop();
  });

  return {
    lab: () => lab,
    recording: () => recording,
    lend: () => {
      lent = true;
      return lab;
    },
  };
}

/**
 * A cut through the matrix that `npm run faults` runs whole. The last test of its file: it ends the platform.
 *
 * @param keys of the trials, in the order of the matrix
 * @param everyEventTwice what EventBridge may do, it does with each event
 */
export function testTrials(bench: FaultBench, keys: readonly string[], { everyEventTwice = false } = {}): void {
  test('whatever fails, a tenant is ACTIVE or gone without a trace, and a redrive finishes the job', async () => {
    const recording = bench.recording();
    const all = matrix(recording);
    const trials = keys.flatMap((key) => all.filter((trial) => trial.key === key));
    expect(trials.map(({ key }) => key)).toEqual(keys);
    if (everyEventTwice) {
      const twice = { source: '*', detailType: '*', deliveries: 2, times: Number.MAX_SAFE_INTEGER };
      await bench.lab().control('deliveries', twice);
    }
    const results: TrialResult[] = [];
    const done = (result: TrialResult) => results.push(result);
    expect(await runTrials(trials, bench.lend(), { recording, seed: 'cut', done })).toEqual([]);
    const broken = results.filter(isBroken).map(({ trial, problems, unmet }) => ({ key: trial.key, problems, unmet }));
    expect(broken).toEqual([]);
    const unaided = results.filter(({ ending }) => ending === 'active').length;
    const redriven = rows(results).reduce((sum, { redrivenToActive }) => sum + redrivenToActive, 0);
    // A tenant whose announcement alone failed is ACTIVE before its run is redriven.
    expect(unaided + redriven).toBeGreaterThanOrEqual(keys.length);
    // Many runs in one test, of which some wait for the sweep.
  }, 600_000);
}
