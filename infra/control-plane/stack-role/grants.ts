import { TENANT_TAG } from '../../../functions/contract/naming';
import type { Grant } from '../../constructs/grant';
import type { PlatformArns } from '../../constructs/platform-names';

const OF_ANY_TENANT = 'The tenants of the next years have no ARNs yet; the prefix is theirs alone.';

/** The key policy of each tenant limits the services through which this role may use the key. */
const useOfTenantKeys = (arns: PlatformArns): Grant => ({
  actions: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKey', 'kms:CreateGrant'],
  resources: [arns.keys],
  conditions: { Null: { [`aws:ResourceTag/${TENANT_TAG}`]: 'false' } },
  wildcardBecause: 'Key ids are random; the condition admits keys of tenants only.',
});

/**
 * No role can be created or get a policy without the boundary. The boundary cannot be removed or
 * changed.
 */
export function identityGrants(arns: PlatformArns, boundaryArn: string): Grant[] {
  const roles = { resources: [arns.assumableTenantRoles], wildcardBecause: OF_ANY_TENANT };
  return [
    {
      ...roles,
      actions: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy', 'iam:PutRolePermissionsBoundary'],
      conditions: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
    },
    {
      ...roles,
      actions: [
        'iam:DeleteRole',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListRolePolicies',
        'iam:ListAttachedRolePolicies',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
      ],
    },
    {
      ...roles,
      actions: ['iam:PassRole'],
      conditions: {
        StringEquals: { 'iam:PassedToService': ['vpc-flow-logs.amazonaws.com', 'monitoring.rds.amazonaws.com'] },
      },
    },
    useOfTenantKeys(arns),
  ];
}

export function storageGrants(arns: PlatformArns): Grant[] {
  return [
    {
      actions: [
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
      resources: [arns.tenantBuckets],
      wildcardBecause: OF_ANY_TENANT,
    },
    {
      actions: [
        'secretsmanager:CreateSecret',
        'secretsmanager:DeleteSecret',
        'secretsmanager:DescribeSecret',
        'secretsmanager:GetSecretValue',
        'secretsmanager:PutSecretValue',
        'secretsmanager:TagResource',
        'secretsmanager:UntagResource',
        'secretsmanager:UpdateSecret',
      ],
      resources: [arns.tenantSecrets],
      wildcardBecause: OF_ANY_TENANT,
    },
    {
      actions: ['secretsmanager:GetRandomPassword'],
      resources: ['*'],
      wildcardBecause: 'A random password is no resource.',
    },
  ];
}

export function observabilityGrants(arns: PlatformArns): Grant[] {
  return [
    {
      actions: [
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
      resources: [arns.tenantLogGroups, arns.tenantDatabaseLogGroups],
      wildcardBecause: OF_ANY_TENANT,
    },
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
    {
      actions: [
        'cloudwatch:DeleteAlarms',
        'cloudwatch:DescribeAlarms',
        'cloudwatch:ListTagsForResource',
        'cloudwatch:PutMetricAlarm',
        'cloudwatch:TagResource',
        'cloudwatch:UntagResource',
      ],
      resources: [arns.tenantAlarms],
      wildcardBecause: OF_ANY_TENANT,
    },
  ];
}
