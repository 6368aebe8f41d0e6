import { type CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { type StageOutputs, StageStackOutputsSchema } from '../functions/contract/outputs';
import { unlessNamed } from '../functions/shared/unless';
import { CONTROL_PLANE } from './config/stack-names';

/**
 * The outputs of the stage's control plane.
 *
 * @returns undefined when the stage is not deployed, or an older release has deployed it that lacks one of them
 */
export async function deployedOutputs(
  cloudformation: Pick<CloudFormationClient, 'send'>,
): Promise<StageOutputs | undefined> {
  const described = cloudformation.send(new DescribeStacksCommand({ StackName: CONTROL_PLANE }));
  // AWS answers a ValidationError for a stack that does not exist ("DescribeStacks").
  const { Stacks } = (await unlessNamed(described, 'ValidationError')) ?? {};
  const outputs = (Stacks?.[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]);
  return StageStackOutputsSchema.safeParse(Object.fromEntries(outputs)).data;
}
