import {
  CloudFormationClient,
  DeleteStackCommand,
  type Stack,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { S3Client } from '@aws-sdk/client-s3';
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { PlatformError } from '../contract/errors';
import { tenantNames } from '../contract/naming';
import type { WaitingTask } from '../contract/records';
import { DeleteStackInput, DeleteStackOutput } from '../contract/steps';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { guardUndo } from '../tenants/ownership';
import { tenantsTable } from '../tenants/tenants-table';
import { emptyBucket } from './empty-bucket';
import { requestToken } from './launch-stack';
import { type SettleStackDeps, settleStack } from './settle-stack';
import { describeStack } from './stacks';
import { beginWaiting, endWaiting, findWaitingTask, waitFor } from './waiting-task';

export interface DeleteStackDeps extends SettleStackDeps {
  readonly s3: Pick<S3Client, 'send'>;
  readonly platform: { readonly accountId: string; readonly region: string; readonly stackRoleArn: string };
  readonly now: () => Date;
}

type DeleteTask = WaitingTask & { operation: 'delete' };

/** @throws PlatformError `TransientLaunchInFlight` while a launch that has begun may still create the stack */
async function nothingToDelete(deps: DeleteStackDeps, task: DeleteTask, launch?: WaitingTask): Promise<void> {
  if (launch?.operation === 'launch' && (launch.launchingUntil ?? 0) > deps.now().getTime()) {
    throw new PlatformError('TransientLaunchInFlight', `stack ${task.stackName} may still be launched`);
  }
  if (launch) await endWaiting(deps.table, launch);
  await deps.sfn.send(new SendTaskSuccessCommand({ taskToken: task.taskToken, output: '{}' }));
}

async function deleteFound(deps: DeleteStackDeps, task: DeleteTask, stack: Stack): Promise<void> {
  const { cloudformation, platform } = deps;
  const stackId = stack.StackId ?? '';
  await beginWaiting(deps.table, task);
  if (task.stack === 'storage') {
    await emptyBucket(deps.s3, tenantNames.bucket(task.tenantId, platform.accountId, platform.region));
  }
  await waitFor(deps.table, task, stackId, 'delete');
  if (stack.EnableTerminationProtection) {
    await cloudformation.send(
      new UpdateTerminationProtectionCommand({ StackName: task.stackName, EnableTerminationProtection: false }),
    );
  }
  await cloudformation.send(
    new DeleteStackCommand({
      StackName: stackId,
      RoleARN: platform.stackRoleArn,
      ClientRequestToken: requestToken(task.taskToken),
    }),
  );
  const now = await describeStack(cloudformation, stackId);
  if (now?.StackStatus === 'DELETE_COMPLETE') await settleStack(deps, stackId, 'DELETE_COMPLETE');
}

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
export const deleteStack: Action<typeof DeleteStackInput, typeof DeleteStackOutput, DeleteStackDeps> = {
  name: 'DeleteStack',
  input: DeleteStackInput,
  output: DeleteStackOutput,
  run: async (deps, { tenant, stack, taskToken, executionArn }) => {
    await guardUndo(deps.table, tenant.tenantId, executionArn);
    const task: DeleteTask = {
      stackName: tenantNames.stack(tenant.tenantId, stack),
      operation: 'delete',
      taskToken,
      executionArn,
      tenantId: tenant.tenantId,
      stack,
      templateVersion: '',
      since: deps.now().toISOString(),
    };
    // In this order: a launch that was under way at the first look has made its stack by the second, or is still under way.
    const launch = await findWaitingTask(deps.table, task.stackName);
    const found = await describeStack(deps.cloudformation, task.stackName);
    if (!found || found.StackStatus === 'DELETE_COMPLETE') {
      await nothingToDelete(deps, task, launch);
      return { deleting: false };
    }
    await deleteFound(deps, task, found);
    return { deleting: true };
  },
};

const realDeps = (): DeleteStackDeps => ({
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
