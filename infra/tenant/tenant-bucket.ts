import { CfnDeletionPolicy, aws_s3 as s3 } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PROBE_PREFIX } from '../../functions/contract/naming';
import { tenantBucketPolicy } from './bucket-policy';

interface TenantBucketProps {
  readonly bucketName: string;
  readonly keyArn: string;
  readonly accessRoleArn: string;
  /** Where S3 writes the access logs, and with which prefix. The decoy has none. */
  readonly accessLogs?: { readonly bucketName: string; readonly prefix: string };
}

const NONCURRENT_DAYS = 90;

/**
 * A tenant's bucket with its policy. CloudFormation can delete it only when it is empty: the undo
 * of ProvisionStacks empties it first.
 */
export function tenantBucket(scope: Construct, props: TenantBucketProps): s3.CfnBucket {
  const bucket = new s3.CfnBucket(scope, 'Bucket', {
    bucketName: props.bucketName,
    bucketEncryption: {
      serverSideEncryptionConfiguration: [
        {
          bucketKeyEnabled: true,
          serverSideEncryptionByDefault: { sseAlgorithm: 'aws:kms', kmsMasterKeyId: props.keyArn },
        },
      ],
    },
    publicAccessBlockConfiguration: {
      blockPublicAcls: true,
      blockPublicPolicy: true,
      ignorePublicAcls: true,
      restrictPublicBuckets: true,
    },
    ownershipControls: { rules: [{ objectOwnership: 'BucketOwnerEnforced' }] },
    versioningConfiguration: { status: 'Enabled' },
    lifecycleConfiguration: {
      rules: [
        {
          id: 'ExpireOldVersions',
          status: 'Enabled',
          noncurrentVersionExpiration: { noncurrentDays: NONCURRENT_DAYS },
          expiredObjectDeleteMarker: true,
        },
        {
          id: 'ExpireProbes',
          status: 'Enabled',
          prefix: PROBE_PREFIX,
          expirationInDays: 1,
          noncurrentVersionExpiration: { noncurrentDays: 1 },
        },
        { id: 'AbortUploads', status: 'Enabled', abortIncompleteMultipartUpload: { daysAfterInitiation: 7 } },
      ],
    },
    ...(props.accessLogs && {
      loggingConfiguration: {
        destinationBucketName: props.accessLogs.bucketName,
        logFilePrefix: props.accessLogs.prefix,
      },
    }),
  });
  bucket.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  bucket.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.RETAIN;
  new s3.CfnBucketPolicy(scope, 'BucketPolicy', {
    bucket: bucket.ref,
    policyDocument: tenantBucketPolicy(bucket.attrArn, props.keyArn, props.accessRoleArn),
  });
  return bucket;
}
