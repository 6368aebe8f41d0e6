import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import type * as z from 'zod';
import type { Compute } from '../compute/compute';
import { tableLiveColour } from '../compute/table-live-colour';
import { PlatformError } from '../contract/errors';
import { ActivateTenantInput, ActivateTenantOutput } from '../contract/onboarding';
import type { TenantRecord } from '../contract/records';
import { STACK_KINDS } from '../contract/stacks';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { claimLost, requirePermission } from '../tenants/lifecycle';
import { activate, findTenant } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { forwardHost, type LoadBalancer } from './host-rule';
import { putStarterPage, type TenantAccess } from './put-starter-page';

export interface ActivateTenantDeps extends TenantAccess {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly compute: Pick<Compute, 'live'>;
  readonly cloudformation: Pick<CloudFormationClient, 'send'>;
  readonly now: () => Date;
}

type Input = z.output<typeof ActivateTenantInput>;

/** The record must carry the very report that this attempt was given; RegisterTenant has removed any earlier one. */
function requireVerified(record: TenantRecord, { tenant, verification }: Input): void {
  if (record.verification?.digest === verification.digest) return;
  throw new PlatformError(
    'IsolationBreach',
    `record of tenant ${tenant.tenantId} lacks the verification ${verification.digest} of this attempt`,
  );
}

/**
 * Opens the tenant to the world: the last step that an undo can take back, and only until it is done.
 *
 * 1. The tenant must be this execution's and ONBOARDING, with this attempt's verification on record. Already ACTIVE by
 *    this execution: everything below has been done, and its answer was lost.
 * 2. A starter page in the tenant's bucket, put there under the tenant's role.
 * 3. Its four stacks are protected from deletion.
 * 4. The listener rule forwards to the target group of the colour that is live now, and not when the execution began: a
 *    redrive may be two weeks younger. The shared service still answers 503, as the route item says SETTING_UP.
 * 5. In one transaction the tenant's record and its route item become ACTIVE.
 *
 * The transaction comes last: whatever fails before it can still be undone, and after it nothing is left to do.
 *
 * Undone by DeregisterTenant and DeleteStack, as long as the tenant is not ACTIVE. Nothing undoes an ACTIVE tenant.
 *
 * Throws `IsolationBreach` when the verification is missing, `ClaimLost`, `TransientNotYetVisible`, `TransientConflict`.
 * "Protect CloudFormation stacks from being deleted": termination protection can be set on a stack in any status but
 * DELETE_IN_PROGRESS and DELETE_COMPLETE.
 */
export const activateTenant: Action<typeof ActivateTenantInput, typeof ActivateTenantOutput, ActivateTenantDeps> = {
  name: 'ActivateTenant',
  input: ActivateTenantInput,
  output: ActivateTenantOutput,
  run: async (deps, input) => {
    const { table, elb, compute, cloudformation, now } = deps;
    const { tenant, cell, stacks, route, executionArn } = input;
    const { tenantId, host } = tenant;
    const record = await findTenant(table, tenantId);
    if (record?.executionArn !== executionArn) throw claimLost('activate', tenantId, executionArn);
    if (record.status === 'ACTIVE' && record.activatedAt) return { activatedAt: record.activatedAt };
    requirePermission('activate', record, executionArn);
    requireVerified(record, input);

    const { RoleArn: roleArn } = stacks.access.outputs;
    const { BucketName: bucketName } = stacks.storage.outputs;
    await putStarterPage(deps, tenant, { roleArn, bucketName, companyName: record.companyName });
    await Promise.all(
      STACK_KINDS.map((kind) =>
        cloudformation.send(
          new UpdateTerminationProtectionCommand({
            StackName: stacks[kind].stackName,
            EnableTerminationProtection: true,
          }),
        ),
      ),
    );
    const { colour } = await compute.live(cell);
    await forwardHost(elb, route.ruleArn, cell.targetGroupArns[colour]);

    const activatedAt = now().toISOString();
    await activate(table, { tenantId, executionArn, host }, input.verification.digest, activatedAt);
    return { activatedAt };
  },
};

const realDeps = (): ActivateTenantDeps => {
  const table = tenantsTable();
  return {
    table,
    elb: new ElasticLoadBalancingV2Client(clientOptions),
    compute: tableLiveColour(table),
    cloudformation: new CloudFormationClient(clientOptions),
    sts: new STSClient(clientOptions),
    s3As: (credentials) => new S3Client({ ...clientOptions, credentials }),
    now: () => new Date(),
  };
};

export const handler = actionHandler(activateTenant, realDeps());
