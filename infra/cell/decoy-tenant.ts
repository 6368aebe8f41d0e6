import { Aws, aws_iam as iam, aws_kms as kms, Tags, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { externalIdOf, TENANT_ROLE_PATH, TENANT_TAG, tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { tenantAccessRole } from '../tenant/access-role';
import { databaseSecret } from '../tenant/database-secret';
import { tenantBucket } from '../tenant/tenant-bucket';

interface DecoyTenantProps {
  readonly cellName: string;
  /** The shared service's role, which a tenant's role trusts. */
  readonly taskRole: iam.IRole;
  /** Roles of the control plane that a tenant's role trusts as well. */
  readonly trustedRoleArns: string[];
  readonly boundary: iam.IManagedPolicy;
  readonly accessLogBucketName?: string;
}

const ADMINISTRATION = ['Describe*', 'Enable*', 'Disable*', 'List*', 'Put*', 'Update*', 'Get*', 'Delete*']
  .concat(['CreateAlias', 'RevokeGrant', 'TagResource', 'UntagResource', 'ScheduleKeyDeletion', 'CancelKeyDeletion'])
  .map((action) => `kms:${action}`);

/**
 * The policy of the decoy's key, equal to a tenant's: the account administers the key, the decoy's
 * role uses it. There is one difference: the deployment of the cell makes the secret, not
 * CloudFormation's role for tenant stacks.
 */
function keyPolicy(roleArn: string): iam.PolicyDocument {
  const account = [new iam.AccountRootPrincipal()];
  const deployment = `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/cdk-*-cfn-exec-role-${Aws.ACCOUNT_ID}-${Aws.REGION}`;
  const statement = (sid: string, actions: string[], conditions: Record<string, unknown> = {}) =>
    new iam.PolicyStatement({ sid, principals: account, actions, resources: ['*'], conditions });
  return new iam.PolicyDocument({
    statements: [
      new iam.PolicyStatement({
        sid: 'AccountAdministers',
        principals: account,
        actions: ADMINISTRATION,
        resources: ['*'],
      }),
      statement('TenantsRoleUses', ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], {
        ArnEquals: { 'aws:PrincipalArn': roleArn },
      }),
      statement('DeploymentMakesTheSecret', ['kms:Decrypt', 'kms:GenerateDataKey'], {
        ArnLike: { 'aws:PrincipalArn': deployment },
        StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` },
      }),
    ],
  });
}

/**
 * The permanent decoy of a cell: a tenant without a database and without a customer. Each
 * isolation probe needs a second tenant and tries to reach its data. With one decoy per cell the
 * cost of the probes does not grow with the number of tenants.
 *
 * The code that makes a tenant's bucket, secret and role makes the decoy's too, so probes of a
 * decoy prove the same.
 */
export class DecoyTenant extends Construct {
  readonly tenantId: string;
  readonly externalId: string;
  readonly bucketName: string;
  readonly keyArn: string;
  readonly secretArn: string;
  readonly roleArn: string;

  constructor(scope: Construct, id: string, props: DecoyTenantProps) {
    super(scope, id);
    this.tenantId = tenantIdOf(`decoy-${props.cellName}`);
    this.externalId = externalIdOf(this.tenantId);
    this.bucketName = tenantNames.bucket(this.tenantId, Aws.ACCOUNT_ID, Aws.REGION);
    // An ARN by name: the policies of key and bucket name the role, and the role's policy names key
    // and bucket.
    this.roleArn = `arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role${TENANT_ROLE_PATH}${tenantNames.role(this.tenantId)}`;
    this.keyArn = this.key();
    const secret = databaseSecret(this, tenantNames.secret(this.tenantId), this.keyArn);
    this.secretArn = secret.attrId;
    const bucket = tenantBucket(this, {
      bucketName: this.bucketName,
      keyArn: this.keyArn,
      accessRoleArn: this.roleArn,
      ...(props.accessLogBucketName && {
        accessLogs: { bucketName: props.accessLogBucketName, prefix: `${this.tenantId}/` },
      }),
    });
    const role = tenantAccessRole(this, {
      tenantId: this.tenantId,
      externalId: this.externalId,
      trusted: [props.taskRole.roleArn, ...props.trustedRoleArns].map((arn) => new iam.ArnPrincipal(arn)),
      boundaryArn: props.boundary.managedPolicyArn,
      bucketArn: `arn:${Aws.PARTITION}:s3:::${this.bucketName}`,
      keyArn: this.keyArn,
      secretArn: this.secretArn,
    });
    Tags.of(this).add(TENANT_TAG, this.tenantId);
    const acknowledge = (on: Construct, rule: string, reason: string) =>
      Validations.of(on).acknowledge({ id: `AwsSolutions-${rule}`, reason });
    acknowledge(secret, 'SMG4', 'The secret opens nothing: the decoy has no database.');
    acknowledge(bucket, 'S1', 'The decoy holds nothing but what probes put there.');
    const objects = `arn:<AWS::Partition>:s3:::${tenantNames.bucket(this.tenantId, '<AWS::AccountId>', '<AWS::Region>')}/*`;
    acknowledge(role, `IAM5[Resource::${objects}]`, "All objects of the decoy's own bucket.");
  }

  private key(): string {
    const key = new kms.CfnKey(this, 'Key', {
      description: `Decoy tenant ${this.tenantId}`,
      enableKeyRotation: true,
      pendingWindowInDays: 7,
      keyPolicy: keyPolicy(this.roleArn),
    });
    new kms.CfnAlias(this, 'KeyAlias', { aliasName: tenantNames.keyAlias(this.tenantId), targetKeyId: key.ref });
    return key.attrArn;
  }
}
