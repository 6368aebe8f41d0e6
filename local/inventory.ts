import { CloudFormationClient, DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { tenantNames } from '../functions/contract/naming';
import { itemKeys, RefusedSignupSchema, type TenantRecord, TenantRecordSchema } from '../functions/contract/records';
import { STACK_KINDS, type StackKind } from '../functions/contract/stacks';
import { keyByAlias } from '../functions/key/tenant-keys';
import { describeStack } from '../functions/stacks/stacks';
import type { StageConnection } from '../operations/stage-connection';

/** Resources of one tenant in AWS, as an operator can see them. */
export interface Inventory {
  readonly record: TenantRecord | undefined;
  readonly stacks: readonly { readonly kind: StackKind; readonly status: string; readonly resources: number }[];
  /** State of the key to which the tenant's alias points. */
  readonly keyState: string | undefined;
}

async function stackOf(client: CloudFormationClient, tenantId: string, kind: StackKind) {
  const StackName = tenantNames.stack(tenantId, kind);
  const { StackStatus: status } = (await describeStack(client, StackName)) ?? {};
  if (!status) return undefined;
  const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
  return { kind, status, resources: StackResources.length };
}

async function recordOf({ aws, tenantsTableName }: StageConnection, tenantId: string) {
  const { Item } = await DynamoDBDocumentClient.from(new DynamoDBClient(aws)).send(
    new GetCommand({ TableName: tenantsTableName, Key: itemKeys.tenant(tenantId), ConsistentRead: true }),
  );
  return Item && !RefusedSignupSchema.safeParse(Item).success ? TenantRecordSchema.parse(Item) : undefined;
}

export async function inventoryOf(stage: StageConnection, tenantId: string): Promise<Inventory> {
  const stacks = new CloudFormationClient(stage.aws);
  const [record, key, ...found] = await Promise.all([
    recordOf(stage, tenantId),
    keyByAlias(new KMSClient(stage.aws), tenantId),
    ...STACK_KINDS.map((kind) => stackOf(stacks, tenantId, kind)),
  ]);
  return { record, keyState: key?.KeyState, stacks: found.filter((stack) => stack !== undefined) };
}
