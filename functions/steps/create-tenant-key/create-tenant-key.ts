import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  type KeyMetadata,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { DescribeOrganizationCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { OnboardingError } from '../../contract/errors';
import { TENANT_TAG, tenantNames } from '../../contract/naming';
import { itemKeys } from '../../contract/records';
import { CreateTenantKeyInput, CreateTenantKeyOutput } from '../../contract/steps';
import { claimLost, isConditionFailure } from '../../shared/claim-guard';
import { clientOptions } from '../../shared/clients';
import { env } from '../../shared/env';
import { type Step, stepHandler } from '../../shared/step-handler';
import { type TenantsTable, tenantsTable } from '../../shared/tenants-table';
import { type KeyPolicyFacts, tenantKeyPolicy } from './key-policy';
import { type KeyFinder, keyByAlias, keysByTag } from './tenant-keys';

export interface CreateTenantKeyDeps extends KeyFinder {
  readonly table: TenantsTable;
  /** CreateKey has no idempotency token: this client never repeats a request by itself. */
  readonly kmsOnce: Pick<KMSClient, 'send'>;
  readonly organizations: Pick<OrganizationsClient, 'send'>;
  readonly platform: Omit<KeyPolicyFacts, 'tenantId' | 'organizationId'>;
  readonly now: () => Date;
}

/** How long a key may be hidden from the tag index after it was made, milliseconds. */
const INDEX_LAG = 30_000;

async function organizationId({ organizations }: CreateTenantKeyDeps): Promise<string | undefined> {
  try {
    const { Organization } = await organizations.send(new DescribeOrganizationCommand({}));
    return Organization?.Id;
  } catch (thrown) {
    if (thrown instanceof Error && thrown.name === 'AWSOrganizationsNotInUseException') return undefined;
    throw thrown;
  }
}

/**
 * Notes on the record that a key is about to be made.
 *
 * @returns when an earlier attempt of this execution noted the same: a key may exist that has no alias yet
 */
async function noteIntent(deps: CreateTenantKeyDeps, tenantId: string, executionArn: string) {
  const now = deps.now().toISOString();
  try {
    const { Attributes } = await deps.table.client.send(
      new UpdateCommand({
        TableName: deps.table.name,
        Key: itemKeys.tenant(tenantId),
        UpdateExpression: 'SET keyRequestedAt = if_not_exists(keyRequestedAt, :now)',
        ConditionExpression: 'executionArn = :execution',
        ExpressionAttributeValues: { ':now': now, ':execution': executionArn },
        ReturnValues: 'UPDATED_NEW',
      }),
    );
    const noted = String(Attributes?.keyRequestedAt ?? now);
    return noted === now ? undefined : new Date(noted);
  } catch (thrown) {
    throw isConditionFailure(thrown) ? claimLost(tenantId, executionArn) : thrown;
  }
}

async function keyWithoutAlias(deps: CreateTenantKeyDeps, tenantId: string, requestedAt: Date) {
  const keys = await keysByTag(deps, tenantId);
  const living = keys.find((key) => key.KeyState === 'Enabled' || key.KeyState === 'Disabled');
  if (!living && deps.now().getTime() - requestedAt.getTime() < INDEX_LAG) {
    throw new OnboardingError(
      'TransientNotYetVisible',
      `a key of ${tenantId} may have been made and is not visible yet`,
    );
  }
  return living;
}

/** A key that a rollback has begun to retire becomes usable again; its alias still points at it. */
async function revive(deps: CreateTenantKeyDeps, key: KeyMetadata): Promise<void> {
  const KeyId = key.KeyId;
  if (key.KeyState === 'PendingDeletion') await deps.kms.send(new CancelKeyDeletionCommand({ KeyId }));
  if (key.KeyState === 'PendingDeletion' || key.KeyState === 'Disabled') {
    await deps.kms.send(new EnableKeyCommand({ KeyId }));
    return;
  }
  if (key.KeyState !== 'Enabled') {
    throw new OnboardingError('KeyUnusable', `key ${key.Arn} is ${key.KeyState}, expected Enabled`);
  }
}

/**
 * Makes the tenant's key, before any stack: the key outlives the stacks.
 *
 * 1. Look for it by its alias: a retry finds it there.
 * 2. Otherwise note the intent on the tenant's record. Where the note was there already, an earlier attempt may have made
 *    a key and crashed before its alias: look for it by its tag, and wait out the tag index's lag. CreateKey takes no
 *    idempotency token ("CreateKey"), so neither the SDK nor this step ever repeats it blindly.
 * 3. Make it, or bring the found one up to date: policy, rotation, alias.
 *
 * Undone by RetireTenantKey.
 *
 * Throws `KeyUnusable`, `ClaimLost`, `TransientNotYetVisible`.
 */
export const createTenantKey: Step<typeof CreateTenantKeyInput, typeof CreateTenantKeyOutput, CreateTenantKeyDeps> = {
  name: 'CreateTenantKey',
  input: CreateTenantKeyInput,
  output: CreateTenantKeyOutput,
  run: async (deps, { tenant, executionArn }) => {
    const { tenantId, signupId } = tenant;
    const [aliased, organization] = await Promise.all([keyByAlias(deps.kms, tenantId), organizationId(deps)]);
    const Policy = JSON.stringify(tenantKeyPolicy({ ...deps.platform, tenantId, organizationId: organization }));
    const earlier = aliased ? undefined : await noteIntent(deps, tenantId, executionArn);
    const found = aliased ?? (earlier && (await keyWithoutAlias(deps, tenantId, earlier)));
    if (found) {
      await revive(deps, found);
      await deps.kms.send(new PutKeyPolicyCommand({ KeyId: found.KeyId, Policy }));
    }
    const key = found ?? (await makeKey(deps, Policy, { tenantId, signupId }));
    await deps.kms.send(new EnableKeyRotationCommand({ KeyId: key.KeyId }));
    const aliasName = tenantNames.keyAlias(tenantId);
    if (!aliased) await deps.kms.send(new CreateAliasCommand({ AliasName: aliasName, TargetKeyId: key.KeyId }));
    return { keyArn: key.Arn ?? '', aliasName };
  },
};

async function makeKey(deps: CreateTenantKeyDeps, Policy: string, tags: { tenantId: string; signupId: string }) {
  const { KeyMetadata } = await deps.kmsOnce.send(
    new CreateKeyCommand({
      Policy,
      Description: `Data of tenant ${tags.tenantId}`,
      Tags: [
        { TagKey: TENANT_TAG, TagValue: tags.tenantId },
        { TagKey: 'signupId', TagValue: tags.signupId },
        { TagKey: 'managedBy', TagValue: 'tenant-onboarding' },
      ],
    }),
  );
  if (!KeyMetadata) throw new OnboardingError('UnexpectedFailure', 'CreateKey answered without a key');
  return KeyMetadata;
}

const realDeps = (): CreateTenantKeyDeps => ({
  table: tenantsTable(),
  kms: new KMSClient(clientOptions),
  kmsOnce: new KMSClient({ ...clientOptions, maxAttempts: 1 }),
  tagging: new ResourceGroupsTaggingAPIClient(clientOptions),
  organizations: new OrganizationsClient(clientOptions),
  get platform() {
    return { accountId: env('ACCOUNT_ID'), region: env('AWS_REGION'), stackRoleArn: env('STACK_ROLE_ARN') };
  },
  now: () => new Date(),
});

export const handler = stepHandler(createTenantKey, realDeps());
