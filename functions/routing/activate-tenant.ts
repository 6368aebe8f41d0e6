import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type * as z from 'zod';
import type { Compute } from '../compute/compute';
import { tableLiveColour } from '../compute/table-live-colour';
import { targetHealth } from '../compute/target-health';
import { PlatformError } from '../contract/errors';
import { ActivateTenantInput, ActivateTenantOutput } from '../contract/onboarding';
import type { TenantRecord } from '../contract/records';
import { STACK_KINDS, type StackKind } from '../contract/stacks';
import { type HostedZone, hostedZone } from '../dns/hosted-zone';
import { requireResolving } from '../dns/tenant-name';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, surroundingsOf } from '../shared/clients';
import { inAwsWords } from '../shared/error-translation';
import { settled } from '../shared/settled';
import { type Databases, protectDatabases } from '../stacks/database-protection';
import { claimLost, recordGone, requirePermission } from '../tenants/lifecycle';
import { activate, findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { isRuleGone, type LoadBalancer, pointRule, type RuleAim } from './host-rule';
import { putStarterPage, type TenantAccess } from './put-starter-page';
import { ruleOf } from './tenant-rule';

export interface ActivateTenantDeps extends TenantAccess {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly zone?: HostedZone | undefined;
  readonly compute: Pick<Compute, 'live' | 'requireHealthyTarget'>;
  readonly cloudformation: Pick<CloudFormationClient, 'send'>;
  readonly rds: Databases;
  readonly now: () => Date;
}

type Input = z.output<typeof ActivateTenantInput>;

/**
 * The record must have the verification of this attempt. RegisterTenant has removed an earlier one.
 */
function requireVerified(record: TenantRecord, { tenant, verification }: Input): void {
  if (record.verification?.digest === verification.digest) return;
  throw new PlatformError(
    'IsolationBreach',
    `record of tenant ${tenant.tenantId} lacks the verification ${verification.digest} of this attempt`,
  );
}

/** @throws PlatformError `UnexpectedFailure` when somebody has deleted the rule that RegisterTenant has made */
async function openRule(elb: LoadBalancer, { tenantId, slot }: Input['tenant'], ruleArn: string, aim: RuleAim) {
  try {
    await pointRule(elb, ruleArn, aim);
  } catch (thrown) {
    if (!isRuleGone(thrown)) throw thrown;
    const text = `somebody has deleted the listener rule of tenant ${tenantId} in cell ${slot.cell}; a redrive makes another`;
    throw new PlatformError('UnexpectedFailure', `${text}: ${inAwsWords(thrown)}`, { cause: thrown });
  }
}

/**
 * Puts the tenant into service. It is the last forward action that has an undo.
 *
 * 1. This execution must own the tenant, and the tenant must be ONBOARDING and have this attempt's
 *    verification on record. If this execution has already made it ACTIVE, return: the answer was
 *    lost.
 *    All name servers of the hosted zone must know the tenant's DNS records.
 * 2. Put a starter page into the tenant's bucket, with the tenant's role.
 * 3. Beside it, protect the four stacks and the databases from deletion.
 * 4. Let the listener rule forward to the target group of the live colour, if the group has a
 *    healthy target. The live colour is read now: the execution may have begun two weeks before its
 *    redrive. The shared service still answers 503, because the route is SETTING_UP.
 * 5. Set the tenant's record and its route to ACTIVE in one transaction.
 *
 * The transaction is the last effect: before it everything can be undone, and after it nothing is
 * left to do here. PublishCompletion asks for the page before it announces the tenant: this action
 * has ended then, and no retry of it can undo a tenant that is ACTIVE.
 *
 * Undone by DeregisterTenant and DeleteStack, but only until the tenant is ACTIVE.
 *
 * Throws `IsolationBreach` when the verification is missing, `ClaimLost`, `TransientNotYetVisible`, `TransientConflict`,
 * `TransientServiceUnsteady` when the live colour has no healthy target.
 * "Protect CloudFormation stacks from being deleted": termination protection can be set on a stack in any status but
 * DELETE_IN_PROGRESS and DELETE_COMPLETE.
 *
 * Besides the common retries, for a service that serves nobody: 60 retries, 60 x 60 = 3600 s at most, half on average.
 */
export const activateTenant: Action<typeof ActivateTenantInput, typeof ActivateTenantOutput, ActivateTenantDeps> = {
  name: 'ActivateTenant',
  input: ActivateTenantInput,
  output: ActivateTenantOutput,
  run: async (deps, input) => {
    const { table, elb, compute, cloudformation, rds, now } = deps;
    const { tenant, cell, stacks, route, executionArn } = input;
    const { tenantId, host } = tenant;
    const record = await findTenant(table, tenantId);
    if (!record) throw recordGone(tenantId, executionArn);
    if (record.executionArn !== executionArn) throw claimLost('activate', tenantId, executionArn);
    if (record.status === 'ACTIVE' && record.activatedAt) return { activatedAt: record.activatedAt };
    requirePermission('activate', record, executionArn);
    requireVerified(record, input);
    await requireResolving(deps.zone, route.nameChangeId);

    const { RoleArn: roleArn } = stacks.access.outputs;
    const { BucketName: bucketName } = stacks.storage.outputs;
    const { InstanceId, ReplicaId } = stacks.database.outputs;
    const protectStack = (kind: StackKind) =>
      cloudformation.send(
        new UpdateTerminationProtectionCommand({
          StackName: stacks[kind].stackName,
          EnableTerminationProtection: true,
        }),
      );
    await settled([
      putStarterPage(deps, tenant, { roleArn, bucketName, companyName: record.companyName }),
      ...STACK_KINDS.map(protectStack),
      protectDatabases(rds, ReplicaId ? [InstanceId, ReplicaId] : [InstanceId]),
    ]);
    const live = await compute.live(cell);
    await compute.requireHealthyTarget(cell, live.colour);
    await openRule(elb, tenant, route.ruleArn, ruleOf({ status: 'ACTIVE' }, live, cell));

    const activatedAt = now().toISOString();
    await activate(table, { tenantId, executionArn, host }, record, activatedAt);
    return { activatedAt };
  },
};

const realDeps = (): ActivateTenantDeps => {
  const table = tenantsTable();
  const elb = new ElasticLoadBalancingV2Client(clientOptions);
  const s3 = new S3Client(clientOptions);
  return {
    table,
    elb,
    zone: hostedZone(),
    compute: { ...tableLiveColour(table), ...targetHealth(elb) },
    cloudformation: new CloudFormationClient(clientOptions),
    rds: new RDSClient(clientOptions),
    sts: new STSClient(clientOptions),
    s3As: (credentials) => new S3Client({ ...surroundingsOf(s3), credentials }),
    now: () => new Date(),
  };
};

export const handler = actionHandler(activateTenant, realDeps());
