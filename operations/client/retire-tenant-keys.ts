import type { KeyMetadata } from '@aws-sdk/client-kms';
import { isOnlyOf } from '../../functions/key/key-retirement';
import { retireKeys } from '../../functions/key/retire-keys';
import { describeKey, isUsable, type KeyFinder } from '../../functions/key/tenant-keys';
import { taggedKeys, tenantAliases } from '../../functions/orphans/key-leftovers';
import { settled } from '../../functions/shared/settled';

/** The shortest that ScheduleKeyDeletion allows. */
const WINDOW_DAYS = 7;

/** Keys by alias and by tag: a run that was stopped between CreateKey and CreateAlias has left one without an alias. */
async function everyKey({ kms, tagging }: KeyFinder): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, Set<string>>();
  for (const list of [tenantAliases(kms), taggedKeys(tagging)])
    for await (const { tenantId, id } of list) found.set(tenantId, new Set([...(found.get(tenantId) ?? []), id]));
  return found;
}

/** The keys of these names that are the tenant's alone, and whose deletion is not scheduled yet. */
async function usable({ kms }: KeyFinder, tenantId: string, names: ReadonlySet<string>): Promise<KeyMetadata[]> {
  const described = (await settled([...names].map((name) => describeKey(kms, name)))).filter(
    (key) => key !== undefined,
  );
  const keys = [...new Map(described.map((key) => [key.Arn, key])).values()].filter(isUsable);
  const ours = await settled(keys.map((key) => isOnlyOf(kms, tenantId, key)));
  return keys.filter((_, index) => ours[index]);
}

/**
 * Schedules the deletion of all tenants' keys, and deletes their aliases, the aliases last: a key whose deletion was scheduled
 * before, by a teardown that has stopped or by a person, stays as it is ("Key states of AWS KMS keys").
 */
export async function retireTenantKeys(finder: KeyFinder, log: (line: string) => void): Promise<void> {
  for (const [tenantId, names] of await everyKey(finder)) {
    const retired = await retireKeys(
      finder.kms,
      tenantId,
      await usable(finder, tenantId, names),
      WINDOW_DAYS,
      async () => {},
    );
    if (retired.length > 0) log(`key of tenant ${tenantId}: it is deleted in ${WINDOW_DAYS} days`);
  }
}
