import type { Construct } from 'constructs';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, onAnyCell, onCellItems, onNews, onNoResource } from './context';

const ANY_PLAN = 'Whoever makes a backup plan chooses neither its id nor ours; the function only reads.';
const OF_THIS_STACK = 'CloudFormation names what its stacks make; the function only reads.';

/**
 * AuditSurroundings. It reads AWS's settings, and writes only its answers, beside each cell's
 * items.
 */
export function auditSurroundings(scope: Construct, context: FunctionContext): PlatformFunction {
  const { config, arns, table, acts, topic, bus, evidence, boundary } = context;
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
      ...(config.organizationId && { ORGANIZATION_ID: config.organizationId }),
      PLACED_BY_ORGANIZATION: JSON.stringify(config.placedByOrganization),
    },
    grants: [
      onCellItems(context, 'BatchGetItem', 'PutItem'),
      onNews(context, 'audits'),
      read(['ssm:GetParametersByPath'], [arns.cellParameters]),
      read(
        ['cloudformation:GetTemplate', 'cloudformation:ListStackResources', 'cloudformation:DescribeStacks'],
        [arns.platformStacks],
        OF_THIS_STACK,
      ),
      read(['kms:GetKeyPolicy'], [arns.keys], OF_THIS_STACK),
      read(['lambda:GetPolicy'], [...arns.platformCode], OF_THIS_STACK),
      read(
        ['backup:GetBackupPlan', 'backup:GetBackupSelection', 'backup:ListBackupSelections'],
        [arns.backupPlans],
        ANY_PLAN,
      ),
      read(['backup:GetBackupVaultAccessPolicy'], [arns.backupVaults], ANY_PLAN),
      read(['sqs:GetQueueAttributes'], [arns.platformQueues], OF_THIS_STACK),
      read(
        ['events:ListTargetsByRule'],
        [arns.anyRule],
        'A rule of somebody else has any name; the function only reads.',
      ),
      read(
        ['states:DescribeStateMachine'],
        [arns.machines],
        'A strange machine has any name; the function only reads.',
      ),
      read(
        [
          ...['dynamodb:DescribeTable', 'dynamodb:GetResourcePolicy', 'dynamodb:DescribeKinesisStreamingDestination'],
          'dynamodb:DescribeContinuousBackups',
        ],
        [table.tableArn],
      ),
      read(['dynamodb:GetResourcePolicy'], [acts.tableArn]),
      read(['dynamodb:DescribeExport'], [arns.tableExports], 'DynamoDB names exports; the function only reads.'),
      read(['events:DescribeEventBus'], [bus.eventBusArn]),
      read(['sns:GetTopicAttributes', 'sns:ListSubscriptionsByTopic'], [topic.topicArn]),
      read(
        ['s3:GetBucketObjectLockConfiguration', 's3:GetBucketPublicAccessBlock', 's3:GetReplicationConfiguration'],
        [evidence.bucket.bucketArn],
      ),
      onAnyCell(['s3:GetBucketPolicy'], 'arn:aws:s3:::*'),
      // "Actions, resources, and condition keys for AWS WAF V2": the web ACL may be a stranger's.
      onAnyCell(['wafv2:GetWebACLForResource'], arns.cellLoadBalancers, arns.webAcls),
      onAnyCell(['wafv2:GetWebACL', 'wafv2:GetLoggingConfiguration'], arns.webAcls),
      onAnyCell(['elasticloadbalancing:GetLoadBalancerWebACL'], arns.cellLoadBalancers),
      read(['ecr:GetRepositoryPolicy'], [arns.serviceImages]),
      onAnyCell(['ecs:DescribeServices'], arns.cellServices),
      onAnyCell(['ecs:DescribeTasks'], arns.cellTasks),
      // "ListTasks" is authorized on a container instance, which a task of Fargate does not have.
      onNoResource('ecs:ListTasks'),
      onNoResource(
        'backup:ListBackupPlans',
        'cloudformation:ListStacks',
        'cloudtrail:LookupEvents',
        'cloudwatch:DescribeAlarms',
        'dynamodb:ListExports',
        'ec2:DescribeDhcpOptions',
        'ec2:DescribeFlowLogs',
        'ec2:DescribeNetworkAcls',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeVpcEndpoints',
        'ec2:DescribeVpcPeeringConnections',
        'ec2:DescribeVpcs',
        'ecs:DescribeTaskDefinition',
        'elasticloadbalancing:DescribeListenerAttributes',
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeListeners',
        'elasticloadbalancing:DescribeLoadBalancerAttributes',
        'elasticloadbalancing:DescribeTargetGroupAttributes',
        'elasticloadbalancing:DescribeTargetHealth',
        'events:ListRules',
        'iam:GetAccountAuthorizationDetails',
        'lambda:ListEventSourceMappings',
        'lambda:ListFunctions',
        'logs:DescribeAccountPolicies',
        'logs:DescribeExportTasks',
        'logs:DescribeResourcePolicies',
        'rds:DescribeDBProxies',
        'rds:DescribeDBSnapshots',
        'rds:DescribeEventSubscriptions',
        'rds:DescribeExportTasks',
        'rds:DescribeIntegrations',
        'route53:ListHostedZonesByVPC',
        'route53resolver:ListFirewallRuleGroupAssociations',
        'route53resolver:ListResolverQueryLogConfigAssociations',
        'route53resolver:ListResolverRuleAssociations',
        'states:ListStateMachines',
      ),
    ],
  });
}
