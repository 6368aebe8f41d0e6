import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { deletionFailure, describeStack, isOfStack } from '../../functions/stacks/stacks';

const EVERY_MS = 500;
/** Longer than DescribeStacks and the events lag behind a request. */
const UNSEEN_MS = 60_000;
/** Of which each but the last may have met a deletion of somebody else. */
const REQUESTS = 3;

type StackIds = Pick<Stack, 'StackId' | 'StackName'>;

export interface StackDeletionDeps {
  readonly cloudformation: CloudFormationClient;
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

/** What the events tell of one request, latest first. */
async function eventsOf(cloudformation: CloudFormationClient, stackId: string, token: string): Promise<StackEvent[]> {
  const { StackEvents = [] } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: stackId }));
  return StackEvents.filter((event) => event.ClientRequestToken === token);
}

/** What CloudFormation says of a deletion that failed, by the events of its request: which resources are left, and not why. */
function failureIn(events: readonly StackEvent[]): string | undefined {
  const latest = events.find(isOfStack);
  if (latest?.ResourceStatus !== 'DELETE_FAILED') return undefined;
  return `${latest.ResourceStatus} ${latest.ResourceStatusReason ?? ''}`;
}

/** Asks once, and waits. @returns undefined when the stack is gone; or else the stack, of which no event tells that it was asked */
async function deleteOnce(
  deps: StackDeletionDeps,
  { StackId = '', StackName = '' }: StackIds,
): Promise<Stack | undefined> {
  const { cloudformation, wait = pause } = deps;
  const ClientRequestToken = randomUUID();
  await cloudformation.send(new DeleteStackCommand({ StackName: StackId, ClientRequestToken }));
  for (let unseenMs = 0; ; ) {
    const stack = await untilDeleted(deps, StackId);
    if (!stack) return undefined;
    const events = await eventsOf(cloudformation, StackId, ClientRequestToken);
    const failure = failureIn(events);
    if (failure) {
      const cause = await deletionFailure(cloudformation, StackId);
      throw new Error(`${StackName}: ${failure}${cause ? `. ${cause}` : ''}`);
    }
    if (events.length > 0) unseenMs = 0;
    else if (unseenMs >= UNSEEN_MS) return stack;
    await wait(EVERY_MS);
    unseenMs += EVERY_MS;
  }
}

/**
 * Deletes a stack and waits for the end. DescribeStacks may tell the status from before the request for some seconds, also that
 * of an earlier deletion that has failed: a deletion has failed when an event of its own request says so ("DeleteStack",
 * ClientRequestToken). A request that finds the deletion of somebody else under way has no events. When that one has failed, it
 * is asked again.
 *
 * @throws Error with CloudFormation's reason
 */
export async function deleteWholly(deps: StackDeletionDeps, ids: StackIds): Promise<void> {
  let left: Stack | undefined;
  for (let requests = 0; requests < REQUESTS; requests++) {
    left = await deleteOnce(deps, ids);
    if (!left) return;
  }
  const { StackStatus, StackStatusReason = '' } = left ?? {};
  throw new Error(
    `${ids.StackName} is ${StackStatus}: its events tell nothing of ${REQUESTS} requests to delete it. ${StackStatusReason}`.trimEnd(),
  );
}
