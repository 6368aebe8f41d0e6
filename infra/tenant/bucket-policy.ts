import { aws_iam as iam } from 'aws-cdk-lib';

const ANYONE = [new iam.AnyPrincipal()];
const ENCRYPTION = 's3:x-amz-server-side-encryption';
const KEY = 's3:x-amz-server-side-encryption-aws-kms-key-id';
const CUSTOMER_KEY = 's3:x-amz-server-side-encryption-customer-algorithm';
const is = (key: string, there: boolean) => ({ Null: { [key]: there ? 'false' : 'true' } });

/** Reading and writing of objects, their versions, tags and ACLs. */
const DATA_ACTIONS = ['s3:GetObject*', 's3:PutObject*', 's3:DeleteObject', 's3:RestoreObject'];

/**
 * The policy of a tenant's bucket. It only denies; the policy of the tenant's role allows.
 *
 * A request without an encryption header gets the bucket's default, the tenant's key, and passes.
 * A request with `aws:kms` and no key would get the account's `aws/s3` key ("Using server-side
 * encryption with AWS KMS keys"). So the policy denies it, as it denies other keys, other kinds of
 * encryption and customer-provided keys.
 *
 * An access point would be a second way in with a policy of its own. The bucket denies requests
 * through any access point ("Configuring IAM policies for using access points").
 *
 * IAM decides who may empty the bucket (ListBucketVersions, DeleteObjectVersion) and configure it:
 * the undo of ProvisionStacks and CloudFormation need these actions.
 */
export function tenantBucketPolicy(bucketArn: string, keyArn: string, accessRoleArn: string): iam.PolicyDocument {
  const refusePut = (sid: string, conditions: Record<string, unknown>) =>
    new iam.PolicyStatement({
      sid,
      effect: iam.Effect.DENY,
      principals: ANYONE,
      actions: ['s3:PutObject'],
      resources: [`${bucketArn}/*`],
      conditions,
    });
  const refuseAll = (sid: string, conditions: Record<string, unknown>) =>
    new iam.PolicyStatement({
      sid,
      effect: iam.Effect.DENY,
      principals: ANYONE,
      actions: ['s3:*'],
      resources: [bucketArn, `${bucketArn}/*`],
      conditions,
    });
  return new iam.PolicyDocument({
    statements: [
      refuseAll('TlsOnly', { Bool: { 'aws:SecureTransport': 'false' } }),
      refuseAll('NoAccessPoint', is('s3:DataAccessPointArn', true)),
      refusePut('NoOtherKey', { ...is(KEY, true), ArnNotEquals: { [KEY]: keyArn } }),
      refusePut('NoOtherEncryption', { ...is(ENCRYPTION, true), StringNotEquals: { [ENCRYPTION]: 'aws:kms' } }),
      refusePut('NoUnnamedKey', { ...is(KEY, false), StringEquals: { [ENCRYPTION]: 'aws:kms' } }),
      refusePut('NoCustomerKey', is(CUSTOMER_KEY, true)),
      new iam.PolicyStatement({
        sid: 'DataForTheTenantsRoleOnly',
        effect: iam.Effect.DENY,
        principals: ANYONE,
        actions: DATA_ACTIONS,
        resources: [`${bucketArn}/*`],
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': accessRoleArn } },
      }),
    ],
  });
}
