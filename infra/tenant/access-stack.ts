import { Aws, Fn, aws_iam as iam, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tenantAccessRole } from './access-role';
import { TenantTemplate } from './tenant-template';

/**
 * The role that the shared service assumes for the tenant. Its policy names the database's
 * resource id.
 */
export class AccessStack extends TenantTemplate<'access'> {
  constructor(scope: Construct) {
    super(scope, 'access', 'Access of one tenant: the role that the shared service assumes');
    this.list('TrustedRoleArns');
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::W2509',
      reason: 'SecretArn is the ARN of a secret, not the secret.',
    });
    const role = tenantAccessRole(this, {
      tenantId: this.tenantId,
      externalId: this.text('ExternalId'),
      // A Ref to a list parameter is replaced by the array of principals.
      trusted: [new iam.ArnPrincipal(Fn.ref('TrustedRoleArns'))],
      boundaryArn: this.text('BoundaryArn'),
      bucketArn: `arn:${Aws.PARTITION}:s3:::${this.text('BucketName')}`,
      keyArn: this.keyArn,
      secretArn: this.text('SecretArn'),
      databaseResourceIds: [this.text('DatabaseResourceId'), this.text('ReplicaResourceId')],
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::<BucketName>/*]',
      reason: "All objects of the tenant's own bucket, which exists for this role.",
    });
    this.output('RoleArn', role.attrArn);
    this.output('RoleName', role.ref);
  }
}
