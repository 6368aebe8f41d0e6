import { Aws, aws_iam as iam, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { TENANT_ROLE_PATH, TENANT_TAG } from '../../functions/contract/naming';
import { tenantBoundaryStatements } from '../../functions/contract/tenant-boundary';

/** Fixed, so that a policy can name the boundary without a reference to its stack. */
const TENANT_BOUNDARY_NAME = 'TenantBoundary';

/** The cdk-nag findings that are acknowledged, in cdk-nag's notation. */
const WILDCARDS = [
  `s3:::tenant-<aws:PrincipalTag/${TENANT_TAG}>-<AWS::AccountId>-<AWS::Region>/*`,
  'kms:<AWS::Region>:<AWS::AccountId>:key/*',
  `secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:tenants/<aws:PrincipalTag/${TENANT_TAG}>/*`,
  `rds-db:<AWS::Region>:<AWS::AccountId>:dbuser:*/app_<aws:PrincipalTag/${TENANT_TAG}>`,
  `rds-db:<AWS::Region>:<AWS::AccountId>:dbuser:*/read_<aws:PrincipalTag/${TENANT_TAG}>`,
  `logs:<AWS::Region>:<AWS::AccountId>:log-group:/tenants/<aws:PrincipalTag/${TENANT_TAG}>/*`,
  'logs:<AWS::Region>:<AWS::AccountId>:log-group:RDSOSMetrics*',
  'logs:<AWS::Region>:<AWS::AccountId>:log-group:RDSOSMetrics*:log-stream:*',
];

const limits = () =>
  tenantBoundaryStatements({ partition: Aws.PARTITION, accountId: Aws.ACCOUNT_ID, region: Aws.REGION }).map((each) =>
    iam.PolicyStatement.fromJson(each),
  );

/**
 * The most that any role under `/tenants/` can do, whatever its own policies say: use resources of
 * the tenant in the role's tag. CloudFormation's role for tenant stacks can create no role without
 * this boundary.
 *
 * A key's tag may take five minutes to be known to authorization ("ABAC for AWS KMS"). This delays
 * no onboarding: the first use of a key under this boundary is in VerifyIsolation, after the
 * tenant's Multi-AZ database, which takes longer.
 *
 * A role without the tag can use no tenant's resource: a variable without a value matches no
 * resource ("IAM policy elements: Variables and tags"). RDS writes OS metrics to one log group of
 * the account, so that group is not the tenant's own.
 */
export class TenantBoundary extends Construct {
  readonly policy: iam.IManagedPolicy;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.policy = new iam.ManagedPolicy(this, 'Policy', {
      managedPolicyName: TENANT_BOUNDARY_NAME,
      path: TENANT_ROLE_PATH,
      // A new description replaces the policy, and a second policy with its name cannot be created
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
