import {
  DeleteAliasCommand,
  DisableKeyCommand,
  type KeyMetadata,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { tenantNames } from '../contract/naming';
import { unlessNamed } from '../shared/unless';
import { type KeyFinder, onceKnown } from './tenant-keys';

type Kms = KeyFinder['kms'];

async function retireKey(
  kms: Kms,
  key: KeyMetadata,
  windowDays: number,
  permit: () => Promise<void>,
): Promise<boolean> {
  if (key.KeyState === 'PendingDeletion') return false;
  const KeyId = key.KeyId;
  await permit();
  if (key.KeyState === 'Enabled') await onceKnown(kms.send(new DisableKeyCommand({ KeyId })));
  await permit();
  await onceKnown(kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: windowDays })));
  return true;
}

async function dropAlias(kms: Kms, tenantId: string): Promise<void> {
  const alias = new DeleteAliasCommand({ AliasName: tenantNames.keyAlias(tenantId) });
  await unlessNamed(kms.send(alias), 'NotFoundException');
}

/**
 * Disables a tenant's keys and schedules their deletion. A key that is already pending deletion
 * stays as it is. The alias is deleted last: until then a retry finds the key by its alias.
 *
 * @param permit called right before each effect; throws to stop it
 * @param keepsAlias the alias leads to somebody else's key
 * @param windowDays the deletion window, 7 to 30 days ("ScheduleKeyDeletion")
 * @returns ARNs of the keys that were not pending deletion before
 */
export async function retireKeys(
  kms: Kms,
  tenantId: string,
  keys: readonly KeyMetadata[],
  windowDays: number,
  permit: () => Promise<void>,
  keepsAlias = false,
): Promise<string[]> {
  const retired: string[] = [];
  for (const key of keys) if (await retireKey(kms, key, windowDays, permit)) retired.push(key.Arn ?? '');
  await permit();
  if (!keepsAlias) await dropAlias(kms, tenantId);
  return retired;
}
