import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { outputName, type StageOutputs } from '../functions/contract/outputs';
import { unlessNamed } from '../functions/shared/unless';
import { CONTROL_PLANE } from './config/stack-names';

/**
 * One output of the stage's control plane. A stage of an earlier release has it, whatever others it lacks.
 *
 * @returns undefined when the stage is not deployed, its first deployment has failed, or its release has no such output
 */
export async function deployedOutput(
  cloudformation: Pick<CloudFormationClient, 'send'>,
  key: keyof StageOutputs,
): Promise<string | undefined> {
  const described = cloudformation.send(new DescribeStacksCommand({ StackName: CONTROL_PLANE }));
  // AWS answers a ValidationError for a stack that does not exist ("DescribeStacks").
  const { Stacks } = (await unlessNamed(described, 'ValidationError')) ?? {};
  return Stacks?.[0]?.Outputs?.find(({ OutputKey }) => OutputKey === outputName(key))?.OutputValue;
}
