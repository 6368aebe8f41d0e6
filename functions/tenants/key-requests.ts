import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { TenantRecordSchema } from '../contract/records';
import { unless } from '../shared/unless';
import { isConditionFailure } from './condition-failure';
import { type Owned, send, unlessLost } from './guarded-write';
import type { TenantsTable } from './tenants-table';
import { transition } from './transition';

const NotesSchema = TenantRecordSchema.pick({ keyRequestedAt: true, keyRetiringUntil: true });

/** What the record says of the tenant's key when a key is requested. */
export interface KeyRequest {
  /** The time of an earlier request, if there was one: then a key may exist without an alias. */
  readonly earlier?: Date;
  /** Until when an earlier execution may still retire keys, epoch milliseconds. */
  readonly retiringUntil?: number;
}

/**
 * Notes on the record that a key is about to be created.
 *
 * @throws PlatformError `ClaimLost`
 */
export async function requestKey(table: TenantsTable, owned: Owned, now: string): Promise<KeyRequest> {
  const { tenantId, executionArn } = owned;
  const update = transition(table, 'requestKey', { tenantId, owner: executionArn, set: { keyRequestedAt: now } });
  const write = table.client.send(new UpdateCommand({ ...update, ReturnValues: 'ALL_NEW' }));
  const { Attributes } = await unlessLost('requestKey', owned, write);
  const { keyRequestedAt = now, keyRetiringUntil } = NotesSchema.parse(Attributes ?? {});
  return {
    ...(keyRequestedAt !== now && { earlier: new Date(keyRequestedAt) }),
    ...(keyRetiringUntil !== undefined && { retiringUntil: keyRetiringUntil }),
  };
}

/** Notes until when this execution's function may retire keys. @throws PlatformError `ClaimLost` */
export async function beginKeyRetirement(table: TenantsTable, owned: Owned, until: number): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  const update = transition(table, 'beginKeyRetirement', { tenantId, owner, set: { keyRetiringUntil: until } });
  await unlessLost('beginKeyRetirement', owned, send(table, update));
}

/** Removes that note, unless another function has replaced it. */
export async function endKeyRetirement(table: TenantsTable, tenantId: string, until: number): Promise<void> {
  const removal = transition(table, 'endKeyRetirement', { tenantId, seen: { keyRetiringUntil: until } });
  await unless(send(table, removal), isConditionFailure);
}

/**
 * Removes the note. `withdrawKeyRequest`: no key was created. `retireKey`: every key is retired.
 */
export async function forgetKeyRequest(
  table: TenantsTable,
  name: 'withdrawKeyRequest' | 'retireKey',
  owned: Owned,
): Promise<void> {
  const { tenantId, executionArn: owner } = owned;
  await unlessLost(name, owned, send(table, transition(table, name, { tenantId, owner })));
}
