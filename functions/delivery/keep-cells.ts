import { ApplicationAutoScalingClient } from '@aws-sdk/client-application-auto-scaling';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { Compute } from '../compute/compute';
import { fillLive } from '../compute/ecs-services';
import { freeScaling, holdScaling, type Scaling } from '../compute/scaling';
import { ssmCells } from '../compute/ssm-cells';
import { readLiveColour, tableLiveColour } from '../compute/table-live-colour';
import { targetHealth } from '../compute/target-health';
import type { CellDescriptor } from '../contract/cell';
import type { LiveColour } from '../contract/records';
import { seenRules } from '../routing/host-rule';
import type { AlignRuleDeps } from '../routing/tenant-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { logger } from '../shared/logger';
import { tenantsTable } from '../tenants/tenants-table';
import { type EndBadBakeDeps, endBadBake } from './end-bad-bake';
import { forgetIdle } from './release-store';
import { makeRingZeroAgain } from './ring-zero';
import { type SettleFillDeps, settleFill } from './settle-fill';
import { alignTenants } from './tenants-of-cell';

export interface KeepCellsDeps extends AlignRuleDeps, SettleFillDeps, EndBadBakeDeps {
  readonly scaling: Scaling;
  readonly compute: Pick<Compute, 'cells' | 'live' | 'requireHealthyTarget'>;
}

/** The schedule's event. */
const KeepCellsInput = z.unknown();

/**
 * - `answered`: the event of a deployment was lost, and the release that waited for it goes on
 * - `returned`: visitors of the new colour fare badly in a bake, which ends for that
 * - `scaled`: the live colour had too few tasks, or a crash had left scaling suspended, or free in a release
 * - `remade`: somebody had deleted the listener rule of the cell's own page
 * - `aligned`: rules that a crash had left on the idle colour were moved
 * - `emptied`: the tasks of the idle colour were taken away
 * - `kept`: there was nothing to do
 */
const KeptSchema = z.enum(['answered', 'returned', 'scaled', 'remade', 'aligned', 'emptied', 'kept']);
const KeepCellsOutput = z.object({ cells: z.record(z.string(), KeptSchema) });
type Kept = z.output<typeof KeptSchema>;

/** Takes the tasks of the idle colour away, unless a rule still leads to it. */
async function empty(deps: KeepCellsDeps, cell: CellDescriptor): Promise<boolean> {
  const live = await readLiveColour(deps.table, cell.name);
  if (!live?.idle || live.releasing || deps.now().toISOString() < live.idle.keepUntil) return false;
  const { colour } = live.idle;
  const reached = [...(await seenRules(deps.elb, cell)).forwards.entries()].filter(
    ([, targetGroup]) => targetGroup === cell.targetGroupArns[colour],
  );
  // The colour's own rule, for probes, leads to it always. The rule of ring 0 is aligned with the tenants'.
  if (reached.length > 1) return false;
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

async function keepCell(deps: KeepCellsDeps, cell: CellDescriptor): Promise<Kept> {
  if ((await settleFill(deps, cell)) === 'answered') return 'answered';
  if (await endBadBake(deps, cell)) return 'returned';
  const live = await readLiveColour(deps.table, cell.name);
  if (live && (await keepTasks(deps, cell, live))) return 'scaled';
  if (live && (await makeRingZeroAgain(deps, cell))) return 'remade';
  if (live?.releasing || !live?.idle) return 'kept';
  if ((await alignTenants(deps, cell)) > 0) return 'aligned';
  return (await empty(deps, cell)) ? 'emptied' : 'kept';
}

/**
 * Keeps each cell as its item LIVE and its release say. It runs every two minutes.
 *
 * 1. Answer a release that waits for a deployment whose event was lost.
 * 2. End the bake of a ring when the new colour has no healthy target, when visitors' requests fail or
 *    take too long, or when an alarm has begun to ring: the release returns.
 * 3. Give the live colour its minimum of tasks. Suspend the scale-in of both colours while a release
 *    moves tenants, and end a suspension that a killed run has left.
 * 4. Make the listener rule of the cell's own page again, if somebody has deleted it.
 * 5. While the cell has an idle colour with tasks, align the rules that a crash may have left on it.
 * 6. After the grace period, when no tenant's rule leads to the idle colour, take its tasks away. The
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
    for (const cell of await deps.compute.cells()) {
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
    compute: { ...ssmCells(ssm), ...tableLiveColour(table), ...targetHealth(elb) },
    now: () => new Date(),
  };
};

export const handler = actionHandler(keepCells, realDeps());
