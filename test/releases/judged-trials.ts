import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchClient, SetAlarmStateCommand, type StateValue } from '@aws-sdk/client-cloudwatch';
import type { Version } from '../../local/service-versions';
import type { ReleaseStage } from './stage';
import { image, meanwhile, of, type Trial, untilTenantsBake } from './trial';

/**
 * Longer than a whole minute, and CloudWatch's delay of two, ten times faster: what the load balancer
 * has counted can be asked for then.
 */
const MEASURED_MS = 2 * 60_000 + 15_000;

const unvisited = (version: Version, expected: string): Trial => ({
  ...image(version, 'BakeRing', expected),
  ...{ fault: `nobody visits the tenants; image: ${version}`, unvisited: true },
});

/** What only visitors meet is found by the load balancer's metrics, which take minutes. */
const measured = (version: Version): Trial => ({
  ...{ fault: `image: ${version}`, phase: 'JudgeRing, by metrics', expected: 'ReleaseUnhealthy', mayExpose: true },
  run: async (stage) => {
    const { digest, executionArn } = await of(stage, version);
    await untilTenantsBake(stage, executionArn);
    await stage.releases.steer(stage.cell, 'hold');
    // Held, its ring is judged again and again.
    const ended = new AbortController();
    const letGo = pause(MEASURED_MS, undefined, { signal: ended.signal })
      .then(() => stage.releases.steer(stage.cell, 'go'))
      .catch(() => undefined);
    const run = await stage.follow(executionArn);
    ended.abort();
    await letGo;
    return { digest, run };
  },
});

async function setAlarm(stage: ReleaseStage, state: StateValue): Promise<void> {
  const [AlarmName] = stage.cell.alarmNames ?? [];
  const request = { AlarmName, StateValue: state, StateReason: 'drill' };
  await new CloudWatchClient(stage.platform.aws).send(new SetAlarmStateCommand(request));
}

/** The alarm of the cell has the state since before the release. */
const alarmed = (state: StateValue): Trial => ({
  ...{ fault: `the alarm of the cell is in ${state} before the release`, phase: 'all', expected: 'completed' },
  run: async (stage) => {
    await setAlarm(stage, state);
    const { digest, executionArn } = await of(stage, 'good');
    const run = await stage.follow(executionArn);
    await setAlarm(stage, 'OK');
    return { digest, run };
  },
});

/** How a release is judged: by probes, by visitors' requests, by alarms. */
export const JUDGED: readonly Trial[] = [
  image('slow', 'JudgeRing, ring 0', 'ReleaseUnhealthy'),
  image('leaks', 'JudgeRing', 'ReleaseUnhealthy', true),
  image('turns sick', 'BakeRing', 'ReleaseUnhealthy', true),
  unvisited('good', 'completed'),
  unvisited('slow', 'ReleaseUnhealthy'),
  measured('fails for visitors'),
  measured('slow for visitors'),
  alarmed('ALARM'),
  alarmed('INSUFFICIENT_DATA'),
  meanwhile('the alarm of the cell begins to ring', 'BakeRing', 'ReleaseUnhealthy', async (stage, executionArn) => {
    await untilTenantsBake(stage, executionArn);
    await setAlarm(stage, 'ALARM');
    await stage.follow(executionArn);
    await setAlarm(stage, 'OK');
  }),
];
