import { createHash } from 'node:crypto';
import { DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { PlatformError } from '../contract/errors';
import { inAwsWords } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import type { CloudFormation } from './stacks';

/**
 * One token per attempt of the task. CloudFormation answers a repeated request like the first one
 * ("CreateStack").
 */
export const requestToken = (taskToken: string) => createHash('sha256').update(taskToken).digest('hex').slice(0, 64);

/**
 * CloudFormation's words for a stack that changes at the moment: somebody repairs it by an update, or imports a resource. It
 * can be deleted minutes later ("Stack status codes").
 */
const IS_CHANGING = /cannot be deleted while in status \w+_IN_PROGRESS/;

/**
 * Requests the deletion of a stack, with CloudFormation's service role, for one attempt of a task.
 *
 * @throws PlatformError `TransientConflict` while somebody's update of the stack is under way
 */
export async function requestDeletion(
  deps: { readonly cloudformation: CloudFormation; readonly platform: { readonly stackRoleArn: string } },
  stackId: string | undefined,
  taskToken: string,
): Promise<void> {
  try {
    await deps.cloudformation.send(
      new DeleteStackCommand({
        StackName: stackId,
        RoleARN: deps.platform.stackRoleArn,
        ClientRequestToken: requestToken(taskToken),
      }),
    );
  } catch (thrown) {
    if (!isNamed(thrown, 'ValidationError') || !IS_CHANGING.test(thrown.message)) throw thrown;
    throw new PlatformError('TransientConflict', inAwsWords(thrown), { cause: thrown });
  }
}
