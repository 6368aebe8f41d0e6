import type { Construct } from 'constructs';
import { TRUSTEES_PARAMETER_PATH } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, NO_RESOURCE, OF_ANY_CELL, onCellItems } from './context';

const TASK_ROLES = "A cell's task role has CloudFormation's name; the function only reads.";

/**
 * AuditSurroundings. It reads AWS's settings, and writes only its answers, beside each cell's
 * items.
 */
export function auditSurroundings(scope: Construct, context: FunctionContext): PlatformFunction {
  const { config, arns, table, topic, bus, evidence, boundary } = context;
  const read = (actions: string[], resources: string[], wildcardBecause?: string): Grant => ({
    actions,
    resources,
    ...(wildcardBecause && { wildcardBecause }),
  });
  return new PlatformFunction(scope, 'AuditSurroundings', {
    config,
    environment: {
      TABLE_NAME: table.tableName,
      TENANT_BOUNDARY_ARN: boundary.managedPolicyArn,
      ACCOUNT_ID: config.env.account,
      ALARM_TOPIC_ARN: topic.topicArn,
      EVENT_BUS_NAME: bus.eventBusName,
      EVIDENCE_BUCKET_NAME: evidence.bucket.bucketName,
      BILLING_ACCOUNT_ID: config.billingAccountId,
    },
    grants: [
      onCellItems(context, 'PutItem'),
      read(['ssm:GetParametersByPath'], [arns.cellParameters, arns.parameters(TRUSTEES_PARAMETER_PATH)]),
      read(
        ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies'],
        [arns.anyRole],
        TASK_ROLES,
      ),
      read(
        ['dynamodb:DescribeTable', 'dynamodb:GetResourcePolicy', 'dynamodb:DescribeKinesisStreamingDestination'],
        [table.tableArn],
      ),
      read(['events:DescribeEventBus'], [bus.eventBusArn]),
      read(['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'], [topic.topicArn]),
      read(['s3:GetBucketObjectLockConfiguration'], [evidence.bucket.bucketArn]),
      read(['s3:GetBucketPolicy'], ['arn:aws:s3:::*'], OF_ANY_CELL),
      read(['ecs:DescribeServices'], [arns.cellServices], OF_ANY_CELL),
      read(
        [
          'cloudwatch:DescribeAlarms',
          'ec2:DescribeDhcpOptions',
          'ec2:DescribeInstances',
          'ec2:DescribeVpcPeeringConnections',
          'ec2:DescribeVpcs',
          'elasticloadbalancing:DescribeListeners',
          'elasticloadbalancing:DescribeLoadBalancerAttributes',
          'iam:GetAccountAuthorizationDetails',
        ],
        ['*'],
        NO_RESOURCE('these Describe and Get actions'),
      ),
    ],
  });
}
