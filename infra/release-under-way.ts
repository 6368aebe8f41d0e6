import type { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys, ReleaseClaimSchema } from '../functions/contract/records';
import { deployedOutput } from './deployed-output';

/**
 * Refuses a deployment while a release moves the tenants of a cell. A changed property of a
 * service makes ECS replace tasks of the colour, and the release would judge that instead of its
 * own version.
 *
 * @throws Error that names the release and says what to do
 */
export async function requireNoRelease(
  clients: {
    readonly cloudformation: Pick<CloudFormationClient, 'send'>;
    readonly table: Pick<DynamoDBDocumentClient, 'send'>;
  },
  cells: readonly { readonly name: string }[],
): Promise<void> {
  const TableName = await deployedOutput(clients.cloudformation, 'tenantsTableName');
  if (!TableName) return;
  for (const { name } of cells) {
    const { Item } = await clients.table.send(
      new GetCommand({ TableName, Key: itemKeys.release(name), ConsistentRead: true }),
    );
    const claim = Item && ReleaseClaimSchema.parse(Item);
    if (claim && !claim.endedAt)
      throw new Error(
        `release ${claim.releaseId} has cell ${name} (${claim.executionArn}); wait for it, take it back with ` +
          '`npm run release -- --back`, or deploy with --despite-release',
      );
  }
}
