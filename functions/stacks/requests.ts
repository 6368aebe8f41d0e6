import { createHash } from 'node:crypto';
import { DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import type { CloudFormation } from './stacks';

/**
 * One token per attempt of the task. CloudFormation answers a repeated request like the first one
 * ("CreateStack").
 */
export const requestToken = (taskToken: string) => createHash('sha256').update(taskToken).digest('hex').slice(0, 64);

/** Requests the deletion of a stack, with CloudFormation's service role, for one attempt of a task. */
export async function requestDeletion(
  deps: { readonly cloudformation: CloudFormation; readonly platform: { readonly stackRoleArn: string } },
  stackId: string | undefined,
  taskToken: string,
): Promise<void> {
  await deps.cloudformation.send(
    new DeleteStackCommand({
      StackName: stackId,
      RoleARN: deps.platform.stackRoleArn,
      ClientRequestToken: requestToken(taskToken),
    }),
  );
}
