import { Drill } from '../redeploy/drill';
import { previousRelease, Releases } from '../redeploy/releases';
import { RunningStage } from '../support/running-stage';

/** `npm run redeploy-drill` goes the other way, too: the previous release over the runs of today. */
test('D2: a deployment breaks no run of the previous release, and changes no tenant in service', async () => {
  // The drill is about deployments. A definition of an older release retries fewer failures that pass.
  const stage = await RunningStage.start({}, { patience: 0 });
  try {
    const { rows, requests, failedRequests } = await new Drill(stage, await Releases.of(stage.platform)).cross(
      previousRelease(),
      'today',
    );
    expect(rows.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
    expect(failedRequests).toEqual([]);
    expect(requests).toBeGreaterThan(100);
  } finally {
    await stage.stop();
  }
  // Many runs in one test, and two deployments of all stacks.
}, 600_000);
