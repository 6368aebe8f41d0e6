import { DescribeStackEventsCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { SendTaskFailureCommand, SendTaskHeartbeatCommand } from '@aws-sdk/client-sfn';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { PlatformErrorName } from '../contract/errors';
import { STATE_INDEX, stateKeys, type WaitingTask, WaitingTaskSchema } from '../contract/records';
import { functionSeconds } from '../contract/time-limits';
import { pages } from '../shared/paging';
import type { ReadableItems } from '../shared/readable-items';
import { unless } from '../shared/unless';
import { isTaskGone, type SettleStackDeps, settleStack } from '../stacks/settle-stack';
import { describeStack } from '../stacks/stacks';
import { endWaiting } from '../stacks/waiting-task';
import type { TenantsTable } from '../tenants/tenants-table';

export interface LostAnswersDeps extends SettleStackDeps {
  readonly now: () => Date;
}

/**
 * `answered`: the stack had settled and its event never came. `begun-anew`: the function that should have changed the stack
 * had ended before it did, and its step is tried again. `forgotten`: no task waits for the answer any more. `waits`: rightly.
 */
export type Sweeping = 'answered' | 'begun-anew' | 'forgotten' | 'waits';

/** A younger task may still get its event. */
export const GRACE_SECONDS = 120;

/**
 * Seconds after which the function that began to wait has ended. A launch has a lease besides. Until
 * then the function may still ask CloudFormation itself.
 */
const BEGINNING_SECONDS = functionSeconds('DeleteStack') + 20;

/** The waiting tasks that are older than the grace period, oldest first. A damaged item is passed over. */
export async function* waitingTasks(
  { name, client }: TenantsTable,
  now: Date,
  grace: number,
  items: ReadableItems,
): AsyncGenerator<WaitingTask> {
  const since = new Date(now.getTime() - grace).toISOString();
  const waiting = {
    TableName: name,
    IndexName: STATE_INDEX,
    KeyConditionExpression: 'statePk = :waiting AND stateSk < :since',
    ExpressionAttributeValues: { ':waiting': stateKeys.waitingTask(since).statePk, ':since': since },
  };
  const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
    client.send(new QueryCommand({ ...waiting, ExclusiveStartKey }));
  for await (const { Items = [] } of pages(ask, 'LastEvaluatedKey'))
    for (const item of Items) {
      const task = items.read(WaitingTaskSchema, item);
      if (task) yield task;
    }
}

/**
 * Whether the stack is still changing, or has settled so recently that its event may still arrive.
 */
async function mayStillAnswer({ cloudformation, now }: LostAnswersDeps, stack: Stack, grace: number): Promise<boolean> {
  // A previewed stack changes no more by itself.
  if (stack.StackStatus?.endsWith('_IN_PROGRESS') && stack.StackStatus !== 'REVIEW_IN_PROGRESS') return true;
  const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: stack.StackId }));
  const latest = StackEvents?.[0]?.Timestamp?.getTime() ?? 0;
  return now().getTime() - latest < grace / 2;
}

/** @returns false when the task has ended without an answer ("SendTaskHeartbeat") */
async function isAwaited({ sfn }: LostAnswersDeps, { taskToken }: WaitingTask): Promise<boolean> {
  return (await unless(sfn.send(new SendTaskHeartbeatCommand({ taskToken })), isTaskGone)) !== undefined;
}

/** A transient failure: the machine calls the step again, and the step looks at its stack. */
async function beginAnew({ sfn, table }: LostAnswersDeps, task: WaitingTask, cause: string): Promise<void> {
  const error: PlatformErrorName = 'TransientServiceFault';
  await unless(sfn.send(new SendTaskFailureCommand({ taskToken: task.taskToken, error, cause })), isTaskGone);
  await endWaiting(table, task);
}

/** What a settled stack has not answered: its deletion was never asked for, or the launch does not know its stack. */
function unbegun(task: WaitingTask, stack: Stack | undefined): string | undefined {
  if (!task.stackId)
    return `the function for the ${task.operation} of ${task.stackName} ended before it recorded the stack's id`;
  const status = stack?.StackStatus ?? '';
  if (task.operation === 'launch' || status.startsWith('DELETE_')) return undefined;
  return `the deletion of ${task.stackName} never began: the stack is ${status}`;
}

/**
 * Answers one task that has waited longer than the grace period, if there is an answer.
 *
 * 1. Delete the item of a task that has ended without an answer, by its timeout or with its run.
 * 2. If the stack has settled, answer the task as the lost event would have.
 * 3. A launch or deletion whose function ended between the record and CloudFormation's answer is begun anew: the step knows
 *    how to adopt whatever it finds.
 */
export async function sweepTask(deps: LostAnswersDeps, task: WaitingTask, grace: number): Promise<Sweeping> {
  if ((task.launchingUntil ?? 0) > deps.now().getTime()) return 'waits';
  if (!(await isAwaited(deps, task))) {
    await endWaiting(deps.table, task);
    return 'forgotten';
  }
  const { stackId } = task;
  const stack = stackId ? await describeStack(deps.cloudformation, stackId) : undefined;
  if (stack && (await mayStillAnswer(deps, stack, grace))) return 'waits';
  if (stackId) {
    // AWS no longer lists a stack 90 days after its deletion ("DescribeStacks").
    const settlement = await settleStack(deps, stackId, stack?.StackStatus ?? 'DELETE_COMPLETE');
    if (settlement !== 'ignored') return settlement === 'answered' ? 'answered' : 'forgotten';
  }
  const cause = unbegun(task, stack);
  const age = (deps.now().getTime() - Date.parse(task.since)) / 1000;
  if (!cause || (grace > 0 && age < BEGINNING_SECONDS)) return 'waits';
  await beginAnew(deps, task, cause);
  return 'begun-anew';
}
