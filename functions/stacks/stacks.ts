import {
  type CloudFormationClient,
  DescribeEventsCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { REASON_MAX_LENGTH } from '../contract/tenant';
import { isNamed } from '../shared/is-named';
import { unless } from '../shared/unless';

export type CloudFormation = Pick<CloudFormationClient, 'send'>;

/**
 * @param nameOrId a name finds only an existing stack; an id also finds a deleted one, for 90 days
 * ("DescribeStacks")
 * @returns undefined when there is no such stack
 */
export async function describeStack(cloudformation: CloudFormation, nameOrId: string): Promise<Stack | undefined> {
  const isMissing = (thrown: unknown) =>
    isNamed(thrown, 'ValidationError') && thrown.message.includes('does not exist');
  const described = cloudformation.send(new DescribeStacksCommand({ StackName: nameOrId }));
  return (await unless(described, isMissing))?.Stacks?.[0];
}

/** The outputs of a stack, by their keys. */
export const outputsIn = (stack: Stack | undefined): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue }) => [OutputKey, OutputValue]));

/** Whether an event is of the stack itself, and not of one of its resources. */
export const isOfStack = ({ ResourceType, PhysicalResourceId, StackId }: StackEvent) =>
  ResourceType === 'AWS::CloudFormation::Stack' && PhysicalResourceId === StackId;

/**
 * The status of a stack by its latest event. Ask for this after a task has begun to wait:
 * DescribeStacks may lag behind the event that StackSettled had before there was a task, and that
 * event does not come again.
 *
 * @returns what DescribeStacks says, when the events name no status; undefined when there is no such
 * stack
 */
export async function latestStatus(cloudformation: CloudFormation, stackId: string): Promise<string | undefined> {
  // Newest first, at most 100 a page ("DescribeStackEvents").
  const { StackEvents } = await cloudformation.send(new DescribeStackEventsCommand({ StackName: stackId }));
  const latest = StackEvents?.find(isOfStack)?.ResourceStatus;
  return latest ?? (await describeStack(cloudformation, stackId))?.StackStatus;
}

/** The stack's name out of its id (`arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/UUID`). */
export const stackNameOf = (stackId: string) => stackId.split('/')[1] ?? '';

/** The reason of resources that CloudFormation cancelled after the first failure. */
const CONSEQUENCE = /Resource (?:creation|deletion|update) cancelled/i;

const isCause = ({ ResourceStatus, ResourceType, ResourceStatusReason }: StackEvent) =>
  ResourceStatus?.endsWith('_FAILED') &&
  ResourceType !== 'AWS::CloudFormation::Stack' &&
  !CONSEQUENCE.test(ResourceStatusReason ?? '');

export type StackOperation = 'CREATE' | 'UPDATE' | 'DELETE';

/**
 * The resources that failed in an operation, the first one first, with AWS's reasons.
 * CloudFormation's own summary ("The following resource(s) failed to create: ...") has no reason.
 *
 * @param during the operation whose failures count: the creation, or the latest update or deletion
 */
async function failuresOf(
  cloudformation: CloudFormationClient,
  stackId: string,
  during: StackOperation,
): Promise<StackEvent[]> {
  const failures: StackEvent[] = [];
  // Newest first ("DescribeStackEvents").
  for await (const page of paginateDescribeStackEvents({ client: cloudformation }, { StackName: stackId })) {
    const events = page.StackEvents ?? [];
    const begun = events.findIndex(
      (event) =>
        event.ResourceType === 'AWS::CloudFormation::Stack' && event.ResourceStatus === `${during}_IN_PROGRESS`,
    );
    const ofOperation = begun < 0 ? events : events.slice(0, begun);
    failures.push(...ofOperation.filter((event) => isCause(event) && event.ResourceStatus?.startsWith(during)));
    if (begun >= 0) break;
  }
  return failures.reverse();
}

const named = ({ ResourceType, LogicalResourceId, ResourceStatusReason }: StackEvent) =>
  `${ResourceType} ${LogicalResourceId}: ${ResourceStatusReason ?? 'AWS gave no reason'}`;

/**
 * Why CloudFormation made no resource at all: it has refused the template for what it found before, such as a bucket's name that is
 * taken, or a Hook has. The stack's own events only point to this list ("DescribeEvents").
 */
async function earlyFailure(cloudformation: CloudFormation, stackId: string): Promise<string | undefined> {
  const failed = { StackName: stackId, Filters: { FailedEvents: true } };
  const { OperationEvents = [] } = await cloudformation.send(new DescribeEventsCommand(failed));
  const reasons = OperationEvents.flatMap((event) => {
    const reason = event.ValidationStatusReason ?? event.HookStatusReason;
    return reason ? [`${event.ResourceType ?? 'stack'} ${event.LogicalResourceId ?? ''}: ${reason}`] : [];
  });
  return reasons.length > 0 ? [...new Set(reasons)].join('; ').slice(0, REASON_MAX_LENGTH) : undefined;
}

/**
 * Why a stack failed: type, logical id and AWS's reason of the first resource that failed, or of what
 * CloudFormation has found before it made any.
 *
 * @returns undefined when the events show no failed resource, or do not show it yet
 */
export async function firstFailure(
  cloudformation: CloudFormationClient,
  stackId: string,
  during: StackOperation,
): Promise<string | undefined> {
  const [first] = await failuresOf(cloudformation, stackId, during);
  return first ? named(first).slice(0, REASON_MAX_LENGTH) : await earlyFailure(cloudformation, stackId);
}

/**
 * What is in the way of a deletion: the first failure, and the further resources that could not be
 * deleted, with the ids by which AWS knows them.
 */
export async function deletionFailure(
  cloudformation: CloudFormationClient,
  stackId: string,
): Promise<string | undefined> {
  const [first, ...further] = await failuresOf(cloudformation, stackId, 'DELETE');
  if (!first) return undefined;
  const id = first.PhysicalResourceId ? ` (${first.PhysicalResourceId})` : '';
  const others = further.map(({ LogicalResourceId, PhysicalResourceId }) => PhysicalResourceId ?? LogicalResourceId);
  const text = `${named(first)}${id}${others.length > 0 ? `; also not deleted: ${others.join(', ')}` : ''}`;
  return text.slice(0, REASON_MAX_LENGTH);
}

export const unknownFailure = (stackId: string) =>
  `stack ${stackNameOf(stackId)} failed; its events name no failed resource`;
