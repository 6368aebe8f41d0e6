import {
  DeleteAliasCommand,
  DisableKeyCommand,
  type KeyMetadata,
  KMSClient,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { tenantNames } from '../contract/naming';
import { RetireTenantKeyInput, RetireTenantKeyOutput } from '../contract/steps';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { isNamed } from '../shared/is-named';
import { guardUndo } from '../tenants/ownership';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { forgetIntent } from './key-intent';
import { isUsable, type KeyFinder, keyByAlias, keysByTag, requireIndexed } from './tenant-keys';

export interface RetireTenantKeyDeps extends KeyFinder {
  readonly table: TenantsTable;
  readonly now: () => Date;
}

/** The shortest that KMS allows ("ScheduleKeyDeletion": 7 to 30 days). The key has encrypted nothing that anybody keeps. */
const DELETION_WINDOW_DAYS = 7;

async function retire(kms: KeyFinder['kms'], key: KeyMetadata): Promise<boolean> {
  if (key.KeyState === 'PendingDeletion') return false;
  const KeyId = key.KeyId;
  if (key.KeyState === 'Enabled') await kms.send(new DisableKeyCommand({ KeyId }));
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: DELETION_WINDOW_DAYS }));
  return true;
}

async function dropAlias(kms: KeyFinder['kms'], tenantId: string): Promise<void> {
  try {
    await kms.send(new DeleteAliasCommand({ AliasName: tenantNames.keyAlias(tenantId) }));
  } catch (thrown) {
    if (!isNamed(thrown, 'NotFoundException')) throw thrown;
  }
}

/**
 * Retires the tenant's key: the undo of CreateTenantKey.
 *
 * 1. Find every key of the tenant, by alias and by tag: a crash may have left one without an alias.
 * 2. Refuse a tenant that has been ACTIVE, or belongs to another execution. This comes after the search, which takes a while:
 *    a function outlives the execution that is stopped, and a newer one may take the tenant over meanwhile.
 *    Where a key was requested and none is found, wait out the tag index's lag: this undo may come within seconds of the crash.
 * 3. Disable each and schedule its deletion; one that is pending already is done.
 * 4. Drop the alias last: as long as it is there, a resumed rollback finds the key by it.
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
    const record = await guardUndo(deps.table, tenantId, executionArn);
    const keys = new Map([...tagged, ...(aliased ? [aliased] : [])].map((key) => [key.Arn ?? '', key]));
    if (record?.keyRequestedAt && ![...keys.values()].some(isUsable) && !aliased) {
      requireIndexed(tenantId, new Date(record.keyRequestedAt), deps.now());
    }
    const retiredKeyArns: string[] = [];
    for (const [arn, key] of keys) if (await retire(deps.kms, key)) retiredKeyArns.push(arn);
    await dropAlias(deps.kms, tenantId);
    if (record) await forgetIntent(deps.table, { tenantId, executionArn });
    return { retiredKeyArns };
  },
};

export const handler = actionHandler(retireTenantKey, {
  table: tenantsTable(),
  kms: new KMSClient(clientOptions),
  tagging: new ResourceGroupsTaggingAPIClient(clientOptions),
  now: () => new Date(),
});
