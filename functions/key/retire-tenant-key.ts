import { KMSClient } from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { RetireTenantKeyInput, RetireTenantKeyOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { forgetKeyRequest } from '../tenants/key-requests';
import { guardUndo } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { retireKeys } from './retire-keys';
import { isUsable, type KeyFinder, keyByAlias, keysByTag, requireIndexed } from './tenant-keys';

export interface RetireTenantKeyDeps extends KeyFinder {
  readonly table: TenantsTable;
  readonly now: () => Date;
}

/** The shortest window that KMS allows. The key has encrypted no data that is kept. */
const DELETION_WINDOW_DAYS = 7;

/**
 * Retires the tenant's key: the undo of CreateTenantKey.
 *
 * 1. Find every key of the tenant, by alias and by tag: a crash may have left a key without an
 *    alias.
 * 2. Refuse a tenant that has been ACTIVE, or that another execution owns. The check comes after
 *    the search, which takes a while: a function may outlive its stopped execution, and a newer
 *    execution may take over the tenant in the meantime.
 * 3. If a key was requested and none is found, wait until the tag index must show it: this undo may
 *    run seconds after the crash.
 * 4. Disable each key and schedule its deletion.
 * 5. Delete the alias last: until then a resumed rollback finds the key by its alias.
 *
 * Throws `TenantIsActive`, `ClaimLost`, `TransientNotYetVisible`, `TransientConflict`.
 */
export const retireTenantKey: Action<typeof RetireTenantKeyInput, typeof RetireTenantKeyOutput, RetireTenantKeyDeps> = {
  name: 'RetireTenantKey',
  input: RetireTenantKeyInput,
  output: RetireTenantKeyOutput,
  run: async (deps, { tenant, executionArn }) => {
    const { tenantId } = tenant;
    const [aliased, tagged] = await Promise.all([keyByAlias(deps.kms, tenantId), keysByTag(deps, tenantId)]);
    const record = await guardUndo(deps.table, 'retireKey', { tenantId, executionArn });
    const keys = new Map([...tagged, ...(aliased ? [aliased] : [])].map((key) => [key.Arn ?? '', key]));
    if (record?.keyRequestedAt && ![...keys.values()].some(isUsable) && !aliased) {
      requireIndexed(tenantId, new Date(record.keyRequestedAt), deps.now());
    }
    const retiredKeyArns = await retireKeys(deps.kms, tenantId, [...keys.values()], DELETION_WINDOW_DAYS);
    if (record) await forgetKeyRequest(deps.table, 'retireKey', { tenantId, executionArn });
    return { retiredKeyArns };
  },
};

export const handler = actionHandler(retireTenantKey, {
  table: tenantsTable(),
  kms: new KMSClient(clientOptions),
  tagging: new ResourceGroupsTaggingAPIClient(clientOptions),
  now: () => new Date(),
});
