import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import type { PlatformErrorName } from '../contract/errors';
import type { WaitingTask } from '../contract/records';
import { SETTLED_STATUSES, SettledStackSchemas } from '../contract/stacks';
import { isNamed } from '../shared/is-named';
import { describeIssues } from '../shared/parse-at';
import type { TenantsTable } from '../tenants/tenants-table';
import { describeStack, firstFailure, type StackOperation, stackNameOf } from './stacks';
import { endWaiting, findWaitingTask } from './waiting-task';

export interface SettleStackDeps {
  readonly table: TenantsTable;
  readonly cloudformation: CloudFormationClient;
  readonly sfn: Pick<SFNClient, 'send'>;
}

/** `ignored`: no task waits, the stack is another one, or it is still changing. `late`: the task has ended without us. */
export type Settlement = 'answered' | 'late' | 'ignored';

type Answer = { readonly output: unknown } | { readonly error: PlatformErrorName; readonly cause: string };

/** Tag of a stack with the template version from which it was launched. */
export const TEMPLATE_VERSION_TAG = 'templateVersion';

function launched(task: WaitingTask, stack: Stack): Answer {
  const outputs = Object.fromEntries((stack.Outputs ?? []).map((o) => [o.OutputKey ?? '', o.OutputValue]));
  const version = stack.Tags?.find(({ Key }) => Key === TEMPLATE_VERSION_TAG)?.Value ?? task.templateVersion;
  const settled = SettledStackSchemas[task.stack].safeParse({
    stackId: stack.StackId,
    stackName: stack.StackName,
    templateVersion: version,
    outputs,
  });
  if (settled.success) return { output: settled.data };
  return { error: 'StackFailed', cause: `outputs of ${task.stackName}: ${describeIssues(settled.error)}` };
}

/** Somebody may have mended a held tenant's stack by hand: an updated stack is as complete as a new one. */
const COMPLETE = new Set(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE']);

/** Of a mending that failed, too: such a stack is not complete, and the person who began to mend it decides what becomes of it. */
const FAILED_UPDATES = new Set(['UPDATE_FAILED', 'UPDATE_ROLLBACK_FAILED']);

/** @returns the answer for the waiting task; undefined when the task waits for another status */
async function answerFor(
  { cloudformation }: SettleStackDeps,
  task: WaitingTask,
  { stackId, status, found }: { stackId: string; status: string; found: Stack | undefined },
): Promise<Answer | undefined> {
  const failed = async (error: PlatformErrorName, during: StackOperation): Promise<Answer> => ({
    error,
    cause: await firstFailure(cloudformation, stackId, during),
  });
  if (status === 'DELETE_COMPLETE') {
    if (task.operation === 'delete') return { output: {} };
    if (task.operation === 'launch')
      return { error: 'StackFailed', cause: `stack ${task.stackName} was deleted while it was being created` };
    return {
      error: 'TransientStackReplaced',
      cause: `the failed stack ${task.stackName} has been deleted; the launch starts again`,
    };
  }
  if (status === 'DELETE_FAILED' && task.operation !== 'launch') return failed('StackDeletionFailed', 'DELETE');
  if (task.operation !== 'launch') return undefined;
  if (COMPLETE.has(status)) {
    const stack = found ?? (await describeStack(cloudformation, stackId));
    return stack && launched(task, stack);
  }
  if (['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'].includes(status))
    return failed('StackFailed', 'CREATE');
  if (FAILED_UPDATES.has(status)) return failed('StackFailed', 'UPDATE');
  return undefined;
}

/**
 * "SendTaskSuccess": the task has timed out or ended, or the token is not valid in this account.
 */
export const isTaskGone = (thrown: unknown) => isNamed(thrown, 'TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken');

async function send({ sfn }: SettleStackDeps, { taskToken }: WaitingTask, answer: Answer): Promise<Settlement> {
  try {
    if ('output' in answer) {
      await sfn.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify(answer.output) }));
    } else {
      await sfn.send(new SendTaskFailureCommand({ taskToken, ...answer }));
    }
    return 'answered';
  } catch (thrown) {
    if (isTaskGone(thrown)) return 'late';
    throw thrown;
  }
}

/**
 * Answers the task that waits for a stack, if the stack has settled. Called for every status event, by the sweep for lost
 * ones, and by the steps that find their stack settled already; all may come twice.
 *
 * An earlier stack of the same name answers no task: the ids must be equal. If the task does not
 * know its stack's id yet, the id must be that of the stack that has the name now.
 *
 * @param status the stack's status, from the event or from CloudFormation
 */
export async function settleStack(deps: SettleStackDeps, stackId: string, status: string): Promise<Settlement> {
  if (!SETTLED_STATUSES.some((settled) => settled === status)) return 'ignored';
  const task = await findWaitingTask(deps.table, stackNameOf(stackId));
  if (!task) return 'ignored';
  const found = task.stackId === undefined ? await describeStack(deps.cloudformation, task.stackName) : undefined;
  if ((task.stackId ?? found?.StackId) !== stackId) return 'ignored';
  const answer = await answerFor(deps, task, { stackId, status, found });
  if (!answer) return 'ignored';
  const settlement = await send(deps, task, answer);
  await endWaiting(deps.table, task);
  return settlement;
}
