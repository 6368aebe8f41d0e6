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

/** The right to make listener rules. Their tags take another right, on the rules ("CreateRule"). */
export const makingRules = ({ arns }: Pick<FunctionContext, 'arns'>): Grant => ({
  actions: ['elasticloadbalancing:CreateRule'],
  resources: [arns.cellListeners],
  wildcardBecause: OF_ANY_CELL,
});

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
  {
    actions: ['ecs:DescribeTaskDefinition', 'ecs:RegisterTaskDefinition'],
    resources: ['*'],
    wildcardBecause: NO_RESOURCE('DescribeTaskDefinition'),
  },
  {
    actions: ['iam:PassRole'],
    resources: [arns.cellRoles],
    conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    wildcardBecause: OF_ANY_CELL,
  },
];

/** Keys that carry a tenant's tag. */
export const ofTenantKeys = ({ arns }: FunctionContext): Omit<Grant, 'actions'> => ({
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

export const OF_ANY_TENANT = 'The tenants of the next years have no ARNs yet; the prefix is theirs alone.';
export const OF_ANY_CELL =
  'A new cell works without a new deployment of the functions; only cells publish under the prefix.';
export const NO_RESOURCE = (action: string) => `AWS names no resource for ${action}.`;
