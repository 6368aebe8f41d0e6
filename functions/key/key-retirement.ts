import { GetKeyPolicyCommand, type KeyMetadata, ListAliasesCommand } from '@aws-sdk/client-kms';
import { MAX_ATTEMPTS, REQUEST_TIMEOUT_MS } from '../contract/call-limits';
import { PlatformError } from '../contract/errors';
import { TENANT_ID_PATTERN, tenantIdIn, tenantNames } from '../contract/naming';
import { logger } from '../shared/logger';
import { settled } from '../shared/settled';
import type { Owned } from '../tenants/guarded-write';
import { beginKeyRetirement, endKeyRetirement } from '../tenants/key-requests';
import { guardUndo } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { type KeyFinder, onceKnown } from './tenant-keys';

/**
 * How long one invocation may begin effects on keys, milliseconds. With its last call, which may be
 * repeated, it is over before CreateTenantKey stops waiting: 30 + 26 s of its 60 s.
 */
const WORKING_TIME = 30_000;
const LAST_CALL = MAX_ATTEMPTS * REQUEST_TIMEOUT_MS + 2_000;

/** The right to retire a tenant's keys, for a limited time. */
export interface Retirement {
  /** Call right before each effect. @throws PlatformError when the right is lost or its time is over */
  readonly permit: () => Promise<void>;
  /** Gives the right back before its time. */
  readonly end: () => Promise<void>;
}

/**
 * KMS has no conditional writes. So the record says until when this function may touch keys, and the
 * CreateTenantKey of an execution that takes the tenant over waits until then.
 *
 * @throws PlatformError `ClaimLost`, `TenantIsActive`
 */
export async function beginRetirement(table: TenantsTable, owned: Owned, now: () => Date): Promise<Retirement> {
  const until = now().getTime() + WORKING_TIME + LAST_CALL;
  await beginKeyRetirement(table, owned, until);
  return {
    permit: async () => {
      if (now().getTime() > until - LAST_CALL)
        throw new PlatformError('TransientConflict', `retiring the key of tenant ${owned.tenantId} took too long`);
      await guardUndo(table, 'retireKey', owned);
    },
    end: () => endKeyRetirement(table, owned.tenantId, until),
  };
}

/** @throws PlatformError `TransientNotYetVisible` while the function of an earlier execution may still retire keys */
export function requireNoRetirement(tenantId: string, until: number | undefined, now: Date): void {
  if (until === undefined || until < now.getTime()) return;
  throw new PlatformError(
    'TransientNotYetVisible',
    `an earlier execution may still be retiring the key of tenant ${tenantId}`,
  );
}

const tenantIdsIn = (text: string) => text.split(/[^0-9a-z]/).filter((part) => TENANT_ID_PATTERN.test(part));

async function aliasesOf(kms: KeyFinder['kms'], KeyId: string | undefined): Promise<string[]> {
  const { Aliases = [] } = await onceKnown(kms.send(new ListAliasesCommand({ KeyId })));
  return Aliases.map(({ AliasName = '' }) => AliasName);
}

/** Whether a key that was found by its tag has the tenant's alias. */
export const hasAlias = async (kms: KeyFinder['kms'], tenantId: string, { KeyId }: KeyMetadata) =>
  (await aliasesOf(kms, KeyId)).includes(tenantNames.keyAlias(tenantId));

async function namedTenants(kms: KeyFinder['kms'], KeyId: string | undefined): Promise<Set<string>> {
  const [{ Policy = '' }, aliases] = await settled([
    onceKnown(kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }))),
    aliasesOf(kms, KeyId),
  ]);
  const byAlias = aliases.flatMap((alias) =>
    alias.startsWith(tenantNames.keyAlias('')) ? (tenantIdIn(alias) ?? []) : [],
  );
  return new Set([...tenantIdsIn(Policy), ...byAlias]);
}

/**
 * Whether a key that was found by alias or tag is this tenant's alone. Anybody who may tag keys can
 * give a key a tenant's tag, but a key serves the tenant that its policy names.
 */
export async function isOnlyOf(kms: KeyFinder['kms'], tenantId: string, key: KeyMetadata): Promise<boolean> {
  const named = await namedTenants(kms, key.KeyId);
  if (named.size === 1 && named.has(tenantId)) return true;
  logger.warn('key.left', { keyArn: key.Arn, tenantId, named: [...named] });
  return false;
}
