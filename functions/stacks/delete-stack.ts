import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
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
 * Deletes one of the tenant's stacks and leaves: the undo of LaunchStack. CloudFormation's status event answers the task's
 * token.
 *
 * 1. Refuse a tenant that has been ACTIVE, or belongs to another execution.
 * 2. No stack: done, unless a launch that began before the rollback may still be on its way.
 * 3. Store the token, on the condition that the tenant is still this execution's and has not become ACTIVE.
 * 4. The storage stack's bucket is emptied, versions and delete markers included.
 * 5. Take termination protection off, delete. A stack that is being created, has rolled back or has
 *    failed to delete before is deleted all the same; one that is being deleted is waited for ("DeleteStack").
 *
 * Throws `TenantIsActive`, `ClaimLost`, `TransientLaunchInFlight`, `TransientConflict`; the task itself fails with
 * `StackDeletionFailed` through StackSettled.
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
  get platform() {
    return { accountId: env('ACCOUNT_ID'), region: env('AWS_REGION'), stackRoleArn: env('STACK_ROLE_ARN') };
  },
  now: () => new Date(),
});

export const handler = actionHandler(deleteStack, realDeps());
