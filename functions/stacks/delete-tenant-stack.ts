import {
  DescribeStackResourcesCommand,
  type Stack,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import type { S3Client } from '@aws-sdk/client-s3';
import { SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { PlatformError } from '../contract/errors';
import { tenantNames } from '../contract/naming';
import type { WaitingTask } from '../contract/records';
import { claimLost } from '../tenants/lifecycle';
import { guardUndo } from '../tenants/tenant-store';
import { type Databases, releaseDatabases } from './database-protection';
import { emptyBucket } from './empty-bucket';
import { madeResources } from './made-resources';
import { isTenantsStack, requireOwnStack } from './own-stack';
import { requestDeletion } from './requests';
import { type SettleStackDeps, settleStack } from './settle-stack';
import { describeStack, latestStatus } from './stacks';
import { beginWaiting, endWaiting, findWaitingTask, waitFor } from './waiting-task';

export interface StackDeletionDeps extends SettleStackDeps {
  readonly s3: Pick<S3Client, 'send'>;
  readonly rds: Databases;
  readonly platform: { readonly accountId: string; readonly region: string; readonly stackRoleArn: string };
  readonly now: () => Date;
}

export type DeleteTask = WaitingTask & { operation: 'delete' };

/**
 * @throws PlatformError `TransientLaunchInFlight` while a launch that has begun may still create
 * the stack
 */
async function nothingToDelete(deps: StackDeletionDeps, task: DeleteTask, launch?: WaitingTask): Promise<void> {
  if (launch?.operation === 'launch' && (launch.launchingUntil ?? 0) > deps.now().getTime()) {
    throw new PlatformError(
      'TransientLaunchInFlight',
      `a launch that has begun may still create stack ${task.stackName}`,
    );
  }
  if (launch) await endWaiting(deps.table, launch);
  await deps.sfn.send(new SendTaskSuccessCommand({ taskToken: task.taskToken, output: '{}' }));
}

/** What CloudFormation is deleting already, after a failed creation or for an earlier request. */
const DELETING = new Set(['ROLLBACK_IN_PROGRESS', 'DELETE_IN_PROGRESS']);

/**
 * ActivateTenant protects the stack first and then its databases. So the databases of a stack that is
 * not protected are not protected either, unless a request of a function that was killed arrived late:
 * then the first deletion has failed. A retry finds the stack protected until both are done.
 */
const mayHaveProtected = ({ EnableTerminationProtection, StackStatus }: Stack) =>
  EnableTerminationProtection === true || StackStatus === 'DELETE_FAILED';

/**
 * Whether the stack has the bucket. A stack may have failed because a bucket of that name was there
 * already, such as one that was kept of an earlier tenant: its objects are nobody's to delete here.
 */
async function hasBucket({ cloudformation }: StackDeletionDeps, stackId: string, bucket: string): Promise<boolean> {
  const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName: stackId }));
  return madeResources(StackResources, 'AWS::S3::Bucket').includes(bucket);
}

async function beginDeletion(deps: StackDeletionDeps, task: DeleteTask, stack: Stack): Promise<void> {
  if (task.stack === 'database' && mayHaveProtected(stack))
    await releaseDatabases(deps.rds, [tenantNames.database(task.tenantId), tenantNames.replica(task.tenantId)]);
  if (stack.EnableTerminationProtection) {
    await deps.cloudformation.send(
      new UpdateTerminationProtectionCommand({ StackName: task.stackName, EnableTerminationProtection: false }),
    );
  }
  await requestDeletion(deps, stack.StackId, task.taskToken);
}

async function deleteFound(
  deps: StackDeletionDeps,
  task: DeleteTask,
  permittedBy: 'deleteStack',
  stack: Stack,
): Promise<void> {
  const { cloudformation, platform } = deps;
  const stackId = stack.StackId ?? '';
  const before = stack.StackStatus ?? '';
  const underWay = DELETING.has(before);
  const waiting = before === 'ROLLBACK_IN_PROGRESS' ? { ...task, rollingBack: true } : task;
  const askAgain = async () => requireOwnStack(stack, await guardUndo(deps.table, permittedBy, task));
  await askAgain();
  await beginWaiting(deps.table, waiting, permittedBy);
  if (!underWay && task.stack === 'storage') {
    const bucket = tenantNames.bucket(task.tenantId, platform.accountId, platform.region);
    if (await hasBucket(deps, stackId, bucket)) {
      await emptyBucket(deps.s3, bucket, askAgain);
      await askAgain();
    }
  }
  if (!(await waitFor(deps.table, task, stackId, 'delete')))
    throw claimLost(permittedBy, task.tenantId, task.executionArn);
  if (!underWay) await beginDeletion(deps, task, stack);
  const now = (await latestStatus(cloudformation, stackId)) ?? '';
  // The status may lag behind the request of a deletion, so a failed status may be the one from before.
  if (underWay ? now !== before : now === 'DELETE_COMPLETE') await settleStack(deps, stackId, now);
}

/**
 * Begins the deletion of a tenant's stack. The end of the stack answers the task's token. If there
 * is no stack, the token is answered at once. A stack that CloudFormation is deleting already, also
 * by the rollback of its failed creation, is only waited for.
 *
 * The permission is asked for again right before each effect, because emptying a bucket takes a
 * while: before the token is stored, before each batch of objects, and before the deletion. If
 * another task has replaced this task's token, nothing is deleted.
 *
 * @param permittedBy the operation of the lifecycle that allows the deletion
 * A stack without the tenant's tag is somebody else's: it stays.
 *
 * @returns whether a stack is being deleted
 * @throws PlatformError `ClaimLost`, `TenantIsActive`, `TenantRecordLost`, `TransientLaunchInFlight`
 */
export async function deleteTenantStack(
  deps: StackDeletionDeps,
  task: DeleteTask,
  permittedBy: 'deleteStack',
): Promise<boolean> {
  // In this order: a launch that is found by the first read has created its stack before the second
  // read, or its lease has not expired.
  const launch = await findWaitingTask(deps.table, task.stackName);
  const found = await describeStack(deps.cloudformation, task.stackName);
  if (!found || found.StackStatus === 'DELETE_COMPLETE' || !isTenantsStack(found, task.tenantId)) {
    await nothingToDelete(deps, task, launch);
    return false;
  }
  await deleteFound(deps, task, permittedBy, found);
  return true;
}
