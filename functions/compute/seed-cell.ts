import { ECSClient } from '@aws-sdk/client-ecs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Colour, SeedCellInput, SeedCellOutput } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { answeringCloudFormation } from '../shared/custom-resource';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type Containers, resize } from './ecs-services';
import { formerDescriptor, type Parameters } from './ssm-cells';
import { readLiveColour, seedLiveColour } from './table-live-colour';

export interface SeedCellDeps {
  readonly table: TenantsTable;
  readonly ssm: Parameters;
  readonly ecs: Containers;
  readonly now: () => Date;
}

const FIRST_COLOUR: Colour = 'blue';
const OTHER: Readonly<Record<Colour, Colour>> = { blue: 'green', green: 'blue' };

/** Only a cell that is being made, or is older than the item, gets one: of any other a guess could be wrong. */
async function liveColourOf({ table, now }: SeedCellDeps, cell: string, first: Colour | undefined): Promise<Colour> {
  if (first) await seedLiveColour(table, cell, { colour: first, since: now().toISOString() });
  const live = await readLiveColour(table, cell);
  if (live) return live.colour;
  throw new PlatformError('ConfigurationInvalid', `cell ${cell} has lost its item LIVE: docs/runbook.md#live-colour`);
}

/**
 * Gives a cell its first live colour, once, and that colour its tasks: what its stack cannot do, as a template that names
 * the live colour would set it back with each deployment after a release. CloudFormation calls it as a custom resource.
 *
 * 1. Put the item LIVE of the cell, if there is none: blue in a cell that is being made, and in a cell whose stack is
 *    older than the item the colour that it was deployed with. An item that exists is never changed.
 * 2. The service of the live colour wants at least the stage's minimum of tasks.
 * 3. In a cell that is being made the other colour wants none: CloudFormation starts a service with one task when its
 *    template names no number. In a cell that lives, the other colour may be serving tenants, and is left alone.
 *
 * Nothing undoes it. A deletion leaves the item, as CloudFormation also asks for one when a deployment is rolled back and
 * the cell lives on; a cell that is made anew under the name begins with the colour that it had.
 *
 * Throws `ConfigurationInvalid` when a living cell has lost its item, or a service does not exist. "AWS::ECS::Service":
 * without DesiredCount a new service gets 1, and an existing one keeps what it has.
 */
export const seedCell: Action<typeof SeedCellInput, typeof SeedCellOutput, SeedCellDeps> = {
  name: 'SeedCell',
  input: SeedCellInput,
  output: SeedCellOutput,
  run: async (deps, { RequestType, ResourceProperties: cell }) => {
    if (RequestType === 'Delete') return undefined;
    const former = await formerDescriptor(deps.ssm, cell.Cell);
    const isNew = RequestType === 'Create' && former === undefined;
    const colour = await liveColourOf(deps, cell.Cell, isNew ? FIRST_COLOUR : former?.liveColour);
    const serviceOf = (of: Colour) => ({ cluster: cell.ClusterName, service: cell.Services[of] });
    await resize(deps.ecs, serviceOf(colour), (desired) => Math.max(desired, cell.MinimumTasks));
    if (isNew) await resize(deps.ecs, serviceOf(OTHER[colour]), () => 0);
    return { Colour: colour, TargetGroupArn: cell.TargetGroupArns[colour] };
  },
};

export const handler = answeringCloudFormation(
  actionHandler(seedCell, {
    table: tenantsTable(),
    ssm: new SSMClient(clientOptions),
    ecs: new ECSClient(clientOptions),
    now: () => new Date(),
  }),
);
