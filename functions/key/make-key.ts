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
import { TENANT_TAG, tenantNames } from '../contract/naming';
import type { Tenant } from '../contract/tenant';
import { isNamed } from '../shared/is-named';
import { forgetKeyRequest } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { keyByAlias } from './tenant-keys';

export interface KeyMaker {
  readonly table: TenantsTable;
  readonly kms: Pick<KMSClient, 'send'>;
  /** CreateKey has no idempotency token: this client never repeats a request by itself. */
  readonly kmsOnce: Pick<KMSClient, 'send'>;
}

/** A key that a rollback has begun to retire becomes usable again; its alias still points at it. */
export async function revive({ kms }: KeyMaker, key: KeyMetadata): Promise<void> {
  const KeyId = key.KeyId;
  if (key.KeyState === 'PendingDeletion') await kms.send(new CancelKeyDeletionCommand({ KeyId }));
  if (key.KeyState === 'PendingDeletion' || key.KeyState === 'Disabled') {
    await kms.send(new EnableKeyCommand({ KeyId }));
    return;
  }
  if (key.KeyState !== 'Enabled') {
    throw new PlatformError('KeyUnusable', `key ${key.Arn} is ${key.KeyState}, expected Enabled`);
  }
}

/** A client error is KMS's word that there is no key; silence and a server error are not. */
const isRefusal = (thrown: unknown) =>
  thrown instanceof KMSServiceException && (thrown.$metadata.httpStatusCode ?? 500) < 500;

/**
 * Makes the key. One that was refused for certain was not made, and the note of it goes.
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
    const { KeyMetadata } = await deps.kmsOnce.send(command);
    if (KeyMetadata) return KeyMetadata;
  } catch (thrown) {
    if (isRefusal(thrown)) await forgetKeyRequest(deps.table, 'withdrawKeyRequest', { tenantId, executionArn });
    throw thrown;
  }
  throw new PlatformError('UnexpectedFailure', 'CreateKey answered without a key');
}

/** A key that has just been made may not be known everywhere yet. */
export async function onceKnown<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (thrown) {
    if (!isNamed(thrown, 'NotFoundException')) throw thrown;
    throw new PlatformError('TransientNotYetVisible', `${thrown.name}: ${thrown.message}`, { cause: thrown });
  }
}

/** Where the alias is there after all, an earlier request has made it and its answer was lost. */
export async function giveAlias({ kms }: KeyMaker, key: KeyMetadata, tenantId: string): Promise<void> {
  const AliasName = tenantNames.keyAlias(tenantId);
  try {
    await onceKnown(kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: key.KeyId })));
  } catch (thrown) {
    if (!isNamed(thrown, 'AlreadyExistsException')) throw thrown;
    const aliased = await keyByAlias(kms, tenantId);
    if (aliased?.Arn === key.Arn) return;
    throw new PlatformError('TransientConflict', `${AliasName} points to another key, or has just been deleted`);
  }
}
