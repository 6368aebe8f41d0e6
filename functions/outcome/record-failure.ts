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
 * The record of another execution, or of an ACTIVE tenant, stays. The event still reports the
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

/** Records the failure and sets the tenant to FAILED, or to HELD when its resources are kept. */
export async function recordFailure(
  table: TenantsTable,
  { tenantId, executionArn, failure, at }: Recording,
): Promise<void> {
  const operation = failure.outcome === 'held' ? 'hold' : 'fail';
  const write = concludeFailed(table, operation, { tenantId, executionArn }, { ...failure, at });
  await unlessForeign('ClaimLost', write);
}

const { companyName, subdomain, contactEmail, plan } = SignupSchema.shape;
/** The valid fields of a refused signup. */
const ReadableFields = z
  .object({
    companyName: companyName.optional().catch(undefined),
    subdomain: subdomain.optional().catch(undefined),
    contactEmail: contactEmail.optional().catch(undefined),
    plan: plan.optional().catch(undefined),
  })
  .catch({});

/**
 * Records a signup that never became a tenant, so that an operator finds it by its subdomain. The
 * record replaces one of an earlier refusal.
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
