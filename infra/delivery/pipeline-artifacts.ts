import { Duration } from 'aws-cdk-lib';
import type { CfnPipeline } from 'aws-cdk-lib/aws-codepipeline';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import type { Grant } from '../constructs/grant';

/** Bucket for what the pipeline's actions pass on: the name of an image, and nothing secret. */
export class PipelineArtifacts extends Construct {
  private readonly bucket: Bucket;
  readonly key: Key;

  constructor(scope: Construct, id: string, props: { readonly config: StageConfig }) {
    super(scope, id);
    const { removalPolicy } = props.config;
    this.key = new Key(this, 'Key', {
      description: 'Artifacts of the pipeline',
      enableKeyRotation: true,
      removalPolicy,
    });
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.KMS,
      encryptionKey: this.key,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      enforceSSL: true,
      serverAccessLogsBucket: new AccessLogBucket(this, 'AccessLogs', props).bucket,
      serverAccessLogsPrefix: 'pipeline/',
      lifecycleRules: [{ expiration: Duration.days(30) }],
      removalPolicy,
    });
  }

  store(): CfnPipeline.ArtifactStoreProperty {
    return { type: 'S3', location: this.bucket.bucketName, encryptionKey: { type: 'KMS', id: this.key.keyArn } };
  }

  using(): Grant[] {
    return [
      {
        actions: ['s3:GetObject', 's3:PutObject'],
        resources: [this.bucket.arnForObjects('*')],
        wildcardBecause: 'CodePipeline names the artifacts of each execution.',
      },
      { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [this.key.keyArn] },
    ];
  }
}
