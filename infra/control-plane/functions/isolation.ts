import type { Construct } from 'constructs';
import { PROBE_PREFIX } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import { codeVersion, PlatformFunction } from '../../constructs/platform-function';
import { runbookAddress } from '../../constructs/runbook-link';
import {
  assumingTenants,
  type FunctionContext,
  listingCells,
  onAnyCell,
  onAnyTenant,
  onNoResource,
  onTable,
} from './context';

/** Functions that verify a tenant's isolation: before its first request, and every day after. */
export function isolationFunctions(scope: Construct, context: FunctionContext, trustedRoleArns: readonly string[]) {
  const asking = { scope, context, trustedRoleArns };
  return {
    verifyIsolation: askingFunction('VerifyIsolation', asking, [
      onTable(context, 'GetItem', 'BatchGetItem', 'UpdateItem'),
    ]),
    auditTenant: askingFunction('AuditTenant', asking, [
      onTable(context, 'GetItem', 'BatchGetItem', 'UpdateItem'),
      listingCells(context),
      onNoResource('cloudwatch:DescribeAlarms', 'iam:GetAccountAuthorizationDetails'),
    ]),
  };
}

interface Asking {
  readonly scope: Construct;
  readonly context: FunctionContext;
  readonly trustedRoleArns: readonly string[];
}

/**
 * A function that reads AWS's settings and assumes tenants' roles for its probes. It changes no
 * tenant and stores a report.
 */
function askingFunction(
  name: 'VerifyIsolation' | 'AuditTenant',
  { scope, context, trustedRoleArns }: Asking,
  own: readonly Grant[],
): PlatformFunction {
  const { config, arns, table, stackRole, boundary, templates, topic } = context;
  const evidence = context.evidence.writing();
  return new PlatformFunction(scope, name, {
    config,
    memoryMiB: 1024,
    environment: {
      TABLE_NAME: table.tableName,
      ACCOUNT_ID: config.env.account,
      TENANT_BOUNDARY_ARN: boundary.managedPolicyArn,
      STACK_ROLE_ARN: stackRole.roleArn,
      TRUSTED_ROLE_ARNS: trustedRoleArns.join(','),
      PLACED_BY_ORGANIZATION: JSON.stringify(config.placedByOrganization),
      STACK_TEMPLATES: templates.published,
      ALARM_TOPIC_ARN: topic.topicArn,
      RUNBOOK_URL: runbookAddress(config),
      AVAILABILITY_ZONES: config.availabilityZones.join(','),
      ...(config.organizationId && { ORGANIZATION_ID: config.organizationId }),
      CODE_VERSION: codeVersion(name),
      ...evidence.environment,
    },
    grants: [
      ...own,
      ...evidence.grants,
      assumingTenants(context),
      onAnyCell(['lambda:InvokeFunction'], arns.databaseDoors),
      onAnyTenant(
        ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:ListGrants', 'kms:ListResourceTags'],
        arns.keys,
      ),
      onAnyTenant(
        [
          's3:GetAnalyticsConfiguration',
          's3:GetBucketCORS',
          's3:GetBucketLogging',
          's3:GetBucketNotification',
          's3:GetBucketObjectLockConfiguration',
          's3:GetBucketOwnershipControls',
          's3:GetBucketPolicy',
          's3:GetBucketPublicAccessBlock',
          's3:GetBucketTagging',
          's3:GetBucketVersioning',
          's3:GetBucketWebsite',
          's3:GetEncryptionConfiguration',
          's3:GetIntelligentTieringConfiguration',
          's3:GetInventoryConfiguration',
          's3:GetLifecycleConfiguration',
          's3:GetReplicationConfiguration',
        ],
        arns.tenantBuckets,
      ),
      {
        actions: ['s3:DeleteObjectVersion'],
        resources: [`${arns.tenantBuckets}/${PROBE_PREFIX}*`],
        wildcardBecause: 'What probes have put into a bucket goes again, and nothing else.',
      },
      {
        actions: ['s3:GetObject'],
        resources: [...templates.objectArns],
        wildcardBecause: 'Templates are named by their content, and a tenant of an earlier release has that release’s.',
      },
      onAnyTenant(['cloudformation:DescribeStacks', 'cloudformation:GetTemplate'], arns.tenantStacks),
      onAnyTenant(
        ['secretsmanager:DescribeSecret', 'secretsmanager:GetResourcePolicy', 'secretsmanager:ListSecretVersionIds'],
        arns.tenantSecrets,
      ),
      onAnyTenant(['rds:DescribeDBInstances'], arns.rdsInstances),
      onAnyTenant(['rds:DescribeDBParameters'], arns.rds('pg')),
      onAnyTenant(['logs:DescribeSubscriptionFilters'], arns.tenantLogGroups, arns.tenantDatabaseLogGroups),
      onAnyTenant(
        ['rds:DescribeDBSnapshots', 'rds:DescribeDBSnapshotAttributes'],
        arns.rdsInstances,
        arns.rdsSnapshots,
      ),
      onAnyTenant(
        ['iam:GetRole', 'iam:GetRolePolicy', 'iam:ListAttachedRolePolicies', 'iam:ListRolePolicies'],
        arns.tenantRoles,
      ),
      { actions: ['iam:GetPolicy', 'iam:GetPolicyVersion'], resources: [boundary.managedPolicyArn] },
      onNoResource(
        'ec2:DescribeFlowLogs',
        'ec2:DescribeInternetGateways',
        'ec2:DescribeDhcpOptions',
        'ec2:DescribeNatGateways',
        'ec2:DescribeNetworkAcls',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeRouteTables',
        'ec2:DescribeSecurityGroups',
        'ec2:DescribeSubnets',
        'ec2:DescribeVpcEndpoints',
        'ec2:DescribeVpcPeeringConnections',
        'ec2:DescribeVpcs',
        'ec2:DescribeVpnGateways',
        'elasticloadbalancing:DescribeRules',
        'elasticloadbalancing:DescribeTags',
        'elasticloadbalancing:DescribeTargetHealth',
        'kms:ListAliases',
        'logs:DescribeAccountPolicies',
        'logs:DescribeExportTasks',
        'logs:DescribeLogGroups',
        'logs:DescribeResourcePolicies',
        'organizations:DescribeOrganization',
        'rds:DescribeDBProxies',
        'rds:DescribeEvents',
        'rds:DescribeEventSubscriptions',
        'rds:DescribeExportTasks',
        'rds:DescribeIntegrations',
        'route53:ListHostedZonesByVPC',
        's3:ListAllMyBuckets',
        'secretsmanager:ListSecrets',
        'tag:GetResources',
      ),
    ],
  });
}
