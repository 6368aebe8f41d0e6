import { Duration, Stack } from 'aws-cdk-lib';
import { AnyPrincipal, Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { EVIDENCE_PREFIX } from '../../functions/contract/naming';
import type { EnvName } from '../../functions/shared/env';
import type { StageConfig } from '../config/stages';
import { AccessLogBucket } from '../constructs/access-log-bucket';
import { asInterface } from '../constructs/cdk-interface';
import type { Grant } from '../constructs/grant';
import { evidenceBucketName, platformArns } from '../constructs/platform-names';

/**
 * Reports of isolation checks, for auditors. A report is written once, and then no principal can
 * change it.
 *
 * - Object Lock keeps every version for the stage's retention. Versioning keeps what an object
 *   with the same key would replace.
 * - The bucket has a key of its own, not S3's. So a function that writes reports need not be able
 *   to read them, the key's policy names every principal that can read them (they describe the
 *   tenants' isolation), and CloudTrail has each read. A lock is worth nothing without the key:
 *   where data is protected, no principal can delete or disable the key without changing its
 *   policy first.
 * - Reports expire when their lock ends: evidence is kept as long as promised, and then costs
 *   nothing. There is no colder storage class before: S3 moves no object below 128 KB, and a
 *   report has half of that.
 *
 * A bucket's default retention applies to each new version, and the writer needs no permission for
 * it ("How S3 Object Lock works").
 */
export class EvidenceBucket extends Construct {
  readonly bucket: IBucket;
  private readonly key: Key;

  constructor(scope: Construct, id: string, props: { readonly config: StageConfig }) {
    super(scope, id);
    const { evidence, removalPolicy, deletionProtection } = props.config;
    this.key = new Key(this, 'Key', {
      description: 'Reports of isolation checks',
      enableKeyRotation: true,
      pendingWindow: Duration.days(7),
      removalPolicy,
    });
    if (deletionProtection) {
      this.key.addToResourcePolicy(
        new PolicyStatement({
          sid: 'EvidenceStaysReadable',
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['kms:ScheduleKeyDeletion', 'kms:DisableKey'],
          resources: ['*'],
        }),
      );
    }
    this.bucket = asInterface<IBucket>(
      new Bucket(this, 'Bucket', {
        bucketName: evidenceBucketName(Stack.of(this)),
        versioned: true,
        objectLockEnabled: true,
        objectLockDefaultRetention: evidence,
        encryption: BucketEncryption.KMS,
        encryptionKey: this.key,
        bucketKeyEnabled: true,
        blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
        objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforceSSL: true,
        serverAccessLogsBucket: new AccessLogBucket(this, 'AccessLogs', props).bucket,
        serverAccessLogsPrefix: 'evidence/',
        // Expiration adds a delete marker. The version behind it is deleted the day after, when its
        // lock has ended.
        lifecycleRules: [{ expiration: evidence.duration, noncurrentVersionExpiration: Duration.days(1) }],
        removalPolicy,
      }),
    );
  }

  /** For people and for the search for orphans: permission to read the reports on a tenant. */
  reading(): readonly Grant[] {
    const { evidence } = platformArns(Stack.of(this));
    return [
      {
        actions: ['s3:GetObject'],
        resources: [`${evidence}/${EVIDENCE_PREFIX}*`],
        wildcardBecause: 'A report is named after its tenant and its time.',
      },
      {
        actions: ['s3:ListBucket'],
        resources: [evidence],
        conditions: { StringLike: { 's3:prefix': `${EVIDENCE_PREFIX}*` } },
      },
      { actions: ['kms:Decrypt'], resources: [this.key.keyArn] },
    ];
  }

  /**
   * For a function that stores reports: it can add a report, and cannot read, change or remove
   * one.
   */
  writing(): { readonly environment: Partial<Record<EnvName, string>>; readonly grants: readonly Grant[] } {
    return {
      environment: { EVIDENCE_BUCKET_NAME: this.bucket.bucketName },
      grants: [
        {
          actions: ['s3:PutObject'],
          resources: [`${platformArns(Stack.of(this)).evidence}/${EVIDENCE_PREFIX}*`],
          wildcardBecause: 'A report is named after its tenant and its time.',
        },
        { actions: ['kms:GenerateDataKey'], resources: [this.key.keyArn] },
      ],
    };
  }
}
