import { Aws, aws_iam as iam } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { TENANT_ROLE_PATH, TENANT_TAG, tenantNames } from '../../functions/contract/naming';

interface AccessRoleProps {
  readonly tenantId: string;
  readonly externalId: string;
  readonly trusted: iam.IPrincipal[];
  readonly boundaryArn: string;
  readonly bucketArn: string;
  readonly keyArn: string;
  readonly secretArn: string;
  /** `DbiResourceId` of the database, and of its replica or of the database again; the decoy has none. */
  readonly databaseResourceIds?: readonly [primary: string, replica: string];
}

const taggedWith = (tenantId: string) => ({ [`aws:RequestTag/${TENANT_TAG}`]: tenantId });

const KEY_HEADER = 's3:x-amz-server-side-encryption-aws-kms-key-id';

function grants(props: AccessRoleProps): iam.PolicyStatement[] {
  const allow = (sid: string, actions: string[], resource: string, conditions: Record<string, unknown> = {}) =>
    new iam.PolicyStatement({ sid, actions, resources: [resource], conditions });
  const objects = `${props.bucketArn}/*`;
  const user = (resourceId: string, name: string) =>
    `arn:${Aws.PARTITION}:rds-db:${Aws.REGION}:${Aws.ACCOUNT_ID}:dbuser:${resourceId}/${name}`;
  const [application, reader] = [tenantNames.databaseUser(props.tenantId), tenantNames.databaseReader(props.tenantId)];
  const [primary, replica] = props.databaseResourceIds ?? [];
  return [
    allow('ListOwnBucket', ['s3:ListBucket', 's3:GetBucketLocation'], props.bucketArn),
    allow('ReadOwnObjects', ['s3:GetObject', 's3:GetObjectVersion', 's3:DeleteObject'], objects),
    allow('WriteUnderOwnKey', ['s3:PutObject', 's3:AbortMultipartUpload'], objects, {
      ArnEqualsIfExists: { [KEY_HEADER]: props.keyArn },
    }),
    allow('UseOwnKey', ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'], props.keyArn),
    allow('ReadOwnSecret', ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], props.secretArn),
    ...(primary && replica
      ? [
          allow('LogInToOwnDatabase', ['rds-db:connect'], user(primary, application)),
          new iam.PolicyStatement({
            sid: 'ReadOwnDatabase',
            actions: ['rds-db:connect'],
            resources: [user(primary, reader), user(replica, reader)],
          }),
        ]
      : []),
  ];
}

/**
 * The role that the shared service assumes to serve one tenant. Assuming it requires the tenant's
 * external ID and the tenant's session tag. A service that confuses two tenants is denied, and
 * never gets the wrong data.
 *
 * The trust policy has two statements: `sts:TagSession` has no key `sts:ExternalId` ("Actions,
 * resources, and condition keys for AWS Security Token Service"). A statement that requires an
 * external ID for it never applies, and every session with a tag would be denied.
 */
export function tenantAccessRole(scope: Construct, props: AccessRoleProps): iam.CfnRole {
  return new iam.CfnRole(scope, 'AccessRole', {
    roleName: tenantNames.role(props.tenantId),
    path: TENANT_ROLE_PATH,
    permissionsBoundary: props.boundaryArn,
    maxSessionDuration: 3600,
    assumeRolePolicyDocument: new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          sid: 'AssumeForThisTenant',
          actions: ['sts:AssumeRole'],
          principals: props.trusted,
          conditions: { StringEquals: { 'sts:ExternalId': props.externalId, ...taggedWith(props.tenantId) } },
        }),
        new iam.PolicyStatement({
          sid: 'TagTheSession',
          actions: ['sts:TagSession'],
          principals: props.trusted,
          conditions: { StringEquals: taggedWith(props.tenantId) },
        }),
      ],
    }),
    policies: [{ policyName: 'own-data', policyDocument: new iam.PolicyDocument({ statements: grants(props) }) }],
  });
}
