import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { SignupSchema, signupDetail } from '../contract/signup';
import type { FailureReport } from '../contract/tenant';
import { logger } from '../shared/logger';
import { concludeFailed, refuse } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';

interface Recording {
  readonly tenantId: string;
  readonly executionArn: string;
  readonly failure: FailureReport;
  readonly at: string;
}

/**
 * A record that another execution owns, or an ACTIVE tenant's, stays; the event still tells the
 * failure.
 */
async function unlessForeign(name: 'ClaimLost' | 'TransientConflict', write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (thrown) {
    if (!(thrown instanceof PlatformError && thrown.name === name)) throw thrown;
    logger.warn('failure.not-recorded');
  }
}

/** Makes the failure final on the tenant's record: FAILED, or HELD with its resources kept. */
export async function recordFailure(
  table: TenantsTable,
  { tenantId, executionArn, failure, at }: Recording,
): Promise<void> {
  const operation = failure.outcome === 'held' ? 'hold' : 'fail';
  const write = concludeFailed(table, operation, { tenantId, executionArn }, { ...failure, at });
  await unlessForeign('ClaimLost', write);
}

const { companyName, subdomain, contactEmail, plan } = SignupSchema.shape;
/** Those fields of a refused signup that are as they should be. */
const ReadableFields = z
  .object({
    companyName: companyName.optional().catch(undefined),
    subdomain: subdomain.optional().catch(undefined),
    contactEmail: contactEmail.optional().catch(undefined),
    plan: plan.optional().catch(undefined),
  })
  .catch({});

/**
 * Leaves a record of a signup that never became a tenant, in place of an earlier refusal or of
 * nothing, to be found by its subdomain.
 */
export async function recordRefusal(
  table: TenantsTable,
  { tenantId, executionArn, failure, at }: Recording,
  signup: { readonly signupId: string; readonly input: unknown },
): Promise<void> {
  const refusal = {
    ...ReadableFields.parse(signupDetail(signup.input)),
    refused: true,
    tenantId,
    signupId: signup.signupId,
    executionArn,
    createdAt: at,
    updatedAt: at,
    failure: { ...failure, at },
  } as const;
  await unlessForeign('TransientConflict', refuse(table, refusal));
}
