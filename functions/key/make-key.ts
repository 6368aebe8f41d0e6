import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  EnableKeyCommand,
  type KeyMetadata,
  type KMSClient,
  KMSServiceException,
} from '@aws-sdk/client-kms';
import { PlatformError } from '../contract/errors';
import { TENANT_ID_PATTERN, TENANT_TAG, tenantNames } from '../contract/naming';
import type { Tenant } from '../contract/tenant';
import { isNamed } from '../shared/is-named';
import { forgetKeyRequest } from '../tenants/key-requests';
import type { TenantsTable } from '../tenants/tenants-table';
import { keyByAlias, onceKnown } from './tenant-keys';

export interface KeyMaker {
  readonly table: TenantsTable;
  readonly kms: Pick<KMSClient, 'send'>;
  /** CreateKey has no idempotency token: this client never repeats a request by itself. */
  readonly kmsOnce: Pick<KMSClient, 'send'>;
}

/**
 * Makes a key usable again after a rollback has begun to retire it. Its alias still points to it.
 */
export async function revive({ kms }: KeyMaker, key: KeyMetadata): Promise<void> {
  const KeyId = key.KeyId;
  if (key.KeyState === 'PendingDeletion') await onceKnown(kms.send(new CancelKeyDeletionCommand({ KeyId })));
  if (key.KeyState === 'PendingDeletion' || key.KeyState === 'Disabled') {
    await onceKnown(kms.send(new EnableKeyCommand({ KeyId })));
    return;
  }
  if (key.KeyState !== 'Enabled') {
    throw new PlatformError('KeyUnusable', `key ${key.Arn} is ${key.KeyState}, expected Enabled`);
  }
}

/** A key's description is no proof of whose it is, but one that names another tenant is reason enough to leave the key alone. */
const isOfAnother = (tenantId: string, { Description = '' }: KeyMetadata) =>
  Description.split(/[^0-9a-z]/).some((part) => TENANT_ID_PATTERN.test(part) && part !== tenantId);

/**
 * The key that has the tenant's alias. A tenant's key admits CreateTenantKey by its policy, and an older one by its tag, so a key
 * that it may not read is somebody else's.
 *
 * @throws PlatformError `KeyUnusable` when somebody else's key has the alias
 */
export async function aliasedKey(kms: KeyMaker['kms'], tenantId: string): Promise<KeyMetadata | undefined> {
  const unusable = (what: string, cause?: Error) =>
    new PlatformError('KeyUnusable', `${tenantNames.keyAlias(tenantId)} is on a key ${what}`, { cause });
  try {
    const key = await keyByAlias(kms, tenantId);
    if (key && isOfAnother(tenantId, key)) throw unusable(`of somebody else: ${key.Arn}, ${key.Description}`);
    return key;
  } catch (thrown) {
    throw isNamed(thrown, 'AccessDeniedException')
      ? unusable(`that CreateTenantKey may not read, as one of somebody else is: ${thrown.message}`, thrown)
      : thrown;
  }
}

/** After a client error no key exists. After a server error or a timeout one may exist. */
const isRefusal = (thrown: unknown) =>
  thrown instanceof KMSServiceException && (thrown.$metadata.httpStatusCode ?? 500) < 500;

/**
 * Creates the key. If KMS refuses the request, no key exists, and the note on the record is
 * removed.
 */
export async function makeKey(
  deps: KeyMaker,
  Policy: string,
  tenant: Tenant,
  executionArn: string,
): Promise<KeyMetadata> {
  const { tenantId, signupId } = tenant;
  const command = new CreateKeyCommand({
    Policy,
    Description: `Data of tenant ${tenantId}`,
    Tags: [
      { TagKey: TENANT_TAG, TagValue: tenantId },
      { TagKey: 'signupId', TagValue: signupId },
      { TagKey: 'managedBy', TagValue: 'tenant-onboarding' },
    ],
  });
  try {
    const { KeyMetadata } = await onceKnown(deps.kmsOnce.send(command));
    if (KeyMetadata) return KeyMetadata;
  } catch (thrown) {
    const refusal = thrown instanceof PlatformError ? thrown.cause : thrown;
    if (isRefusal(refusal)) await forgetKeyRequest(deps.table, 'withdrawKeyRequest', { tenantId, executionArn });
    throw thrown;
  }
  throw new PlatformError('UnexpectedFailure', 'CreateKey answered without a key');
}

/**
 * Creates the key's alias. If the alias exists and points to the key, the answer of an earlier
 * request was lost.
 */
export async function giveAlias({ kms }: KeyMaker, key: KeyMetadata, tenantId: string): Promise<void> {
  const AliasName = tenantNames.keyAlias(tenantId);
  try {
    await onceKnown(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key.KeyId })));
  } catch (thrown) {
    if (!isNamed(thrown, 'AlreadyExistsException')) throw thrown;
    const aliased = await aliasedKey(kms, tenantId);
    if (aliased?.Arn === key.Arn) return;
    throw new PlatformError('TransientConflict', `${AliasName} points to another key, or has just been deleted`);
  }
}
