import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { tenantNames } from '../contract/naming';
import { DeleteStackInput, DeleteStackOutput } from '../contract/onboarding';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { guardUndo } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { type DeleteTask, deleteTenantStack, type StackDeletionDeps } from './delete-tenant-stack';

/**
 * Begins the deletion of one of the tenant's stacks: the undo of LaunchStack. The function does not
 * wait: CloudFormation's status event answers the task's token.
 *
 * 1. Refuse a tenant that has been ACTIVE, or that another execution owns.
 * 2. If there is no stack, answer at once, unless a launch that has begun may still create the
 *    stack.
 * 3. Store the token, on the condition that this execution still owns the tenant and that the
 *    tenant has not become ACTIVE.
 * 4. Empty the storage stack's bucket, versions and delete markers included. A bucket of that name that
 *    the stack has not made keeps its objects.
 * 5. Remove termination protection and delete the stack. CloudFormation also deletes a stack that
 *    is being created, has rolled back, or has failed to delete ("DeleteStack"). If the stack is
 *    already being deleted, the task waits for that. If CloudFormation is rolling the stack back,
 *    the task waits for the rollback's end, which answers `TransientStackRolledBack`, and the
 *    machine calls the action again.
 *
 * Throws `TenantIsActive`, `TenantRecordLost`, `ClaimLost`, `TransientLaunchInFlight`,
 * `TransientConflict`; the task itself fails with `StackDeletionFailed` through StackSettled, and is
 * tried again minutes later.
 *
 * Besides the common retries, for a stack that could not be deleted: 3 retries, 180 + 360 + 600 = 1140 s; for a launch that may still
 * be on its way: 24 retries, 24 x 15 = 360 s; for a stack that has been rolled back, until
 * DescribeStacks shows it: 3 retries, 10 + 20 + 40 = 70 s.
 */
export const deleteStack: Action<typeof DeleteStackInput, typeof DeleteStackOutput, StackDeletionDeps> = {
  name: 'DeleteStack',
  input: DeleteStackInput,
  output: DeleteStackOutput,
  run: async (deps, { tenant, stack, taskToken, executionArn }) => {
    const { tenantId } = tenant;
    await guardUndo(deps.table, 'deleteStack', { tenantId, executionArn });
    const task: DeleteTask = {
      stackName: tenantNames.stack(tenantId, stack),
      operation: 'delete',
      taskToken,
      executionArn,
      tenantId,
      stack,
      templateVersion: '',
      since: deps.now().toISOString(),
    };
    return { deleting: await deleteTenantStack(deps, task, 'deleteStack') };
  },
};

const realDeps = (): StackDeletionDeps => ({
  table: tenantsTable(),
  cloudformation: new CloudFormationClient(clientOptions),
  sfn: new SFNClient(clientOptions),
  s3: new S3Client(clientOptions),
  rds: new RDSClient(clientOptions),
  get platform() {
    return { accountId: env('ACCOUNT_ID'), region: env('AWS_REGION'), stackRoleArn: env('STACK_ROLE_ARN') };
  },
  now: () => new Date(),
});

export const handler = actionHandler(deleteStack, realDeps());
