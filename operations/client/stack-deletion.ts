import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { DeleteStackCommand, DescribeStackEventsCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { type CloudFormation, describeStack, isOfStack } from '../../functions/stacks/stacks';

const EVERY_MS = 500;

export interface StackDeletionDeps {
  readonly cloudformation: CloudFormation;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** Waits while CloudFormation deletes the stack. @returns undefined when it is gone */
export async function untilDeleted(
  { cloudformation, wait = pause }: StackDeletionDeps,
  nameOrId: string,
): Promise<Stack | undefined> {
  for (;;) {
    const stack = await describeStack(cloudformation, nameOrId);
    if (!stack || stack.StackStatus === 'DELETE_COMPLETE') return undefined;
    if (stack.StackStatus !== 'DELETE_IN_PROGRESS') return stack;
    await wait(EVERY_MS);
  }
}

/** CloudFormation's reason for the failure of one deletion, by the latest event of its request. */
async function failureOf(cloudformation: CloudFormation, stackId: string, token: string): Promise<string | undefined> {
  const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: stackId }));
  const latest = StackEvents.find((event) => isOfStack(event) && event.ClientRequestToken === token);
  if (latest?.ResourceStatus !== 'DELETE_FAILED') return undefined;
  return `${latest.ResourceStatus} ${latest.ResourceStatusReason ?? ''}`;
}

/**
 * Deletes a stack and waits for the end. DescribeStacks may tell the status from before the request for some seconds, also that
 * of an earlier deletion that has failed: a deletion has failed when an event of its own request says so ("DeleteStack",
 * ClientRequestToken).
 *
 * @throws Error with CloudFormation's reason
 */
export async function deleteWholly(
  deps: StackDeletionDeps,
  { StackId = '', StackName = '' }: Pick<Stack, 'StackId' | 'StackName'>,
): Promise<void> {
  const { cloudformation, wait = pause } = deps;
  const ClientRequestToken = randomUUID();
  await cloudformation.send(new DeleteStackCommand({ StackName: StackId, ClientRequestToken }));
  while (await untilDeleted(deps, StackId)) {
    const failure = await failureOf(cloudformation, StackId, ClientRequestToken);
    if (failure) throw new Error(`${StackName}: ${failure}`);
    await wait(EVERY_MS);
  }
}
