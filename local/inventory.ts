import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb';
import { tenantNames } from '../functions/contract/naming';
import { itemKeys, RefusedSignupSchema, type TenantRecord, TenantRecordSchema } from '../functions/contract/records';
import { STACK_KINDS, type StackKind } from '../functions/contract/stacks';
import { isNamed } from '../functions/shared/is-named';
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
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
    const { StackResources = [] } = await client.send(new DescribeStackResourcesCommand({ StackName }));
    return { kind, status: Stacks?.[0]?.StackStatus ?? '', resources: StackResources.length };
  } catch (thrown) {
    if (isNamed(thrown, 'ValidationError')) return undefined;
    throw thrown;
  }
}

async function keyStateOf(client: KMSClient, tenantId: string): Promise<string | undefined> {
  try {
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: tenantNames.keyAlias(tenantId) }));
    return KeyMetadata?.KeyState;
  } catch (thrown) {
    if (isNamed(thrown, 'NotFoundException')) return undefined;
    throw thrown;
  }
}

async function recordOf({ aws, tenantsTableName }: StageConnection, tenantId: string) {
  const { Item } = await DynamoDBDocumentClient.from(new DynamoDBClient(aws)).send(
    new GetCommand({ TableName: tenantsTableName, Key: itemKeys.tenant(tenantId), ConsistentRead: true }),
  );
  return Item && !RefusedSignupSchema.safeParse(Item).success ? TenantRecordSchema.parse(Item) : undefined;
}

export async function inventoryOf(stage: StageConnection, tenantId: string): Promise<Inventory> {
  const stacks = new CloudFormationClient(stage.aws);
  const [record, keyState, ...found] = await Promise.all([
    recordOf(stage, tenantId),
    keyStateOf(new KMSClient(stage.aws), tenantId),
    ...STACK_KINDS.map((kind) => stackOf(stacks, tenantId, kind)),
  ]);
  return { record, keyState, stacks: found.filter((stack) => stack !== undefined) };
}
