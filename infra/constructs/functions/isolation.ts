import { Duration } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Grant } from '../grant';
import { OnboardingFunction } from '../onboarding-function';
import { type FunctionContext, NO_RESOURCE, OF_ANY_TENANT, onTable } from './context';

/** VerifyIsolation reads what AWS really has, and takes on tenants' roles to try their doors. It changes nothing. */
export function isolationFunction(scope: Construct, context: FunctionContext): OnboardingFunction {
  const { config, arns, table, stackRole, boundary } = context;
  const read = (actions: string[], ...resources: string[]): Grant => ({
    actions,
    resources,
    wildcardBecause: OF_ANY_TENANT,
  });
  return new OnboardingFunction(scope, 'VerifyIsolation', {
    config,
    timeout: Duration.seconds(150),
    memoryMiB: 1024,
    environment: {
      TABLE_NAME: table.tableName,
      ACCOUNT_ID: config.env.account,
      TENANT_BOUNDARY_ARN: boundary.managedPolicyArn,
      STACK_ROLE_ARN: stackRole.roleArn,
    },
    grants: [
      onTable(context, 'GetItem', 'UpdateItem', 'Query'),
      read(['sts:AssumeRole', 'sts:TagSession'], arns.assumableTenantRoles),
      read(
        ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:ListGrants', 'kms:ListResourceTags'],
        arns.keys,
      ),
      read(
        [
          's3:GetBucketLogging',
          's3:GetBucketOwnershipControls',
          's3:GetBucketPolicy',
          's3:GetBucketPolicyStatus',
          's3:GetBucketPublicAccessBlock',
          's3:GetBucketTagging',
          's3:GetBucketVersioning',
          's3:GetEncryptionConfiguration',
          's3:GetLifecycleConfiguration',
          's3:GetReplicationConfiguration',
          's3:ListBucket',
        ],
        arns.tenantBuckets,
      ),
      read(['secretsmanager:DescribeSecret', 'secretsmanager:GetResourcePolicy'], arns.tenantSecrets),
      read(
        [
          'iam:GetRole',
          'iam:GetRolePolicy',
          'iam:ListAttachedRolePolicies',
          'iam:ListRolePolicies',
          'iam:ListRoleTags',
        ],
        arns.tenantRoles,
      ),
      { actions: ['iam:GetPolicy', 'iam:GetPolicyVersion'], resources: [boundary.managedPolicyArn] },
      read(
        [
          'rds:DescribeDBInstances',
          'rds:DescribeDBParameters',
          'rds:DescribeDBSnapshotAttributes',
          'rds:DescribeDBSnapshots',
          'rds:DescribeDBSubnetGroups',
        ],
        arns.rds('db'),
        arns.rds('pg'),
        arns.rds('subgrp'),
        arns.rdsSnapshots,
      ),
      read(['logs:ListTagsForResource'], arns.tenantLogGroups),
      {
        actions: [
          'ec2:DescribeFlowLogs',
          'ec2:DescribeInternetGateways',
          'ec2:DescribeNatGateways',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeRouteTables',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcEndpoints',
          'ec2:DescribeVpcPeeringConnections',
          'ec2:DescribeVpcs',
          'elasticloadbalancing:DescribeListeners',
          'elasticloadbalancing:DescribeLoadBalancers',
          'elasticloadbalancing:DescribeRules',
          'elasticloadbalancing:DescribeTags',
          'elasticloadbalancing:DescribeTargetGroups',
          'kms:ListAliases',
          'logs:DescribeLogGroups',
        ],
        resources: ['*'],
        wildcardBecause: NO_RESOURCE('these Describe and List actions'),
      },
    ],
  });
}
