import { CloudFormationClient, UpdateTerminationProtectionCommand } from '@aws-sdk/client-cloudformation';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { itemKeys, stateKeys, type TenantRecord } from '../contract/records';
import { STACK_KINDS } from '../contract/stacks';
import { ActivateTenantInput, ActivateTenantOutput } from '../contract/steps';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { claimLost, findTenant, isConditionFailure } from '../tenants/ownership';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { forwardHost, type LoadBalancer } from './host-rule';
import { putStarterPage, type TenantAccess } from './put-starter-page';

export interface ActivateTenantDeps extends TenantAccess {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly cloudformation: Pick<CloudFormationClient, 'send'>;
  readonly now: () => Date;
}

type Input = z.output<typeof ActivateTenantInput>;

/** The record must carry the very report that this attempt was given; RegisterTenant has removed any earlier one. */
function requireVerified(record: TenantRecord, { tenant, verification }: Input): void {
  if (record.verification?.digest === verification.digest) return;
  throw new PlatformError('IsolationBreach', `tenant ${tenant.tenantId} has no verification ${verification.digest}`);
}

/** Record and route become ACTIVE together; the conditions are those that were read, asked again at the moment itself. */
function activation(table: TenantsTable, { tenant, verification, executionArn }: Input, activatedAt: string) {
  const keys = stateKeys.tenant('ACTIVE', tenant.tenantId);
  const values = { ':active': 'ACTIVE' };
  return new TransactWriteCommand({
    TransactItems: [
      {
        Update: {
          TableName: table.name,
          Key: itemKeys.tenant(tenant.tenantId),
          UpdateExpression:
            'SET #status = :active, activatedAt = if_not_exists(activatedAt, :at), updatedAt = :at, ' +
            'statePk = :statePk, stateSk = :stateSk REMOVE failure',
          ConditionExpression: 'executionArn = :execution AND #status = :onboarding AND verification.digest = :digest',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: {
            ...values,
            ':at': activatedAt,
            ':statePk': keys.statePk,
            ':stateSk': keys.stateSk,
            ':execution': executionArn,
            ':onboarding': 'ONBOARDING',
            ':digest': verification.digest,
          },
        },
      },
      {
        Update: {
          TableName: table.name,
          Key: itemKeys.route(tenant.host),
          UpdateExpression: 'SET #status = :active',
          ConditionExpression: 'tenantId = :tenant',
          ExpressionAttributeNames: { '#status': 'status' },
          ExpressionAttributeValues: { ...values, ':tenant': tenant.tenantId },
        },
      },
    ],
  });
}

/**
 * Opens the tenant to the world: the last step that an undo can take back, and only until it is done.
 *
 * 1. The tenant must be this execution's and ONBOARDING, with this attempt's verification on record. Already ACTIVE by
 *    this execution: everything below has been done, and its answer was lost.
 * 2. A starter page in the tenant's bucket, put there under the tenant's role.
 * 3. Its four stacks are protected from deletion.
 * 4. The listener rule forwards to the target group of the cell's live colour. The shared service still answers 503, as the
 *    route item says SETTING_UP.
 * 5. In one transaction the tenant's record and its route item become ACTIVE.
 *
 * The transaction comes last: whatever fails before it can still be undone, and after it nothing is left to do.
 *
 * Undone by DeregisterTenant and DeleteStack, as long as the tenant is not ACTIVE; after that by nobody.
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
    const { table, elb, cloudformation, now } = deps;
    const { tenant, cell, stacks, route, executionArn } = input;
    const record = await findTenant(table, tenant.tenantId);
    if (record?.executionArn !== executionArn) throw claimLost(tenant.tenantId, executionArn);
    if (record.status === 'ACTIVE' && record.activatedAt) return { activatedAt: record.activatedAt };
    if (record.status !== 'ONBOARDING') throw claimLost(tenant.tenantId, executionArn);
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
    await forwardHost(elb, route.ruleArn, cell.targetGroupArns[cell.liveColour]);

    const activatedAt = now().toISOString();
    try {
      await table.client.send(activation(table, input, activatedAt));
    } catch (thrown) {
      throw isConditionFailure(thrown) ? claimLost(tenant.tenantId, executionArn) : thrown;
    }
    return { activatedAt };
  },
};

const realDeps = (): ActivateTenantDeps => ({
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  cloudformation: new CloudFormationClient(clientOptions),
  sts: new STSClient(clientOptions),
  s3As: ({ AccessKeyId = '', SecretAccessKey = '', SessionToken = '' }) =>
    new S3Client({
      ...clientOptions,
      credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
    }),
  now: () => new Date(),
});

export const handler = actionHandler(activateTenant, realDeps());
