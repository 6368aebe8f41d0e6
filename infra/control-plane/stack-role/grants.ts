import type { Grant } from '../../constructs/grant';
import type { PlatformArns } from '../../constructs/platform-names';
import { ofTenantKeys, onAnyTenant } from '../functions/context';

/** The key policy of each tenant limits the services through which this role may use the key. */
const useOfTenantKeys = (arns: PlatformArns): Grant => ({
  ...ofTenantKeys({ arns }),
  actions: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:CreateGrant'],
});

/**
 * No role can be created or get a policy without the boundary. The boundary cannot be removed or
 * changed.
 */
export function identityGrants(arns: PlatformArns, boundaryArn: string): Grant[] {
  const onRoles = (...actions: string[]) => onAnyTenant(actions, arns.assumableTenantRoles);
  return [
    {
      ...onRoles('iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary'),
      conditions: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
    },
    onRoles(
      'iam:DeleteRole',
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListRolePolicies',
      'iam:ListAttachedRolePolicies',
      'iam:TagRole',
      'iam:UntagRole',
      'iam:UpdateAssumeRolePolicy',
      'iam:UpdateRole',
    ),
    {
      ...onRoles('iam:PassRole'),
      conditions: {
        StringEquals: { 'iam:PassedToService': ['vpc-flow-logs.amazonaws.com', 'monitoring.rds.amazonaws.com'] },
      },
    },
    useOfTenantKeys(arns),
  ];
}

export function storageGrants(arns: PlatformArns): Grant[] {
  return [
    onAnyTenant(
      [
        's3:CreateBucket',
        's3:DeleteBucket',
        's3:DeleteBucketPolicy',
        's3:GetBucketLogging',
        's3:GetBucketOwnershipControls',
        's3:GetBucketPolicy',
        's3:GetBucketPublicAccessBlock',
        's3:GetBucketTagging',
        's3:GetBucketVersioning',
        's3:GetEncryptionConfiguration',
        's3:GetLifecycleConfiguration',
        's3:ListBucket',
        's3:ListTagsForResource',
        's3:PutBucketLogging',
        's3:PutBucketOwnershipControls',
        's3:PutBucketPolicy',
        's3:PutBucketPublicAccessBlock',
        's3:PutBucketTagging',
        's3:PutBucketVersioning',
        's3:PutEncryptionConfiguration',
        's3:PutLifecycleConfiguration',
        's3:TagResource',
        's3:UntagResource',
      ],
      arns.tenantBuckets,
    ),
    onAnyTenant(
      [
        'secretsmanager:CreateSecret',
        'secretsmanager:DeleteSecret',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:TagResource',
        'secretsmanager:UntagResource',
        'secretsmanager:UpdateSecret',
      ],
      arns.tenantSecrets,
    ),
    {
      actions: ['secretsmanager:GetRandomPassword'],
      resources: ['*'],
      wildcardBecause: 'A random password is no resource.',
    },
  ];
}

export function observabilityGrants(arns: PlatformArns): Grant[] {
  return [
    onAnyTenant(
      [
        'logs:AssociateKmsKey',
        'logs:CreateLogGroup',
        'logs:DeleteDataProtectionPolicy',
        'logs:DeleteLogGroup',
        'logs:DeleteRetentionPolicy',
        'logs:DisassociateKmsKey',
        'logs:GetDataProtectionPolicy',
        'logs:ListTagsForResource',
        'logs:PutRetentionPolicy',
        'logs:TagResource',
        'logs:UntagResource',
      ],
      arns.tenantLogGroups,
      arns.tenantDatabaseLogGroups,
    ),
    {
      actions: [
        'logs:CreateLogDelivery',
        'logs:DeleteLogDelivery',
        'logs:DescribeIndexPolicies',
        'logs:DescribeLogGroups',
        'logs:DescribeResourcePolicies',
      ],
      resources: ['*'],
      wildcardBecause:
        'Flow logs need the deliveries, which have no ARN; the rest are lists, which a log group is read from.',
    },
    onAnyTenant(
      [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      arns.tenantAlarms,
    ),
  ];
}
