import { DeleteCommand, GetCommand, TransactWriteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { PlatformError } from '../contract/errors';
import { itemKeys, stateKeys, type WaitingTask, WaitingTaskSchema } from '../contract/records';
import { isNamed } from '../shared/is-named';
import { parseAt } from '../shared/parse-at';
import { unless } from '../shared/unless';
import { changedNow } from '../tenants/changes';
import { isConditionFailure } from '../tenants/condition-failure';
import { claimLost } from '../tenants/lifecycle';
import type { TenantsTable } from '../tenants/tenants-table';
import { permission } from '../tenants/transition';

/** @returns the task that waits for the stack of that name, if any */
export async function findWaitingTask(table: TenantsTable, stackName: string): Promise<WaitingTask | undefined> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.waitingTask(stackName), ConsistentRead: true }),
  );
  return Item && parseAt(`waiting task of ${stackName}`, WaitingTaskSchema, Item);
}

/**
 * Stores the task token before the first request to CloudFormation: a small stack can settle before
 * the answer to the request arrives. The same transaction checks the permission, so that no launch
 * begins after a rollback has begun.
 *
 * A request of an invocation that ran out of time may arrive after the state was tried again. It
 * does not replace the token of the newer attempt: nobody would answer that one.
 *
 * @param permittedBy the operation of the lifecycle that permits the task
 * @throws PlatformError `ClaimLost` when the lifecycle does not allow that operation,
 * `TransientConflict` when a newer attempt waits for the stack
 */
export async function beginWaiting(
  table: TenantsTable,
  task: WaitingTask,
  permittedBy: 'launchStack' | 'deleteStack',
): Promise<void> {
  const { tenantId, executionArn: owner } = task;
  const Put = {
    TableName: table.name,
    Item: { ...itemKeys.waitingTask(task.stackName), ...stateKeys.waitingTask(task.since), ...changedNow(), ...task },
    ConditionExpression: 'attribute_not_exists(pk) OR since <= :since',
    ExpressionAttributeValues: { ':since': task.since },
  };
  try {
    await table.client.send(
      new TransactWriteCommand({ TransactItems: [permission(table, permittedBy, { tenantId, owner }), { Put }] }),
    );
  } catch (thrown) {
    if (!isConditionFailure(thrown)) throw thrown;
    const newer = await findWaitingTask(table, task.stackName);
    if (!newer || newer.since <= task.since) throw claimLost(permittedBy, tenantId, owner);
    throw new PlatformError('TransientConflict', `a newer attempt waits for stack ${task.stackName}`);
  }
}

const waitUpdate = (table: TenantsTable, task: WaitingTask, stackId: string, operation: WaitingTask['operation']) => ({
  TableName: table.name,
  Key: itemKeys.waitingTask(task.stackName),
  UpdateExpression: 'SET stackId = :stackId, operation = :operation REMOVE launchingUntil',
  ConditionExpression: 'taskToken = :token',
  ExpressionAttributeValues: { ':stackId': stackId, ':operation': operation, ':token': task.taskToken },
});

/**
 * Records the stack of a launch that is still permitted, in one request.
 *
 * @returns false when the launch is not permitted any more, when the task has been answered or
 * replaced, or when another transaction was at work: then nothing was written
 */
export async function waitForPermitted(table: TenantsTable, task: WaitingTask, stackId: string): Promise<boolean> {
  const { tenantId, executionArn: owner } = task;
  const Update = waitUpdate(table, task, stackId, 'launch');
  try {
    await table.client.send(
      new TransactWriteCommand({ TransactItems: [permission(table, 'launchStack', { tenantId, owner }), { Update }] }),
    );
    return true;
  } catch (thrown) {
    if (isNamed(thrown, 'TransactionCanceledException')) return false;
    throw thrown;
  }
}

/**
 * Records the stack for which the task waits, and ends the lease of its launch.
 *
 * @returns false when the task has been answered or replaced by another task
 */
export async function waitFor(
  table: TenantsTable,
  task: WaitingTask,
  stackId: string,
  operation: WaitingTask['operation'],
): Promise<boolean> {
  try {
    await table.client.send(new UpdateCommand(waitUpdate(table, task, stackId, operation)));
    return true;
  } catch (thrown) {
    if (isConditionFailure(thrown)) return false;
    throw thrown;
  }
}

/** Forgets a task that has been answered, or that can no longer be answered; another task of the same stack stays. */
export async function endWaiting(table: TenantsTable, task: WaitingTask): Promise<void> {
  const removal = new DeleteCommand({
    TableName: table.name,
    Key: itemKeys.waitingTask(task.stackName),
    ConditionExpression: 'attribute_not_exists(pk) OR taskToken = :token',
    ExpressionAttributeValues: { ':token': task.taskToken },
  });
  await unless(table.client.send(removal), isConditionFailure);
}
