import { Match } from 'aws-cdk-lib/assertions';
import { STAGES, stages } from '../../infra/config/stages';
import { listed, resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

const WRITERS = ['VerifyIsolation', 'AuditTenant'];

describe.each(STAGES)('the evidence of stage %s', (stage) => {
  const { foundation, controlPlane } = stageTemplates(stage);
  const { evidence, removalPolicy } = stages[stage];
  const [id, bucket] =
    resourcesOf(foundation, 'AWS::S3::Bucket').find(([, { Properties }]) => Properties.ObjectLockEnabled) ?? [];
  const functionRoles = resourcesOf(controlPlane, 'AWS::IAM::Role').filter(([, { Properties }]) =>
    String(Properties.RoleName).startsWith('tenant-onboarding-'),
  );

  test('is versioned and locked for the time that the stage says', () => {
    expect(bucket?.Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
      ObjectLockConfiguration: {
        ObjectLockEnabled: 'Enabled',
        Rule: { DefaultRetention: { Mode: evidence.mode, Days: evidence.duration.toDays() } },
      },
    });
  });

  test('has its own key with rotation, no public access, and access logs', () => {
    const key = bucket?.Properties.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault;
    expect(key.SSEAlgorithm).toBe('aws:kms');
    const keys = Object.fromEntries(resourcesOf(foundation, 'AWS::KMS::Key'));
    expect(keys[key.KMSMasterKeyID['Fn::GetAtt'][0]]?.Properties.EnableKeyRotation).toBe(true);
    expect(Object.values(bucket?.Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(bucket?.Properties.LoggingConfiguration).toMatchObject({ LogFilePrefix: 'evidence/' });
    foundation.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Principal: { Service: 'logging.s3.amazonaws.com' },
            Condition: Match.objectLike({ ArnLike: { 'aws:SourceArn': { 'Fn::GetAtt': [id, 'Arn'] } } }),
          }),
        ]),
      },
    });
  });

  test('stays readable if the stage protects its data: its key cannot be deleted or disabled', () => {
    const [, key] =
      resourcesOf(foundation, 'AWS::KMS::Key').find(([, { Properties }]) => /isolation/.test(Properties.Description)) ??
      [];
    const denied = statementsIn(key?.Properties).filter(({ Effect }) => Effect === 'Deny');
    expect(denied.map(({ Action }) => Action)).toEqual(
      stages[stage].deletionProtection ? [['kms:ScheduleKeyDeletion', 'kms:DisableKey']] : [],
    );
  });

  test('refuses requests without TLS', () => {
    foundation.hasResourceProperties('AWS::S3::BucketPolicy', {
      Bucket: { Ref: id },
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
        ]),
      },
    });
  });

  test('expires when its lock does, and not before', () => {
    const [rule] = bucket?.Properties.LifecycleConfiguration.Rules ?? [];
    expect(rule.ExpirationInDays).toBe(evidence.duration.toDays());
    expect(rule.NoncurrentVersionExpiration.NoncurrentDays).toBe(1);
  });

  test('is kept when its stack is deleted if the stage keeps its data', () => {
    expect(bucket?.DeletionPolicy).toBe(removalPolicy === 'destroy' ? 'Delete' : 'RetainExceptOnCreate');
  });

  const evidenceGrantsOf = (name: string) => {
    const role = functionRoles.find(([, { Properties }]) => Properties.RoleName === `tenant-onboarding-${name}`);
    return statementsIn(role?.[1].Properties).filter(({ Resource }) =>
      /evidence/i.test(JSON.stringify(Resource ?? '')),
    );
  };

  test.each(WRITERS)('%s can add objects under the tenants’ prefix, and nothing else', (name) => {
    const grants = evidenceGrantsOf(name);
    expect(grants.map(({ Action }) => Action)).toEqual(['s3:PutObject', 'kms:GenerateDataKey']);
    expect(JSON.stringify(grants[0]?.Resource)).toMatch(/\/tenants\/\*/);
  });

  test('Orphans can read reports if it removes orphans, and nothing else', () => {
    const grants = evidenceGrantsOf('Orphans');
    const reading = ['s3:GetObject', 's3:ListBucket', 'kms:Decrypt'];
    expect(grants.map(({ Action }) => Action)).toEqual(stages[stage].orphans === 'remove' ? reading : []);
  });

  test('AuditSurroundings can read the bucket’s settings, and no report', () => {
    const grants = evidenceGrantsOf('AuditSurroundings');
    const actions = grants.flatMap(({ Action }) => listed(Action));
    expect(actions.toSorted()).toEqual([
      's3:GetBucketObjectLockConfiguration',
      's3:GetBucketPublicAccessBlock',
      's3:GetReplicationConfiguration',
    ]);
  });

  test('no other role has a permission on it, and no role can bypass its lock', () => {
    const others = functionRoles.filter(([, { Properties }]) =>
      [...WRITERS, 'Orphans', 'AuditSurroundings'].every((name) => Properties.RoleName !== `tenant-onboarding-${name}`),
    );
    for (const [, role] of others) expect(JSON.stringify(statementsIn(role.Properties))).not.toMatch(/evidence/i);
    const actions = functionRoles.flatMap(([, role]) =>
      statementsIn(role.Properties).flatMap(({ Action }) => listed(Action)),
    );
    for (const action of [
      's3:BypassGovernanceRetention',
      's3:PutObjectRetention',
      's3:PutBucketObjectLockConfiguration',
    ])
      expect(actions).not.toContain(action);
  });
});

test('prod locks evidence in compliance mode for more than a year', () => {
  expect(stages.prod.evidence.mode).toBe('COMPLIANCE');
  expect(stages.prod.evidence.duration.toDays()).toBeGreaterThan(365);
});
