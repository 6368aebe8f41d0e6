import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IEventBus } from 'aws-cdk-lib/aws-events';
import type { IManagedPolicy, IRole } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { ONBOARDING_SOURCE } from '../../../functions/contract/events';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { itemKeys, type NewsOf } from '../../../functions/contract/records';
import type { StageConfig } from '../../config/stages';
import type { Grant } from '../../constructs/grant';
import type { PlatformArns } from '../../constructs/platform-names';
import { runbookAddress } from '../../constructs/runbook-link';
import type { EvidenceBucket } from '../../foundation/evidence-bucket';
import type { NamesZone } from '../../foundation/names-zone';
import type { TenantTemplates } from '../tenant-templates';

/** The resources that the functions of the control plane use. */
export interface FunctionContext {
  readonly config: StageConfig;
  readonly arns: PlatformArns;
  readonly table: ITable;
  /** The record of acts. */
  readonly acts: ITable;
  readonly topic: ITopic;
  readonly bus: IEventBus;
  readonly boundary: IManagedPolicy;
  readonly evidence: EvidenceBucket;
  readonly names: NamesZone | undefined;
  readonly stackRole: IRole;
  readonly templates: TenantTemplates;
}

type ItemAction =
  | 'GetItem'
  | 'BatchGetItem'
  | 'PutItem'
  | 'UpdateItem'
  | 'DeleteItem'
  | 'ConditionCheckItem'
  | 'Query'
  | 'Scan';

/** Grant on resources of any tenant. */
export const onAnyTenant = (actions: readonly string[], ...resources: string[]): Grant => ({
  actions,
  resources,
  wildcardBecause: 'The tenants of the next years have no ARNs yet; the prefix is theirs alone.',
});

/** Grant on resources of any cell. */
export const onAnyCell = (actions: readonly string[], ...resources: string[]): Grant => ({
  actions,
  resources,
  wildcardBecause: 'A new cell works without a new deployment of the functions; only cells publish under the prefix.',
});

/** Grant of actions for which AWS names no resource ("Actions, resources, and condition keys for AWS services"). */
export const onNoResource = (...actions: string[]): Grant => ({
  actions,
  resources: ['*'],
  wildcardBecause: `AWS names no resource for ${actions.join(', ')}.`,
});

/** Grant to read the descriptors of all cells. */
export const listingCells = ({ arns }: FunctionContext): Grant => ({
  actions: ['ssm:GetParametersByPath'],
  resources: [arns.cellParameters],
});

/** Grant to assume tenants' roles. */
export const assumingTenants = ({ arns }: FunctionContext): Grant =>
  onAnyTenant(['sts:AssumeRole', 'sts:TagSession'], arns.assumableTenantRoles);

/** Grant to let CloudFormation work on tenants' stacks with their role. */
export const passingStackRole = ({ stackRole }: FunctionContext): Grant => ({
  actions: ['iam:PassRole'],
  resources: [stackRole.roleArn],
  conditions: { StringEquals: { 'iam:PassedToService': 'cloudformation.amazonaws.com' } },
});

/** The right to make listener rules. Their tags take another right, on the rules ("CreateRule"). */
export const makingRules = ({ arns }: FunctionContext): Grant =>
  onAnyCell(['elasticloadbalancing:CreateRule'], arns.cellListeners);

/**
 * Grants on items of the tenants table. A transaction needs the permission of each of its
 * operations ("Using IAM with DynamoDB transactions").
 */
export const onTable = ({ table }: Pick<FunctionContext, 'table'>, ...actions: ItemAction[]): Grant => ({
  actions: actions.map((action) => `dynamodb:${action}`),
  resources: [table.tableArn],
});

/** Allows items of cells and no item of a tenant. */
export const onCellItems = (context: Pick<FunctionContext, 'table'>, ...actions: ItemAction[]): Grant => ({
  ...onTable(context, ...actions),
  conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['CELL#*'] } },
});

/** Allows one item: the one that tells consoles of changes outside the table. */
export const onNews = (context: Pick<FunctionContext, 'table'>, of: NewsOf): Grant => ({
  ...onTable(context, 'PutItem'),
  conditions: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [itemKeys.news(of).pk] } },
});

/** Grants to register a cell's task definition with the roles of the cell's stack. */
export const registeringTasks = ({ arns }: FunctionContext): Grant[] => [
  onNoResource('ecs:DescribeTaskDefinition', 'ecs:RegisterTaskDefinition'),
  {
    ...onAnyCell(['iam:PassRole'], arns.cellRoles),
    conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
  },
];

/** Keys that carry a tenant's tag. */
export const ofTenantKeys = ({ arns }: Pick<FunctionContext, 'arns'>): Omit<Grant, 'actions'> => ({
  resources: [arns.keys],
  conditions: { Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' } },
  wildcardBecause: 'Key ids are random; the condition admits keys of tenants only.',
});

/**
 * Grant to publish events with the platform's own source only: no function can pretend to be
 * billing.
 */
export const publishing = ({ bus }: FunctionContext): Grant => ({
  actions: ['events:PutEvents'],
  resources: [bus.eventBusArn],
  conditions: { StringEquals: { 'events:source': ONBOARDING_SOURCE } },
});

/** Environment and grants to send the operators a message. */
export const telling = ({ config, topic }: Pick<FunctionContext, 'config' | 'topic'>) => ({
  environment: { ALARM_TOPIC_ARN: topic.topicArn, RUNBOOK_URL: runbookAddress(config) },
  grants: [
    { actions: ['sns:Publish'], resources: [topic.topicArn] },
    // "Configure SQS/SNS encryption": a publisher to an encrypted topic uses the topic's key.
    ...(topic.masterKey
      ? [{ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [topic.masterKey.keyArn] }]
      : []),
  ] satisfies Grant[],
});

/** Environment and grants for tenants' DNS records. Empty when the stage has no hosted zone. */
export const onNames = ({ names }: FunctionContext, grantsOf: (names: NamesZone) => Grant[]) => ({
  environment: names && { HOSTED_ZONE_ID: names.zoneId },
  grants: names ? grantsOf(names) : [],
});
