import { ECSClient } from '@aws-sdk/client-ecs';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type Colour, OTHER_COLOUR, SeedCellInput, SeedCellOutput } from '../contract/cell';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { answeringCloudFormation } from '../shared/custom-resource';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type Containers, resize } from './ecs-services';
import { formerDescriptor, type Parameters } from './ssm-cells';
import { liveColourNotFound, readLiveColour, seedLiveColour } from './table-live-colour';

export interface SeedCellDeps {
  readonly table: TenantsTable;
  readonly ssm: Parameters;
  readonly ecs: Containers;
  readonly now: () => Date;
}

const FIRST_COLOUR: Colour = 'blue';

/**
 * Writes the item LIVE only for a new cell, or for one whose stack is older than the item. For any
 * other cell that has no item, a guess could be wrong.
 */
async function liveColourOf({ table, now }: SeedCellDeps, cell: string, first: Colour | undefined): Promise<Colour> {
  if (first) await seedLiveColour(table, cell, { colour: first, since: now().toISOString() });
  const live = await readLiveColour(table, cell);
  if (live) return live.colour;
  throw liveColourNotFound(cell);
}

/**
 * Gives a cell its first live colour, and starts the tasks of that colour. CloudFormation calls it as
 * a custom resource. The cell's template cannot name the live colour: after a release, the next
 * deployment would set the old colour back.
 *
 * 1. Write the cell's item LIVE, if there is none. A new cell gets blue. A cell whose stack is older
 *    than the item gets the colour that its descriptor names. An existing item is never changed.
 * 2. Raise the desired count of the live colour's service to the stage's minimum.
 * 3. In a new cell, set the desired count of the other colour to 0: without a number in the template
 *    CloudFormation starts one task. In an existing cell the other colour may be serving tenants, so
 *    its count stays.
 *
 * It has no undo. A deletion keeps the item: CloudFormation also deletes the resource when it rolls
 * back a deployment, and then the cell stays in service. A cell that is created again under the same
 * name starts with its former colour.
 *
 * Throws `ConfigurationInvalid` when an existing cell has no item, or when a service does not exist.
 * "AWS::ECS::Service": without DesiredCount a new service gets 1, and an existing one keeps its count.
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
    if (isNew) await resize(deps.ecs, serviceOf(OTHER_COLOUR[colour]), () => 0);
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
