import {
  GetBucketEncryptionCommand,
  PutBucketEncryptionCommand,
  type ServerSideEncryptionRule,
} from '@aws-sdk/client-s3';
import { bucketOf, type Subject } from '../../functions/isolation/subject';
import { bucketPolicy, without } from './policies';
import type { AttackTechnique, Scene } from './technique';

export const arnOf = (subject: Subject) => `arn:aws:s3:::${bucketOf(subject)}`;

/** Takes one denial out of the bucket's policy. */
export const withoutDenial = (name: string, check: string, sid: string, expectedEvidence: string): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await bucketPolicy(root, bucketOf(subject), without(sid)),
  }),
});

/** Gives the bucket another default encryption. */
export const encryptedBy = (
  name: string,
  rule: (scene: Scene) => ServerSideEncryptionRule,
  expectedEvidence: (scene: Scene) => string,
): AttackTechnique => ({
  name,
  check: 'storage.encryption',
  detonate: async (scene) => {
    const { s3 } = scene.root;
    const Bucket = bucketOf(scene.subject);
    const { ServerSideEncryptionConfiguration } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
    const Rules = [rule(scene)];
    await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
    return {
      expectedEvidence: expectedEvidence(scene),
      revert: () => s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration })),
    };
  },
});

export const SETTINGS = ['BlockPublicAcls', 'IgnorePublicAcls', 'BlockPublicPolicy', 'RestrictPublicBuckets'] as const;
export const BLOCKED = Object.fromEntries(SETTINGS.map((setting) => [setting, true]));
