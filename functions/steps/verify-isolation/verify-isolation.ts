import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { itemKeys } from '../../contract/records';
import { VerifyIsolationInput, VerifyIsolationOutput } from '../../contract/steps';
import { claimLost, isConditionFailure } from '../../shared/claim-guard';
import { clientOptions } from '../../shared/clients';
import { env } from '../../shared/env';
import { type Step, stepHandler } from '../../shared/step-handler';
import { type TenantsTable, tenantsTable } from '../../shared/tenants-table';
import type { Sources } from './check';
import { factsOf } from './facts/facts';
import { loadBalancerDoor } from './probes/load-balancer-door';
import { breachOf, digestOf } from './report';
import type { Platform, Subject } from './subject';
import { verify } from './verify';

type Verification = z.infer<typeof VerifyIsolationOutput>;

export interface VerifyIsolationDeps {
  readonly table: TenantsTable;
  readonly platform: Platform;
  readonly sourcesFor: (subject: Subject) => Sources;
  readonly now: () => Date;
}

/** ActivateTenant asks the record for this very digest. */
function recording(table: TenantsTable, tenantId: string, executionArn: string, verification: Verification) {
  return new UpdateCommand({
    TableName: table.name,
    Key: itemKeys.tenant(tenantId),
    UpdateExpression: 'SET verification = :verification, updatedAt = :now',
    ConditionExpression: 'executionArn = :execution AND #status = :onboarding',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: {
      ':verification': verification,
      ':now': verification.verifiedAt,
      ':execution': executionArn,
      ':onboarding': 'ONBOARDING',
    },
  });
}

/**
 * Proves that nobody but the tenant can reach its data, and that it can reach nobody else's, before its first request.
 *
 * 1. Every check of the catalogue is asked, side by side: what AWS has is read, and doors are tried.
 * 2. One failed check fails the step, under the names of all that failed.
 * 3. Otherwise the digest of the report goes on the tenant's record, where ActivateTenant asks for it.
 *
 * Nothing to undo: probes leave nothing behind, and RegisterTenant removes an earlier attempt's verification.
 *
 * Throws `IsolationBreach`, `ClaimLost`, `Transient*` where a service failed in passing: then nothing is known yet.
 */
export const verifyIsolation: Step<typeof VerifyIsolationInput, typeof VerifyIsolationOutput, VerifyIsolationDeps> = {
  name: 'VerifyIsolation',
  input: VerifyIsolationInput,
  output: VerifyIsolationOutput,
  run: async ({ table, platform, sourcesFor, now }, { executionArn, ...tenantInput }) => {
    const subject: Subject = { ...platform, ...tenantInput, routed: false };
    const report = await verify(subject, sourcesFor(subject), now);
    if (!report.passed) throw breachOf(report);
    const verification = {
      checks: report.checks.length,
      verifiedAt: report.verifiedAt,
      digest: digestOf(report),
    };
    try {
      await table.client.send(recording(table, report.tenantId, executionArn, verification));
    } catch (thrown) {
      throw isConditionFailure(thrown) ? claimLost(report.tenantId, executionArn) : thrown;
    }
    return verification;
  },
};

const realDeps = (): VerifyIsolationDeps => {
  const clients = {
    kms: new KMSClient(clientOptions),
    s3: new S3Client(clientOptions),
    iam: new IAMClient(clientOptions),
    elb: new ElasticLoadBalancingV2Client(clientOptions),
  };
  return {
    table: tenantsTable(),
    get platform() {
      return {
        accountId: env('ACCOUNT_ID'),
        region: env('AWS_REGION'),
        stackRoleArn: env('STACK_ROLE_ARN'),
        boundaryArn: env('TENANT_BOUNDARY_ARN'),
        trustedRoleArns: env('TRUSTED_ROLE_ARNS').split(','),
      };
    },
    sourcesFor: (subject) => ({
      facts: factsOf(clients, subject),
      doors: { request: loadBalancerDoor(subject.cell.loadBalancerUrl) },
    }),
    now: () => new Date(),
  };
};

export const handler = stepHandler(verifyIsolation, realDeps());
