import { TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PlatformError } from '../contract/errors';
import { isConditionFailure } from './condition-failure';
import { claimLost, type OperationName } from './lifecycle';
import type { TenantsTable } from './tenants-table';
import type { Update, Write } from './transition';

/** A tenant, and the execution that must own it. */
export interface Owned {
  readonly tenantId: string;
  readonly executionArn: string;
}

/** One write, or one transaction. */
export async function send(table: TenantsTable, update: Update, ...further: readonly Write[]): Promise<void> {
  if (further.length === 0) await table.client.send(new UpdateCommand(update));
  else await table.client.send(new TransactWriteCommand({ TransactItems: [{ Update: update }, ...further] }));
}

/** Reports a failed condition of an owner's write. @throws PlatformError `ClaimLost` */
export async function unlessLost<T>(
  name: OperationName,
  { tenantId, executionArn }: Owned,
  write: Promise<T>,
): Promise<T> {
  try {
    return await write;
  } catch (thrown) {
    throw isConditionFailure(thrown) ? claimLost(name, tenantId, executionArn) : thrown;
  }
}

/**
 * Reports a failed condition of a write on a tenant that has changed since it was read.
 *
 * @throws PlatformError `TransientConflict`
 */
export async function unlessChanged(conflict: string, write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    throw new PlatformError('TransientConflict', conflict, { cause: thrown });
  }
}
