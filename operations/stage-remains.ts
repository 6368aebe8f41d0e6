import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { everyItem } from '../functions/shared/paging';
import { describeStack } from '../functions/stacks/stacks';
import type { Stage } from '../infra/config/environments';
import { CONTROL_PLANE, FOUNDATION } from '../infra/config/stack-names';
import { type AwsAccess, accessTo, connectTo, type StageConnection } from './stage-connection';

/** What is left of a stage that is being taken down. */
export interface StageRemains {
  readonly aws: AwsAccess;
  /** Undefined once the deletion of its stack has begun, and where it was never whole: it can neither work nor put anything on record. */
  readonly controlPlane?: StageConnection;
  /** Name of the table of acts, if the control plane is gone and the table is not. */
  readonly actsTableName?: string;
}

async function actsTableIn(client: CloudFormationClient): Promise<string | undefined> {
  const pages = paginateListStackResources({ client }, { StackName: FOUNDATION });
  const resources = await everyItem(pages, ({ StackResourceSummaries }) => StackResourceSummaries);
  return resources.find(
    ({ ResourceType, LogicalResourceId, ResourceStatus }) =>
      ResourceType === 'AWS::DynamoDB::Table' &&
      LogicalResourceId?.startsWith('Acts') &&
      ResourceStatus !== 'DELETE_COMPLETE',
  )?.PhysicalResourceId;
}

/**
 * Connects to a stage, whole or half taken down: a teardown may have stopped at any stack.
 *
 * @throws Error that says how to start or deploy the stage when there is nothing of it, or that the credentials are of
 * another account
 */
export async function remainsOf(stage: Stage): Promise<StageRemains> {
  return await remainsIn(await accessTo(stage), () => connectTo(stage));
}

/** A control plane that is being deleted, or whose creation has failed ("Stack status codes"). */
const NOT_WHOLE = /^(?:DELETE|ROLLBACK|REVIEW)_|^CREATE_FAILED$/;

/** The same, by the stacks that there are. @param connect connects to a control plane that is whole */
export async function remainsIn(aws: AwsAccess, connect: () => Promise<StageConnection>): Promise<StageRemains> {
  const cloudformation = new CloudFormationClient(aws);
  const { StackStatus } = (await describeStack(cloudformation, CONTROL_PLANE)) ?? {};
  const foundation = await describeStack(cloudformation, FOUNDATION);
  if (!foundation || (StackStatus && !NOT_WHOLE.test(StackStatus))) return { aws, controlPlane: await connect() };
  const actsTableName = await actsTableIn(cloudformation);
  return { aws, ...(actsTableName && { actsTableName }) };
}
