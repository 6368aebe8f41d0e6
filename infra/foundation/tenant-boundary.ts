import { Aws, aws_iam as iam, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { TENANT_ROLE_PATH, TENANT_TAG, tenantNames } from '../../functions/contract/naming';

/** Fixed, so that a policy can name the boundary without a reference to its stack. */
const TENANT_BOUNDARY_NAME = 'TenantBoundary';

/**
 * The tenant of the role: the value of the role's tag `tenantId`. A session tag can repeat the
 * value and cannot change it.
 */
const CALLERS_TENANT = `\${aws:PrincipalTag/${TENANT_TAG}}`;

/** The findings that are acknowledged, in cdk-nag's notation. */
const WILDCARDS = [
  `s3:::tenant-<aws:PrincipalTag/${TENANT_TAG}>-<AWS::AccountId>-<AWS::Region>/*`,
  'kms:<AWS::Region>:<AWS::AccountId>:key/*',
  `secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:tenants/<aws:PrincipalTag/${TENANT_TAG}>/*`,
  `rds-db:<AWS::Region>:<AWS::AccountId>:dbuser:*/app_<aws:PrincipalTag/${TENANT_TAG}>`,
  `logs:<AWS::Region>:<AWS::AccountId>:log-group:/tenants/<aws:PrincipalTag/${TENANT_TAG}>/*`,
  'logs:<AWS::Region>:<AWS::AccountId>:log-group:RDSOSMetrics*',
  'logs:<AWS::Region>:<AWS::AccountId>:log-group:RDSOSMetrics*:log-stream:*',
];

const allow = (sid: string, actions: string[], resources: string[], conditions: Record<string, unknown> = {}) =>
  new iam.PolicyStatement({ sid, actions, resources, conditions });

function ofTheAccount(service: string, resource: string): string {
  return `arn:${Aws.PARTITION}:${service}:${Aws.REGION}:${Aws.ACCOUNT_ID}:${resource}`;
}

/**
 * One statement for each need of a tenant's roles: the access role first, then the roles of AWS
 * services.
 */
function limits(): iam.PolicyStatement[] {
  const bucketArn = `arn:${Aws.PARTITION}:s3:::${tenantNames.bucket(CALLERS_TENANT, Aws.ACCOUNT_ID, Aws.REGION)}`;
  const osMetrics = ofTheAccount('logs', 'log-group:RDSOSMetrics*');
  const ownTag = { StringEquals: { [`aws:ResourceTag/${TENANT_TAG}`]: CALLERS_TENANT } };
  return [
    allow('OwnBucket', ['s3:ListBucket', 's3:GetBucketLocation'], [bucketArn]),
    allow(
      'OwnObjects',
      ['s3:GetObject', 's3:GetObjectVersion', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      [`${bucketArn}/*`],
    ),
    allow('OwnKeys', ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], [ofTheAccount('kms', 'key/*')], ownTag),
    allow(
      'OwnSecrets',
      ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
      [ofTheAccount('secretsmanager', `secret:tenants/${CALLERS_TENANT}/*`)],
    ),
    allow(
      'OwnDatabaseUser',
      ['rds-db:connect'],
      [ofTheAccount('rds-db', `dbuser:*/${tenantNames.databaseUser(CALLERS_TENANT)}`)],
    ),
    allow(
      'OwnLogs',
      ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams'],
      [ofTheAccount('logs', `log-group:/tenants/${CALLERS_TENANT}/*`)],
    ),
    allow('OsMetricsGroup', ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'], [osMetrics]),
    allow(
      'OsMetrics',
      ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams', 'logs:GetLogEvents'],
      [`${osMetrics}:log-stream:*`],
    ),
  ];
}

/**
 * The most that any role under `/tenants/` can do, whatever its own policies say: use what belongs to the tenant that the
 * role is tagged with. CloudFormation's role for tenant stacks can make no role without it.
 *
 * That a key's tag may take five minutes to count ("ABAC for AWS KMS") delays no onboarding: the first user of a key under this
 * boundary is VerifyIsolation, after the tenant's Multi-AZ database, which alone takes longer.
 *
 * A role without the tag can do nothing of a tenant's: an unresolved variable matches no resource ("IAM policy elements:
 * Variables and tags"). RDS writes OS metrics to one group of the whole account, so that one is not the tenant's own.
 */
export class TenantBoundary extends Construct {
  readonly policy: iam.IManagedPolicy;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.policy = new iam.ManagedPolicy(this, 'Policy', {
      managedPolicyName: TENANT_BOUNDARY_NAME,
      path: TENANT_ROLE_PATH,
      // A new description replaces the policy, and a policy of the same name cannot be made beside it
      // ("AWS::IAM::ManagedPolicy": Description, update requires replacement).
      description: 'The most that a role of a tenant can do',
      statements: limits(),
    });
    for (const resource of WILDCARDS)
      Validations.of(this).acknowledge({
        id: `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${resource}]`,
        reason: 'A boundary grants nothing; the wildcard stays inside the tenant that the role is tagged with.',
      });
  }
}
