import { EnableKeyRotationCommand, KMSClient, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { tenantNames } from '../contract/naming';
import { CreateTenantKeyInput, CreateTenantKeyOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env, optionalEnv } from '../shared/env';
import { settled } from '../shared/settled';
import { requestKey } from '../tenants/key-requests';
import { tenantsTable } from '../tenants/tenants-table';
import { type KeyPolicyFacts, tenantKeyPolicy } from './key-policy';
import { requireNoRetirement } from './key-retirement';
import { aliasedKey, giveAlias, type KeyMaker, makeKey, revive } from './make-key';
import { organizationOf } from './organization';
import { isUsable, type KeyFinder, keysByTag, onceKnown, requireIndexed } from './tenant-keys';

export interface CreateTenantKeyDeps extends KeyMaker, KeyFinder {
  readonly organizationId: () => Promise<string | undefined>;
  readonly platform: Omit<KeyPolicyFacts, 'tenantId' | 'organizationId'>;
  readonly now: () => Date;
}

async function keyWithoutAlias(deps: CreateTenantKeyDeps, tenantId: string, requestedAt: Date) {
  const living = (await keysByTag(deps, tenantId)).find(isUsable);
  if (!living) requireIndexed(tenantId, requestedAt, deps.now());
  return living;
}

/**
 * Creates the tenant's key, before any stack: the key outlives the stacks.
 *
 * 1. Look for the key by its alias: a retry finds it.
 * 2. Note on the tenant's record that a key is requested, after everything that may fail before the
 *    request itself. This execution must own the tenant, and the tenant must be ONBOARDING. While a
 *    function of an earlier execution may still retire keys, wait. If there is no alias but an earlier
 *    note, an earlier attempt may have created a key and crashed before its alias. Then look for the
 *    key by its tag, and wait until the tag index must show it. CreateKey has no idempotency token
 *    ("CreateKey"), so neither the SDK nor this action repeats the request without looking.
 * 3. Create the key, or update the found one: policy, rotation, alias. If KMS refuses the request,
 *    no key exists, and the note is removed.
 *
 * Undone by RetireTenantKey.
 *
 * Throws `KeyUnusable`, `ClaimLost`, `TransientConflict`; `TransientNotYetVisible` in KMS's own words for what KMS does
 * not show yet: a new key, an enabled key, a principal of the policy ("AWS KMS eventual consistency").
 *
 * Besides the common retries, for what KMS or the index of tags does not show yet: 60 retries, 60 x 10 = 600 s.
 */
export const createTenantKey: Action<typeof CreateTenantKeyInput, typeof CreateTenantKeyOutput, CreateTenantKeyDeps> = {
  name: 'CreateTenantKey',
  input: CreateTenantKeyInput,
  output: CreateTenantKeyOutput,
  run: async (deps, { tenant, executionArn }) => {
    const { tenantId } = tenant;
    const [aliased, organization] = await settled([aliasedKey(deps.kms, tenantId), deps.organizationId()]);
    const owned = { tenantId, executionArn };
    const { earlier, retiringUntil } = await requestKey(deps.table, owned, deps.now().toISOString());
    requireNoRetirement(tenantId, retiringUntil, deps.now());
    const Policy = JSON.stringify(tenantKeyPolicy({ ...deps.platform, tenantId, organizationId: organization }));
    const found = aliased ?? (earlier && (await keyWithoutAlias(deps, tenantId, earlier)));
    if (found) {
      await revive(deps, found);
      await onceKnown(deps.kms.send(new PutKeyPolicyCommand({ KeyId: found.KeyId, Policy })));
    }
    const key = found ?? (await makeKey(deps, Policy, tenant, executionArn));
    await onceKnown(deps.kms.send(new EnableKeyRotationCommand({ KeyId: key.KeyId })));
    // A key that is not enabled was retired, and its alias may be gone although KMS still shows it.
    if (aliased?.KeyState !== 'Enabled') await giveAlias(deps, key, tenantId);
    return { keyArn: key.Arn ?? '', aliasName: tenantNames.keyAlias(tenantId) };
  },
};

const realDeps = (): CreateTenantKeyDeps => ({
  table: tenantsTable(),
  kms: new KMSClient(clientOptions),
  kmsOnce: new KMSClient({ ...clientOptions, maxAttempts: 1 }),
  tagging: new ResourceGroupsTaggingAPIClient(clientOptions),
  organizationId: organizationOf(new OrganizationsClient(clientOptions), optionalEnv('ORGANIZATION_ID')),
  get platform() {
    return { accountId: env('ACCOUNT_ID'), region: env('AWS_REGION'), stackRoleArn: env('STACK_ROLE_ARN') };
  },
  now: () => new Date(),
});

export const handler = actionHandler(createTenantKey, realDeps());
