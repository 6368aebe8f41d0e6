import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { Compute } from '../compute/compute';
import { fillLive } from '../compute/ecs-services';
import { freeScaling, holdScaling, type Scaling } from '../compute/scaling';
import { ssmCells } from '../compute/ssm-cells';
import { readLiveColour, tableLiveColour } from '../compute/table-live-colour';
import { targetHealth } from '../compute/target-health';
import { type CellDescriptor, type Colour, OTHER_COLOUR } from '../contract/cell';
import type { LiveColour, ReleaseClaim } from '../contract/records';
import { seenRules } from '../routing/host-rule';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { describe, isOverForGood } from '../shared/described-execution';
import { type EventBus, eventBus } from '../shared/event-publisher';
import { logger } from '../shared/logger';
import { tenantsTable } from '../tenants/tenants-table';
import { type EndBadBakeDeps, endBadBake } from './end-bad-bake';
import { tellEndFor } from './notice-release-end';
import { endClaimFor, forgetIdle, noteLeft, readClaim, withdrawFor } from './release-store';
import { makeRingZeroAgain } from './ring-zero';
import { type SettleFillDeps, settleFill } from './settle-fill';
import { alignTenants } from './tenants-of-cell';

export interface KeepCellsDeps extends AlignRuleDeps, SettleFillDeps, EndBadBakeDeps {
  readonly bus: EventBus;
  readonly scaling: Scaling;
  readonly compute: Pick<Compute, 'readableCells' | 'live' | 'requireHealthyTarget'>;
}

/** The schedule's event. */
const KeepCellsInput = z.unknown();

/**
 * - `answered`: the event of a deployment was lost, and the release that waited for it goes on
 * - `returned`: visitors of the new colour fare badly in a bake, which ends for that
 * - `scaled`: the live colour had too few tasks, or a crash had left scaling suspended, or free in a release
 * - `remade`: somebody had deleted the listener rule of the cell's own page
 * - `withdrawn`: the placements of a release that was stopped, and can never go on, count no more
 * - `aligned`: rules that a crash had left on the idle colour were moved
 * - `freed`: a release that was stopped, and can never go on, has the cell no longer
 * - `emptied`: the tasks of the idle colour were taken away
 * - `kept`: there was nothing to do
 */
const KeptSchema = z.enum([
  'answered',
  'returned',
  'withdrawn',
  'scaled',
  'remade',
  'aligned',
  'freed',
  'emptied',
  'kept',
]);
const KeepCellsOutput = z.object({ cells: z.record(z.string(), KeptSchema) });
type Kept = z.output<typeof KeptSchema>;

/** The colour's own rule, for probes, leads to it always. The rule of ring 0 is aligned with the tenants'. */
async function isReached({ elb }: KeepCellsDeps, cell: CellDescriptor, colour: Colour): Promise<boolean> {
  const { forwards } = await seenRules(elb, cell);
  return [...forwards.values()].filter((targetGroup) => targetGroup === cell.targetGroupArns[colour]).length > 1;
}

/** Takes the tasks of the idle colour away, unless a rule still leads to it. */
async function empty(deps: KeepCellsDeps, cell: CellDescriptor): Promise<boolean> {
  const live = await readLiveColour(deps.table, cell.name);
  if (!live?.idle || live.releasing || deps.now().toISOString() < live.idle.keepUntil) return false;
  const { colour } = live.idle;
  if (await isReached(deps, cell, colour)) return false;
  await deps.ecs.send(
    new UpdateServiceCommand({ cluster: cell.clusterName, service: cell.services[colour], desiredCount: 0 }),
  );
  await forgetIdle(deps.table, cell.name, live.idle.keepUntil);
  logger.info('cell.emptied', { cell: cell.name, colour, why: live.idle.why });
  return true;
}

/**
 * Scaling follows from the cell's item LIVE: no colour loses a task while a release moves tenants. The
 * live colour always has the stage's minimum.
 */
async function keepTasks({ ecs, scaling }: KeepCellsDeps, cell: CellDescriptor, live: LiveColour): Promise<boolean> {
  const scaled = live.releasing ? await holdScaling(scaling, cell) : await freeScaling(scaling, cell);
  const filled = await fillLive(ecs, cell, live.colour);
  if (filled || scaled.length > 0) logger.warn('cell.scaling-restored', { cell: cell.name, filled, scaled });
  return filled || scaled.length > 0;
}

interface Stopped {
  readonly claim: ReleaseClaim;
  readonly redriveCount: number;
}

/** The release that has the cell, if its execution will never go on. */
async function stoppedForGood({ table, sfn }: KeepCellsDeps, cell: CellDescriptor): Promise<Stopped | undefined> {
  const claim = await readClaim(table, cell.name);
  if (!claim || claim.endedAt) return undefined;
  const execution = await describe(sfn, claim.executionArn);
  return isOverForGood(execution) ? { claim, redriveCount: execution?.redriveCount ?? 0 } : undefined;
}

/** Gives the cell to the next release, once nobody is served by the colour that it fills, and tells how the one before ended. */
async function free(deps: KeepCellsDeps, cell: CellDescriptor, stopped: Stopped, live: LiveColour): Promise<boolean> {
  if (await isReached(deps, cell, OTHER_COLOUR[live.colour])) return false;
  const { claim, redriveCount } = stopped;
  const { releaseId, executionArn, to } = claim;
  const outcome = live.colour === to && live.releaseId === releaseId ? 'completed' : 'returned';
  const at = deps.now();
  await tellEndFor(deps.bus, claim, { outcome, redriveCount, at });
  if (!(await endClaimFor(deps.table, claim, outcome, at.toISOString()))) return false;
  logger.warn('release.ended-for', { cell: cell.name, releaseId, executionArn, live: live.colour, outcome });
  return true;
}

async function keepCell(deps: KeepCellsDeps, cell: CellDescriptor): Promise<Kept> {
  if ((await settleFill(deps, cell)) === 'answered') return 'answered';
  if (await endBadBake(deps, cell)) return 'returned';
  const stopped = await stoppedForGood(deps, cell);
  if (stopped && (await withdrawFor(deps.table, stopped.claim, deps.now().toISOString()))) return 'withdrawn';
  const live = await readLiveColour(deps.table, cell.name);
  if (live && (await keepTasks(deps, cell, live))) return 'scaled';
  if (live && (await makeRingZeroAgain(deps, cell))) return 'remade';
  if (!live || live.releasing || !(live.idle || stopped)) return 'kept';
  if ((await alignTenants(deps, cell)) > 0) {
    await noteLeft(deps.table, cell.name, OTHER_COLOUR[live.colour], deps.now());
    return 'aligned';
  }
  if (stopped && (await free(deps, cell, stopped, live))) return 'freed';
  return (await empty(deps, cell)) ? 'emptied' : 'kept';
}

/**
 * Keeps each cell as its item LIVE and its release say. It runs every two minutes.
 *
 * 1. Answer a release that waits for a deployment whose event was lost.
 * 2. End the bake of a ring when the new colour has no healthy target, when visitors' requests fail or
 *    take too long, or when an alarm has begun to ring: the release returns.
 * 3. End the placements of a release that was stopped, and that AWS can no longer redrive: its tenants belong to the live
 *    colour. It keeps the cell until step 7, so no release fills the other colour under them.
 * 4. Give the live colour its minimum of tasks. Suspend the scale-in of both colours while a release
 *    moves tenants, and end a suspension that a killed run has left.
 * 5. Make the listener rule of the cell's own page again, if somebody has deleted it.
 * 6. While the cell has an idle colour with tasks, or such a release, align the rules that a crash may have left on it.
 * 7. When no rule leads to the other colour, publish how such a release ended, at least once, and end it: the next one may claim
 *    the cell, and fills that colour after the stage's `propagation`.
 * 8. After the grace period, when no tenant's rule leads to the idle colour, take its tasks away. The
 *    look comes at least a call after the last rule was moved: load balancers go on sending requests
 *    to a former group for seconds (argo-rollouts#3333).
 *
 * Throws the first failure, after all other cells.
 */
export const keepCells: Action<typeof KeepCellsInput, typeof KeepCellsOutput, KeepCellsDeps> = {
  name: 'KeepCells',
  input: KeepCellsInput,
  output: KeepCellsOutput,
  run: async (deps) => {
    const cells: Record<string, Kept> = {};
    const failures: unknown[] = [];
    const known = await deps.compute.readableCells();
    failures.push(...known.damaged.values());
    for (const cell of known.cells) {
      try {
        cells[cell.name] = await keepCell(deps, cell);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
    return { cells };
  },
};

const realDeps = (): KeepCellsDeps => {
  const table = tenantsTable();
  const elb = new ElasticLoadBalancingV2Client(clientOptions);
  const ssm = new SSMClient(clientOptions);
  return {
    table,
    elb,
    ecs: new ECSClient(clientOptions),
    scaling: new ApplicationAutoScalingClient(clientOptions),
    cloudwatch: new CloudWatchClient(clientOptions),
    sfn: new SFNClient(clientOptions),
    bus: eventBus(new EventBridgeClient(clientOptions)),
    compute: { ...ssmCells(ssm), ...tableLiveColour(table), ...targetHealth(elb) },
    now: () => new Date(),
  };
};

export const handler = actionHandler(keepCells, realDeps());
