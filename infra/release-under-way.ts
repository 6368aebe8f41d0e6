import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { StageStackOutputsSchema } from '../functions/contract/outputs';
import { itemKeys, ReleaseClaimSchema } from '../functions/contract/records';
import { isNamed } from '../functions/shared/is-named';
import { CONTROL_PLANE } from './config/stack-names';

/**
 * @returns the stage's tenants table; undefined when the stage is not deployed, or an older
 * release has no such output
 */
async function tableOf(cloudformation: Pick<CloudFormationClient, 'send'>): Promise<string | undefined> {
  try {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: CONTROL_PLANE }));
    const outputs = (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
      OutputKey,
      OutputValue,
    ]);
    return StageStackOutputsSchema.safeParse(Object.fromEntries(outputs)).data?.tenantsTableName;
  } catch (thrown) {
    // AWS answers a ValidationError for a stack that does not exist ("DescribeStacks").
    if (isNamed(thrown, 'ValidationError')) return undefined;
    throw thrown;
  }
}

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
  const TableName = await tableOf(clients.cloudformation);
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
