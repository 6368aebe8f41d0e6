import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CellDescriptor } from '../../functions/contract/cell';
import { tenantsOf } from '../../functions/delivery/tenants-of-cell';
import type { Ended } from '../../operations/client/executions';
import { copyTenants } from '../releases/copied-tenants';
import { ReleaseStage } from '../releases/stage';
import { until } from '../releases/trial';
import { type Figure, median } from '../support/figures';

/** "Request throttling for the ELB API": changes at once, and a second. */
const BUCKET = { capacity: 20, perSecond: 3 } as const;
/** Until an empty bucket is full. */
const REFILLED_MS = 8_000;
const ROUNDS = 3;
const ASKED_EVERY_MS = 200;

/** Seconds that an execution spent in the rings that move tenants: ring 0, where the cell has one, moves the cell's own page. */
function secondsMoving({ visits }: Ended, { ringZero }: CellDescriptor): number {
  const rings = visits.filter(({ state }) => state === 'ShiftRing').slice(ringZero ? 1 : 0);
  return rings.reduce(
    (sum, { enteredAt, leftAt = enteredAt }) => sum + (leftAt.getTime() - enteredAt.getTime()) / 1000,
    0,
  );
}

/** A bare script: the rules of all tenants, one after another, to the group that they have already or to the other one. */
async function bareSeconds(stage: ReleaseStage): Promise<number> {
  const elb = new ElasticLoadBalancingV2Client(stage.platform.aws);
  const tenants = await tenantsOf(stage.client.table, stage.cell, ['ACTIVE']);
  const TargetGroupArn = stage.cell.targetGroupArns[await stage.liveColour()];
  const began = performance.now();
  for (const { ruleArn: RuleArn } of tenants)
    await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [{ Type: 'forward', TargetGroupArn }] }));
  return (performance.now() - began) / 1000;
}

/** A good release; @throws Error when it fails */
async function released(stage: ReleaseStage): Promise<Ended> {
  const run = await stage.follow(await stage.begin(await stage.push('good')));
  if (run.failure) throw new Error(`a good release failed: ${run.failure.reason}`);
  return run;
}

/** A release that an operator takes back when its last ring bakes. */
async function returned(stage: ReleaseStage, beforeBack: () => Promise<unknown>): Promise<Ended> {
  const executionArn = await stage.begin(await stage.push('good'));
  await until(stage, executionArn, 'BakeRing');
  await stage.untilMoved();
  await stage.releases.steer(stage.cell, 'hold');
  await beforeBack();
  await stage.releases.steer(stage.cell, 'back');
  return await stage.follow(executionArn);
}

/** A release and a return take half a minute each on a busy machine. */
const ROUND_ENDS_WITHIN_MS = 5 * 60_000;

/** @throws Error when the work has not ended in time, so that a release that hangs ends the bench */
async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const over = new AbortController();
  const late = pause(ROUND_ENDS_WITHIN_MS, undefined, { signal: over.signal }).then(() => {
    throw new Error(`${what} did not end within ${ROUND_ENDS_WITHIN_MS / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
    await late.catch(() => undefined);
  }
}

/** Releases and returns, each under the load of visitors of every tenant. */
async function underLoad(
  stage: ReleaseStage,
  hosts: readonly string[],
  rounds: number,
  say: (line: string) => void,
): Promise<Figure[]> {
  const visitors = stage.visitors(hosts);
  const returns: Ended[] = [];
  for (let round = 1; round <= rounds; round++) {
    const began = performance.now();
    const there = async () => {
      await released(stage);
      return await returned(stage, async () => undefined);
    };
    const name = `release and return ${round} of ${rounds}`;
    returns.push(await inTime(name, there()));
    say(`${name}: ${((performance.now() - began) / 1000).toFixed(0)} s; ${visitors.soFar}`);
  }
  const { requests, failed, answers } = await visitors.stop();
  const wrong = returns.filter(({ failure }) => failure?.error !== 'ReleaseRecalled');
  return [
    {
      name: `failed requests in ${rounds} releases and ${rounds} returns of ${hosts.length} tenants`,
      ...{ value: failed, unit: 'requests', limit: { exactly: 0 } as const },
      note: `of ${requests}; answers: ${[...answers.keys()].filter((kind) => !kind.startsWith('200')).join(', ') || 'all 200'}`,
      ...(wrong.length > 0 && { problems: [`${wrong.length} returns ended otherwise`] }),
    },
  ];
}

/** Seconds from the first change to the group to the last one; asked as often as ELB's bucket for reads allows. */
async function secondsUntilOn(stage: ReleaseStage, targetGroup: string, tenants: number): Promise<number> {
  const elb = new ElasticLoadBalancingV2Client(stage.platform.aws);
  let began = performance.now();
  for (;;) {
    const asked = performance.now();
    const { Rules = [] } = await elb.send(
      new DescribeRulesCommand({ ListenerArn: stage.cell.listenerArn, PageSize: 400 }),
    );
    const on = Rules.filter(({ Actions, Priority }) => {
      const isTenants = Number(Priority) >= stage.cell.firstPriority;
      return isTenants && Actions?.[0]?.TargetGroupArn === targetGroup;
    });
    if (on.length === 0) began = asked;
    if (on.length >= tenants) return (performance.now() - began) / 1000;
    await pause(ASKED_EVERY_MS);
  }
}

/** All tenants return at once, while ELB lets an account change as many rules as on AWS. */
async function throttledReturn(stage: ReleaseStage, hosts: readonly string[]): Promise<Figure[]> {
  const live = await stage.liveColour();
  let seconds = Number.NaN;
  let counting: Promise<void> | undefined;
  const run = await returned(stage, async () => {
    await stage.platform.emulator.setPatience(1);
    await pause(REFILLED_MS);
    counting = secondsUntilOn(stage, stage.cell.targetGroupArns[live], hosts.length).then((measured) => {
      seconds = measured;
    });
  });
  await counting;
  await stage.platform.emulator.setPatience(0);
  const allowed = (hosts.length - BUCKET.capacity) / BUCKET.perSecond;
  return [
    {
      name: `return of ${hosts.length} tenants with ELB's bucket, beside what the bucket allows`,
      ...{ value: seconds / allowed, unit: 'times', limit: { atMost: 1.1 } },
      note: `${seconds.toFixed(1)} s, the bucket allows ${allowed.toFixed(1)} s`,
      ...(run.failure?.error !== 'ReleaseRecalled' && { problems: [`it ended ${run.failure?.error}`] }),
    },
  ];
}

/**
 * Releases of a cell with as many tenants as it can have.
 *
 * @param tenants of the figures with the load and without a throttle
 * @param rounds releases, and as many returns, under load
 * @param say told of each of these rounds, which take minutes together
 */
export async function releaseFigures(tenants: number, rounds: number, say: (line: string) => void): Promise<Figure[]> {
  const stage = await ReleaseStage.start(0);
  try {
    const hosts = await copyTenants(stage, tenants);
    // The first release starts the functions.
    await released(stage);
    const moves: number[] = [];
    const bare: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const before = await bareSeconds(stage);
      moves.push(secondsMoving(await released(stage), stage.cell));
      // What else runs on the machine meanwhile slows both.
      bare.push((before + (await bareSeconds(stage))) / 2);
    }
    const [moved, script] = [median(moves), median(bare)];
    const times = moves.map((seconds, round) => seconds / (bare[round] ?? Number.NaN));
    return [
      {
        name: `moving ${hosts.length} tenants, beside a bare script of the same changes in turn`,
        ...{ value: median(times), unit: 'times', limit: { atMost: 2 } },
        note: `${moved.toFixed(2)} s in ShiftRing, ring 0 apart, the script takes ${script.toFixed(2)} s; medians of ${ROUNDS}`,
      },
      ...(await underLoad(stage, hosts, rounds, say)),
      ...(await throttledReturn(stage, await copyTenants(stage, Math.ceil(tenants * 1.25)))),
    ];
  } finally {
    await stage.stop();
  }
}
