import type { CloudFormationClient, Stack } from '@aws-sdk/client-cloudformation';
import { SendTaskFailureCommand, SendTaskSuccessCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { isTransient, PlatformError, type PlatformErrorName } from '../contract/errors';
import type { WaitingTask } from '../contract/records';
import { SettledStackSchemas, TELLING_STATUSES } from '../contract/stacks';
import { isNamed } from '../shared/is-named';
import { describeIssues } from '../shared/parse-at';
import type { TenantsTable } from '../tenants/tenants-table';
import { creationError } from './failure-reasons';
import { requestToken } from './requests';
import {
  deletionFailure,
  describeStack,
  firstFailure,
  latestStatus,
  outputsIn,
  stackNameOf,
  unknownFailure,
} from './stacks';
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

/**
 * The answer of a complete stack. DescribeStacks may lag behind the status event: a status that is
 * not complete, or an output that is missing, is not there yet. The machine then launches again, and
 * the launch finds the stack.
 */
function launched(task: WaitingTask, stackId: string, stack: Stack | undefined): Answer {
  const notYet = (what: string): Answer => ({
    error: 'TransientNotYetVisible',
    cause: `DescribeStacks does not show stack ${task.stackName} (${stackId}) complete yet: ${what}`,
  });
  if (!stack || !COMPLETE.has(stack.StackStatus ?? '')) return notYet(`its status is ${stack?.StackStatus}`);
  const version = stack.Tags?.find(({ Key }) => Key === TEMPLATE_VERSION_TAG)?.Value ?? task.templateVersion;
  const settled = SettledStackSchemas[task.stack].safeParse({
    stackId: stack.StackId,
    stackName: stack.StackName,
    templateVersion: version,
    outputs: outputsIn(stack),
  });
  return settled.success
    ? { output: settled.data }
    : notYet(`outputs of the template: ${describeIssues(settled.error)}`);
}

/** A person may have repaired a held tenant's stack by hand: an updated stack is as complete as a new one. */
const COMPLETE = new Set(['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE']);

/** A failed repair by hand: the stack is not complete, and the person who began the repair decides about it. */
const FAILED_UPDATES = new Set(['UPDATE_FAILED', 'UPDATE_ROLLBACK_FAILED']);

const FAILED_CREATIONS = new Set(['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED']);

/**
 * A launch that fails for good is answered as soon as CloudFormation begins its rollback, which may
 * take many minutes. One that fails for a reason that passes waits for the end of the rollback,
 * because only then the stack can be replaced.
 *
 * @throws PlatformError `TransientNotYetVisible` while the events do not show the failed resource
 */
async function failedCreation(
  { cloudformation }: SettleStackDeps,
  stackId: string,
  status: string,
): Promise<Answer | undefined> {
  const cause = await firstFailure(cloudformation, stackId, 'CREATE');
  if (FAILED_CREATIONS.has(status))
    return { error: creationError(cause ?? ''), cause: cause ?? unknownFailure(stackId) };
  if (!cause) throw new PlatformError('TransientNotYetVisible', `${unknownFailure(stackId)} yet`);
  const error = creationError(cause);
  return isTransient(error) ? undefined : { error, cause };
}

async function answerLaunch(
  deps: SettleStackDeps,
  task: WaitingTask,
  { stackId, status }: Settled,
): Promise<Answer | undefined> {
  if (COMPLETE.has(status)) return launched(task, stackId, await describeStack(deps.cloudformation, stackId));
  if (status === 'ROLLBACK_IN_PROGRESS' || FAILED_CREATIONS.has(status)) return failedCreation(deps, stackId, status);
  if (status === 'DELETE_COMPLETE')
    return { error: 'StackFailed', cause: `stack ${task.stackName} was deleted while it was being created` };
  if (!FAILED_UPDATES.has(status)) return undefined;
  const cause = await firstFailure(deps.cloudformation, stackId, 'UPDATE');
  return { error: 'StackFailed', cause: cause ?? unknownFailure(stackId) };
}

interface Settled {
  readonly stackId: string;
  readonly status: string;
  /** Whether the event is one of the operation that the task itself has requested. */
  readonly own: boolean;
}

/**
 * The failure of the deletion for which the task waits. An event of another request may be one of an
 * earlier deletion that has failed, and the stack is being deleted again.
 */
async function failedDeletion(
  { cloudformation }: SettleStackDeps,
  { stackId, own }: Settled,
): Promise<Answer | undefined> {
  if (!own && (await latestStatus(cloudformation, stackId)) !== 'DELETE_FAILED') return undefined;
  const cause = await deletionFailure(cloudformation, stackId);
  return { error: 'StackDeletionFailed', cause: cause ?? unknownFailure(stackId) };
}

/** @returns the answer for the waiting task; undefined when the task waits for another status */
async function answerFor(deps: SettleStackDeps, task: WaitingTask, settled: Settled): Promise<Answer | undefined> {
  const { status } = settled;
  // Of a launch: a person has deleted the stack meanwhile. It is launched again, and then replaced.
  if (status === 'DELETE_FAILED') return failedDeletion(deps, settled);
  if (task.operation === 'launch') return answerLaunch(deps, task, settled);
  if (task.rollingBack && FAILED_CREATIONS.has(status)) {
    return {
      error: 'TransientStackRolledBack',
      cause: `CloudFormation has rolled back stack ${task.stackName}; its deletion begins`,
    };
  }
  if (status !== 'DELETE_COMPLETE') return undefined;
  if (task.operation !== 'replace') return { output: {} };
  return {
    error: 'TransientStackReplaced',
    cause: `the failed stack ${task.stackName} has been deleted; the launch starts again`,
  };
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
 * know its stack's id yet, the event must be one of the request that the task itself has made: all
 * events of an operation have its token ("Stack Status Change event detail"). EventBridge may deliver
 * an event twice, and late. The failed stack that the task is about to replace has the name still,
 * and its failure would be counted again. Whatever else happens to the stack in that moment is seen
 * by the step that records the id, as it asks for the status afterwards.
 *
 * @param status the stack's status, from the event or from CloudFormation
 * @param token of the request that the event belongs to, if there is one
 */
export async function settleStack(
  deps: SettleStackDeps,
  stackId: string,
  status: string,
  token?: string,
): Promise<Settlement> {
  if (!TELLING_STATUSES.some((telling) => telling === status)) return 'ignored';
  const task = await findWaitingTask(deps.table, stackNameOf(stackId));
  if (!task) return 'ignored';
  const own = token === requestToken(task.taskToken);
  if (task.stackId === undefined ? !own : task.stackId !== stackId) return 'ignored';
  const answer = await answerFor(deps, task, { stackId, status, own });
  if (!answer) return 'ignored';
  const settlement = await send(deps, task, answer);
  await endWaiting(deps.table, task);
  return settlement;
}
