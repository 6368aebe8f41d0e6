import { type CloudFormationClient, paginateListStacks, type StackStatus } from '@aws-sdk/client-cloudformation';
import { platformStackName } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { repeated } from '../../shared/repeated';

/** "Stack status codes": CloudFormation changes, or undoes what it has changed. */
const UNDER_WAY: StackStatus[] = [
  'CREATE_IN_PROGRESS',
  'DELETE_IN_PROGRESS',
  'ROLLBACK_IN_PROGRESS',
  'UPDATE_IN_PROGRESS',
  'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS',
  'UPDATE_ROLLBACK_IN_PROGRESS',
  'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS',
];

/** The platform's own stacks that a deployment is changing: each with its status. One request. */
export async function stacksUnderWay(client: CloudFormationClient): Promise<string[]> {
  const stacks = await repeated(() =>
    everyItem(paginateListStacks({ client }, { StackStatusFilter: UNDER_WAY }), (page) => page.StackSummaries),
  );
  return stacks
    .filter(({ StackName = '' }) => StackName.startsWith(platformStackName('')))
    .map(({ StackName, StackStatus }) => `${StackName} is ${StackStatus}`);
}
