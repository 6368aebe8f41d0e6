import { type KeyMetadata, KMSClient } from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { RetireTenantKeyInput, RetireTenantKeyOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import type { Owned } from '../tenants/guarded-write';
import { forgetKeyRequest } from '../tenants/key-requests';
import { guardUndo } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { beginRetirement, hasAlias, isOnlyOf } from './key-retirement';
import { retireKeys } from './retire-keys';
import { isUsable, type KeyFinder, keyByAlias, keysByTag, requireIndexed } from './tenant-keys';

export interface RetireTenantKeyDeps extends KeyFinder {
  readonly table: TenantsTable;
  readonly now: () => Date;
}

/** The shortest window that KMS allows. The key has encrypted no data that is kept. */
const DELETION_WINDOW_DAYS = 7;

interface Right {
  readonly permit: () => Promise<void>;
  readonly requestedAt?: string | undefined;
}
/** A tenant without a record has no owner who could lose it. */
const WITHOUT_RECORD: Right = { permit: async () => {} };

async function retireAll(deps: RetireTenantKeyDeps, { tenantId }: Owned, { permit, requestedAt }: Right) {
  const [byAlias, tagged] = await settled([ownKeyByAlias(deps.kms, tenantId), keysByTag(deps, tenantId)]);
  const aliased = byAlias === 'foreign' ? undefined : byAlias;
  const found = [...new Map([...tagged, ...(aliased ? [aliased] : [])].map((key) => [key.Arn, key])).values()];
  if (requestedAt && !found.some(isUsable) && !aliased) requireIndexed(tenantId, new Date(requestedAt), deps.now());
  const living = found.filter(isUsable);
  const ours = await settled(living.map((key) => isOnlyOf(deps.kms, tenantId, key)));
  const keys = living.filter((_, index) => ours[index]);
  const isForeign =
    byAlias === 'foreign' || (byAlias && isUsable(byAlias) && !keys.some(({ Arn }) => Arn === byAlias.Arn));
  const keepsAlias = isForeign && !(await settled(keys.map((key) => hasAlias(deps.kms, tenantId, key)))).includes(true);
  return await retireKeys(deps.kms, tenantId, keys, DELETION_WINDOW_DAYS, permit, keepsAlias);
}

/**
 * The grants of this function end at keys with a tenant's tag. A denial therefore says that somebody
 * else's key has the alias: there is nothing to retire by it, and the alias stays as well, unless a key
 * of the tenant that is found by its tag has it. One without a grant is found so, too, and its denial
 * is thrown.
 */
async function ownKeyByAlias(kms: KeyFinder['kms'], tenantId: string): Promise<KeyMetadata | 'foreign' | undefined> {
  try {
    return await keyByAlias(kms, tenantId);
  } catch (thrown) {
    if (!isNamed(thrown, 'AccessDeniedException')) throw thrown;
    logger.warn('key.alias-of-another', { tenantId, reason: thrown.message });
    return 'foreign';
  }
}

/**
 * Retires the tenant's key: the undo of CreateTenantKey.
 *
 * 1. Refuse a tenant that has been ACTIVE, or that another execution owns. Note on the record until
 *    when this function may retire keys: it may outlive its stopped execution, and the CreateTenantKey
 *    of a newer execution waits until then.
 * 2. Find every key of the tenant, by alias and by tag: a crash may have left a key without an
 *    alias. Leave a key whose policy or aliases name another tenant, or not this one, a key that
 *    somebody else has given the alias, and that alias.
 * 3. If a key was requested and none is found, wait until the tag index must show it: this undo may
 *    run seconds after the crash.
 * 4. Disable each key and schedule its deletion. Ask for the permission again right before each
 *    effect.
 * 5. Delete the alias last: until then a resumed rollback finds the key by its alias.
 *
 * Throws `TenantIsActive`, `ClaimLost`, `TransientNotYetVisible`, `TransientConflict`.
 *
 * Besides the common retries, for what KMS or the index of tags does not show yet: 60 retries, 60 x 10 = 600 s.
 */
export const retireTenantKey: Action<typeof RetireTenantKeyInput, typeof RetireTenantKeyOutput, RetireTenantKeyDeps> = {
  name: 'RetireTenantKey',
  input: RetireTenantKeyInput,
  output: RetireTenantKeyOutput,
  run: async (deps, { tenant, executionArn }) => {
    const owned = { tenantId: tenant.tenantId, executionArn };
    const record = await guardUndo(deps.table, 'retireKey', owned);
    if (!record) return { retiredKeyArns: await retireAll(deps, owned, WITHOUT_RECORD) };
    const retirement = await beginRetirement(deps.table, owned, deps.now);
    try {
      const retiredKeyArns = await retireAll(deps, owned, { ...retirement, requestedAt: record.keyRequestedAt });
      await forgetKeyRequest(deps.table, 'retireKey', owned);
      return { retiredKeyArns };
    } catch (thrown) {
      await retirement.end();
      throw thrown;
    }
  },
};

export const handler = actionHandler(retireTenantKey, {
  table: tenantsTable(),
  kms: new KMSClient(clientOptions),
  tagging: new ResourceGroupsTaggingAPIClient(clientOptions),
  now: () => new Date(),
});
