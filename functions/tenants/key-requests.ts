import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type Owned, send, unlessLost } from './guarded-write';
import type { TenantsTable } from './tenants-table';
import { transition } from './transition';

/**
 * Notes on the record that a key is about to be created.
 *
 * @returns the time of an earlier note, if there is one: then a key may exist without an alias
 * @throws PlatformError `ClaimLost`
 */
export async function requestKey(table: TenantsTable, owned: Owned, now: string): Promise<Date | undefined> {
  const { tenantId, executionArn } = owned;
  const update = transition(table, 'requestKey', { tenantId, owner: executionArn, set: { keyRequestedAt: now } });
  const write = table.client.send(new UpdateCommand({ ...update, ReturnValues: 'UPDATED_NEW' }));
  const { Attributes } = await unlessLost('requestKey', owned, write);
  const noted = String(Attributes?.keyRequestedAt ?? now);
  return noted === now ? undefined : new Date(noted);
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
