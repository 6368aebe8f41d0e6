import {
  DeleteAliasCommand,
  DisableKeyCommand,
  type KMSClient,
  ListAliasesCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { GetResourcesCommand, type ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { TENANT_TAG, tenantIdIn, tenantNames } from '../contract/naming';
import { isOnlyOf } from '../key/key-retirement';
import { describeKey } from '../key/tenant-keys';
import { pages } from '../shared/paging';
import { unlessNamed } from '../shared/unless';
import { findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import type { Leftover, LeftoverKind } from './leftovers';

export interface KeyLeftoversDeps {
  readonly kms: Pick<KMSClient, 'send'>;
  readonly tagging: Pick<ResourceGroupsTaggingAPIClient, 'send'>;
  readonly table: TenantsTable;
}

const ALIASES = tenantNames.keyAlias('');

/** ARNs of all keys with a tenant's tag, those in their deletion window included. */
export async function* taggedKeys(tagging: KeyLeftoversDeps['tagging']): AsyncGenerator<Leftover> {
  const wanted = { ResourceTypeFilters: ['kms:key'], TagFilters: [{ Key: TENANT_TAG }] };
  const ask = (PaginationToken?: string) => tagging.send(new GetResourcesCommand({ ...wanted, PaginationToken }));
  for await (const { ResourceTagMappingList = [] } of pages(ask, 'PaginationToken')) {
    for (const { ResourceARN, Tags = [] } of ResourceTagMappingList) {
      const tenantId = Tags.find(({ Key }) => Key === TENANT_TAG)?.Value;
      if (ResourceARN && tenantId) yield { tenantId, id: ResourceARN };
    }
  }
}

/** Names of all aliases of tenants' keys. */
export async function* tenantAliases(kms: KeyLeftoversDeps['kms']): AsyncGenerator<Leftover> {
  const ask = (Marker?: string) => kms.send(new ListAliasesCommand({ Limit: 100, Marker }));
  for await (const { Aliases = [] } of pages(ask, 'NextMarker')) {
    for (const { AliasName = '' } of Aliases) {
      const tenantId = AliasName.startsWith(ALIASES) ? tenantIdIn(AliasName) : undefined;
      if (tenantId) yield { tenantId, id: AliasName };
    }
  }
}

export function keyLeftovers({ kms, tagging, table }: KeyLeftoversDeps): LeftoverKind[] {
  const key: LeftoverKind = {
    kind: 'key',
    list: () => taggedKeys(tagging),
    stands: async ({ id }) => {
      const state = (await describeKey(kms, id))?.KeyState;
      return state !== undefined && state !== 'PendingDeletion';
    },
    // CreateKey has no idempotency token, and the tag index may lag for longer than CreateTenantKey waits.
    isSurplus: async ({ tenantId, id }) => {
      const tenant = await findTenant(table, tenantId);
      return tenant?.activatedAt !== undefined && tenant.keyArn !== undefined && tenant.keyArn !== id;
    },
    remove: async ({ id, tenantId }) => {
      // A tag alone is no proof: the key may serve another tenant.
      if (!(await isOnlyOf(kms, tenantId, { KeyId: id, Arn: id }))) return;
      await kms.send(new DisableKeyCommand({ KeyId: id }));
      // Thirty days, KMS's longest: somebody may still find out that the key is wanted.
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId: id, PendingWindowInDays: 30 }));
    },
  };
  const alias: LeftoverKind = {
    kind: 'alias',
    list: () => tenantAliases(kms),
    remove: ({ id }) => unlessNamed(kms.send(new DeleteAliasCommand({ AliasName: id })), 'NotFoundException'),
  };
  return [key, alias];
}
