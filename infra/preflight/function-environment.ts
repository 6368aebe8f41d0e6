import { type CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { isNamed } from '../../functions/shared/is-named';
import { everyItem } from '../../functions/shared/paging';
import { CONTROL_PLANE } from '../config/stack-names';

export interface DeployedFunctions {
  readonly cloudformation: CloudFormationClient;
  readonly lambda: Pick<LambdaClient, 'send'>;
}

/**
 * The environment of a function as it is deployed, by the name of its action. Empty where there is no such function: a first
 * deployment may have stopped half-way.
 */
export async function environmentOf(
  { cloudformation, lambda }: DeployedFunctions,
  action: string,
): Promise<Readonly<Record<string, string>>> {
  const pages = paginateListStackResources({ client: cloudformation }, { StackName: CONTROL_PLANE });
  const resources = await everyItem(pages, (page) => page.StackResourceSummaries);
  const deployed = resources.find(
    ({ ResourceType, LogicalResourceId }) =>
      ResourceType === 'AWS::Lambda::Function' && LogicalResourceId?.startsWith(action),
  );
  const FunctionName = deployed?.PhysicalResourceId;
  if (!FunctionName) return {};
  try {
    const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    return Environment?.Variables ?? {};
  } catch (thrown) {
    if (isNamed(thrown, 'ResourceNotFoundException')) return {};
    throw thrown;
  }
}
