import type { Construct } from 'constructs';
import { TENANT_TAG } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import {
  type FunctionContext,
  listingCells,
  ofTenantKeys,
  onAnyCell,
  onAnyTenant,
  onNames,
  onNoResource,
  onTable,
  passingStackRole,
} from './context';

/** Finding orphans needs only read permissions. Removal is granted only in stages that want it. */
export function orphansFunction(scope: Construct, context: FunctionContext): PlatformFunction {
  const { config, table, stackRole } = context;
  const removes = config.orphans === 'remove';
  const ofNames = onNames(context, (names) => [names.reading(), ...(removes ? [names.changing('DELETE')] : [])]);
  return new PlatformFunction(scope, 'Orphans', {
    config,
    environment: {
      TABLE_NAME: table.tableName,
      ACCOUNT_ID: config.env.account,
      STACK_ROLE_ARN: stackRole.roleArn,
      ORPHANS: config.orphans,
      EVIDENCE_BUCKET_NAME: context.evidence.bucket.bucketName,
      ...ofNames.environment,
    },
    grants: [...searching(context), ...(removes ? removing(context) : []), ...ofNames.grants],
  });
}

function searching(context: FunctionContext): Grant[] {
  return [
    onTable(context, 'GetItem', 'Scan'),
    listingCells(context),
    { actions: ['kms:DescribeKey'], ...ofTenantKeys(context) },
    onNoResource(
      'cloudformation:ListStacks',
      'elasticloadbalancing:DescribeRules',
      'elasticloadbalancing:DescribeTags',
      'iam:ListRoles',
      'kms:ListAliases',
      'logs:DescribeLogGroups',
      'rds:DescribeDBInstanceAutomatedBackups',
      'rds:DescribeDBInstances',
      'rds:DescribeDBSnapshots',
      's3:ListAllMyBuckets',
      'secretsmanager:ListSecrets',
      'tag:GetResources',
    ),
  ];
}

function removing(context: FunctionContext): Grant[] {
  const { arns } = context;
  return [
    onTable(context, 'ConditionCheckItem', 'DeleteItem', 'PutItem'),
    ...context.evidence.reading(),
    onAnyTenant(['cloudformation:DeleteStack', 'cloudformation:DescribeStacks'], arns.tenantStacks),
    passingStackRole(context),
    onAnyTenant(['s3:DeleteBucket', 's3:ListBucket', 's3:ListBucketVersions'], arns.tenantBuckets),
    onAnyTenant(['s3:DeleteObject', 's3:DeleteObjectVersion'], `${arns.tenantBuckets}/*`),
    onAnyTenant(['iam:DeleteRole', 'iam:DeleteRolePolicy', 'iam:ListRolePolicies'], arns.tenantRoles),
    onAnyTenant(['logs:DeleteLogGroup'], arns.tenantLogGroups, arns.tenantDatabaseLogGroups),
    onAnyTenant(['secretsmanager:DeleteSecret'], arns.tenantSecrets),
    {
      actions: ['rds:DeleteDBSnapshot'],
      resources: [arns.rdsSnapshots],
      conditions: { Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' } },
      wildcardBecause: 'Whoever takes a snapshot names it; the condition admits those with the tag of their database.',
    },
    {
      actions: ['rds:DeleteDBInstanceAutomatedBackup'],
      resources: [arns.rdsAutomatedBackups],
      wildcardBecause:
        'A retained backup has a random id, and AWS promises no tag on it; the function goes by the name of its instance.',
    },
    onAnyTenant(['kms:DeleteAlias'], arns.tenantAliases),
    {
      actions: ['kms:GetKeyPolicy', 'kms:DisableKey', 'kms:ScheduleKeyDeletion', 'kms:DeleteAlias'],
      ...ofTenantKeys(context),
    },
    onAnyCell(['elasticloadbalancing:DeleteRule'], arns.cellRules),
  ];
}
