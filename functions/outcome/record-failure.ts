import { TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys, type RefusedSignup, stateKeys } from '../contract/records';
import { SignupSchema, signupDetail } from '../contract/signup';
import type { FailureReport } from '../contract/tenant';
import { logger } from '../shared/logger';
import { isConditionFailure } from '../tenants/ownership';
import type { TenantsTable } from '../tenants/tenants-table';

interface Recording {
  readonly tenantId: string;
  readonly executionArn: string;
  readonly failure: FailureReport;
  readonly at: string;
}

/** A record that is another execution's now, or a living tenant's, stays as it is; the event still tells the failure. */
async function unlessForeign(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    logger.warn('failure.not-recorded');
  }
}

/** What a rollback has taken away. The key stays named: it still exists, in its deletion window. */
const GONE = 'REMOVE roleArn, bucketName, ruleArn, templateVersions, verification';

/** Makes the failure final on the tenant's record: FAILED, or HELD with its resources kept. */
export async function recordFailure(
  table: TenantsTable,
  { tenantId, executionArn, failure, at }: Recording,
): Promise<void> {
  const held = failure.outcome === 'held';
  const status = held ? 'HELD' : 'FAILED';
  const keys = stateKeys.tenant(status, tenantId);
  await unlessForeign(
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: itemKeys.tenant(tenantId),
        UpdateExpression:
          'SET #status = :status, failure = :failure, updatedAt = :at, statePk = :statePk, stateSk = :stateSk ' +
          (held ? '' : GONE),
        ConditionExpression: 'executionArn = :execution AND attribute_not_exists(activatedAt)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: {
          ':status': status,
          ':failure': { ...failure, at },
          ':at': at,
          ':statePk': keys.statePk,
          ':stateSk': keys.stateSk,
          ':execution': executionArn,
        },
      }),
    ),
  );
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

/** Leaves a record of a signup that never became a tenant, in place of an earlier refusal or of nothing, to be found by its subdomain. */
export async function recordRefusal(
  table: TenantsTable,
  { tenantId, executionArn, failure, at }: Recording,
  signup: { readonly signupId: string; readonly input: unknown },
): Promise<void> {
  const TableName = table.name;
  const fields = ReadableFields.parse(signupDetail(signup.input));
  const record: RefusedSignup = {
    ...fields,
    refused: true,
    tenantId,
    signupId: signup.signupId,
    status: 'FAILED',
    executionArn,
    createdAt: at,
    updatedAt: at,
    failure: { ...failure, at },
  };
  const Put = {
    TableName,
    Item: { ...itemKeys.tenant(tenantId), ...stateKeys.tenant('FAILED', tenantId), ...record },
    ConditionExpression: 'attribute_not_exists(pk) OR refused = :refused',
    ExpressionAttributeValues: { ':refused': true },
  };
  const { subdomain } = fields;
  const last = subdomain ? [{ Put: { TableName, Item: { ...itemKeys.lastOf(subdomain), subdomain, tenantId } } }] : [];
  await unlessForeign(table.client.send(new TransactWriteCommand({ TransactItems: [{ Put }, ...last] })));
}
