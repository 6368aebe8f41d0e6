import { EnableKeyRotationCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { DescribeOrganizationCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { tenantNames } from '../contract/naming';
import { CreateTenantKeyInput, CreateTenantKeyOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { isNamed } from '../shared/is-named';
import { requestKey } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { type KeyPolicyFacts, tenantKeyPolicy } from './key-policy';
import { giveAlias, type KeyMaker, makeKey, onceKnown, revive } from './make-key';
import { isUsable, type KeyFinder, keyByAlias, keysByTag, requireIndexed } from './tenant-keys';

export interface CreateTenantKeyDeps extends KeyMaker, KeyFinder {
  readonly organizations: Pick<OrganizationsClient, 'send'>;
  readonly platform: Omit<KeyPolicyFacts, 'tenantId' | 'organizationId'>;
  readonly now: () => Date;
}

async function organizationId({ organizations }: CreateTenantKeyDeps): Promise<string | undefined> {
  try {
    const { Organization } = await organizations.send(new DescribeOrganizationCommand({}));
    return Organization?.Id;
  } catch (thrown) {
    if (isNamed(thrown, 'AWSOrganizationsNotInUseException')) return undefined;
    throw thrown;
  }
}

async function keyWithoutAlias(deps: CreateTenantKeyDeps, tenantId: string, requestedAt: Date) {
  const living = (await keysByTag(deps, tenantId)).find(isUsable);
  if (!living) requireIndexed(tenantId, requestedAt, deps.now());
  return living;
}

/**
 * Makes the tenant's key, before any stack: the key outlives the stacks.
 *
 * 1. Note the intent on the tenant's record, which must be this execution's and ONBOARDING.
 * 2. Look for the key by its alias: a retry finds it there. Where there is no alias and the note was there already, an
 *    earlier attempt may have made a key and crashed before its alias: look for it by its tag, and wait out the tag index's
 *    lag. CreateKey takes no idempotency token ("CreateKey"), so neither the SDK nor this step ever repeats it blindly.
 * 3. Make it, or bring the found one up to date: policy, rotation, alias. A key that was refused for certain was not made,
 *    and its note goes.
 *
 * Undone by RetireTenantKey.
 *
 * Throws `KeyUnusable`, `ClaimLost`, `TransientNotYetVisible`, `TransientConflict`. "AWS KMS eventual consistency": calls may
 * fail with NotFoundException for a while after CreateKey.
 */
export const createTenantKey: Action<typeof CreateTenantKeyInput, typeof CreateTenantKeyOutput, CreateTenantKeyDeps> = {
  name: 'CreateTenantKey',
  input: CreateTenantKeyInput,
  output: CreateTenantKeyOutput,
  run: async (deps, { tenant, executionArn }) => {
    const { tenantId } = tenant;
    const [earlier, aliased, organization] = await Promise.all([
      requestKey(deps.table, { tenantId, executionArn }, deps.now().toISOString()),
      keyByAlias(deps.kms, tenantId),
      organizationId(deps),
    ]);
    const Policy = JSON.stringify(tenantKeyPolicy({ ...deps.platform, tenantId, organizationId: organization }));
    const found = aliased ?? (earlier && (await keyWithoutAlias(deps, tenantId, earlier)));
    if (found) {
      await revive(deps, found);
      await deps.kms.send(new PutKeyPolicyCommand({ KeyId: found.KeyId, Policy }));
    }
    const key = found ?? (await makeKey(deps, Policy, tenant, executionArn));
    await onceKnown(deps.kms.send(new EnableKeyRotationCommand({ KeyId: key.KeyId })));
    if (!aliased) await giveAlias(deps, key, tenantId);
    return { keyArn: key.Arn ?? '', aliasName: tenantNames.keyAlias(tenantId) };
  },
};

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

export const handler = actionHandler(createTenantKey, realDeps());
