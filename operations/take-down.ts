import { writeFileSync } from 'node:fs';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { auditTrail } from './client/audit-trail';
import { StageClient } from './client/stage-client';
import { TearDown, tenantStacks } from './client/tear-down-stage';
import type { StageRemains } from './stage-remains';

interface TakingDown {
  /** Gets the record of all acts, this one the last: the table goes with the stage. */
  readonly trail: string;
  readonly reason?: string | undefined;
  readonly say: (line: string) => void;
}

/**
 * A stage whose first deployment has failed has nothing on record, and no tenant.
 *
 * @throws Error when no teardown is on record, although the control plane is gone
 */
async function keepRecord({ aws, controlPlane, actsTableName }: StageRemains, { trail, say }: TakingDown) {
  const table = controlPlane?.actsTableName ?? actsTableName;
  if (!table) return say('the table of acts is gone: the teardown that has begun has kept the record');
  const items = await auditTrail(DynamoDBDocumentClient.from(new DynamoDBClient(aws)), table);
  if (items.length === 0 && (await tenantStacks(new CloudFormationClient(aws))).length === 0)
    return say('nobody has acted on the stage yet, and it has no tenant: there is no record to keep');
  if (!items.some(({ kind }) => kind === 'teardown'))
    throw new Error('the control plane is gone, and no teardown is on record: deploy the stage, then take it down');
  writeFileSync(trail, items.map((item) => `${JSON.stringify(item)}\n`).join(''), { flag: 'wx' });
  say(`the record of all acts is kept in ${trail}`);
}

/**
 * Takes a stage down on record: who does it, when and why is an act like every other, and nothing is
 * deleted before it is written. Then the record is kept in a file, as its table is deleted, too.
 *
 * A teardown that has stopped goes on, also after the stack of the control plane: its act is on record, and
 * nobody can add another one.
 */
export async function takeDown(remains: StageRemains, taking: TakingDown): Promise<void> {
  if (remains.controlPlane) await new StageClient(remains.controlPlane).announceTeardown(taking.reason);
  await keepRecord(remains, taking);
  await new TearDown(remains, taking.say).run();
}
