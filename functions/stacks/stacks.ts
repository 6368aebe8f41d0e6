import {
  type CloudFormationClient,
  DescribeStacksCommand,
  paginateDescribeStackEvents,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { REASON_MAX_LENGTH } from '../contract/tenant';
import { isNamed } from '../shared/is-named';

export type CloudFormation = Pick<CloudFormationClient, 'send'>;

/**
 * @param nameOrId a name finds only an existing stack; an id also finds a deleted one, for 90 days
 * ("DescribeStacks")
 * @returns undefined when there is no such stack
 */
export async function describeStack(cloudformation: CloudFormation, nameOrId: string): Promise<Stack | undefined> {
  try {
    const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: nameOrId }));
    return Stacks?.[0];
  } catch (thrown) {
    if (isNamed(thrown, 'ValidationError') && thrown.message.includes('does not exist')) return undefined;
    throw thrown;
  }
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
 * Why a stack failed: type, logical id and AWS's reason of the first resource that failed.
 * CloudFormation's own summary ("The following resource(s) failed to create: ...") has no reason.
 *
 * @param during the operation whose failures count: the creation, or the latest update or deletion
 */
export async function firstFailure(
  cloudformation: CloudFormationClient,
  stackId: string,
  during: StackOperation,
): Promise<string> {
  let first: StackEvent | undefined;
  // Newest first ("DescribeStackEvents"): the last match is the earliest one.
  for await (const page of paginateDescribeStackEvents({ client: cloudformation }, { StackName: stackId })) {
    const events = page.StackEvents ?? [];
    const begun = events.findIndex(
      (event) =>
        event.ResourceType === 'AWS::CloudFormation::Stack' && event.ResourceStatus === `${during}_IN_PROGRESS`,
    );
    const ofOperation = begun < 0 ? events : events.slice(0, begun);
    first = ofOperation.filter((event) => isCause(event) && event.ResourceStatus?.startsWith(during)).at(-1) ?? first;
    if (begun >= 0) break;
  }
  if (!first) return `stack ${stackNameOf(stackId)} failed; its events name no failed resource`;
  const { ResourceType, LogicalResourceId, ResourceStatusReason } = first;
  return `${ResourceType} ${LogicalResourceId}: ${ResourceStatusReason ?? 'AWS gave no reason'}`.slice(
    0,
    REASON_MAX_LENGTH,
  );
}
