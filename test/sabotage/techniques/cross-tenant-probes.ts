import { bucketOf, roleOf } from '../../../functions/isolation/subject';
import { roleNameOf } from '../identity-changes';
import { bucketPolicy, without } from '../policies';
import { decoyRoleOf, keyFor, reading, trustedBy, unbounded, unlocking } from '../probe-changes';
import type { AttackTechnique } from '../technique';

export const CROSS_TENANT_PROBE_TECHNIQUES: readonly AttackTechnique[] = [
  unlocking(
    'let the tenant list another’s bucket',
    'probes.decoy-bucket',
    'listing the decoy’s bucket was allowed',
    (scene) => [
      unbounded(
        scene,
        roleNameOf(scene.subject),
        ['s3:ListBucket'],
        `arn:aws:s3:::${scene.subject.cell.decoy.bucketName}`,
      ),
    ],
  ),
  unlocking(
    'let the tenant read another’s bucket',
    'probes.decoy-bucket',
    'reading from the decoy’s bucket was allowed',
    (scene) => {
      const { bucketName, keyArn } = scene.subject.cell.decoy;
      return reading(scene, roleNameOf(scene.subject), roleOf(scene.subject), bucketName, keyArn);
    },
  ),
  unlocking('let the tenant use another’s key', 'probes.decoy-key', 'use of the decoy’s key was allowed', (scene) => {
    const { keyArn } = scene.subject.cell.decoy;
    return [
      unbounded(scene, roleNameOf(scene.subject), ['kms:Decrypt', 'kms:GenerateDataKey'], keyArn),
      keyFor(scene, keyArn, roleOf(scene.subject)),
    ];
  }),
  unlocking(
    'let the tenant open another’s secret',
    'probes.decoy-secret',
    'reading the decoy’s secret was allowed',
    (scene) => {
      const { keyArn, secretArn } = scene.subject.cell.decoy;
      const both = [keyArn, secretArn];
      return [
        unbounded(scene, roleNameOf(scene.subject), ['kms:Decrypt', 'secretsmanager:GetSecretValue'], both),
        keyFor(scene, keyArn, roleOf(scene.subject)),
      ];
    },
  ),
  unlocking(
    'let the tenant assume another’s role',
    'probes.decoy-role',
    'assuming the decoy’s role was allowed',
    (scene) => [
      unbounded(
        scene,
        roleNameOf(scene.subject),
        ['sts:AssumeRole', 'sts:TagSession'],
        scene.subject.cell.decoy.roleArn,
      ),
      trustedBy(scene, decoyRoleOf(scene.subject), roleOf(scene.subject)),
    ],
  ),
  unlocking(
    'let another tenant list the bucket',
    'probes.bucket-from-decoy',
    'the decoy’s listing of this bucket was allowed',
    (scene) => [
      unbounded(scene, decoyRoleOf(scene.subject), ['s3:ListBucket'], `arn:aws:s3:::${bucketOf(scene.subject)}`),
    ],
  ),
  unlocking(
    'let another tenant read the bucket',
    'probes.bucket-from-decoy',
    'the decoy’s read from this bucket was allowed',
    (scene) => {
      const { subject } = scene;
      return reading(scene, decoyRoleOf(subject), subject.cell.decoy.roleArn, bucketOf(subject), subject.key.keyArn);
    },
  ),
  unlocking(
    'let another tenant write to the bucket',
    'probes.bucket-from-decoy',
    'the decoy’s write to this bucket was allowed',
    (scene) => {
      const { subject } = scene;
      const objects = `arn:aws:s3:::${bucketOf(subject)}/*`;
      const { keyArn } = subject.key;
      return [
        unbounded(scene, decoyRoleOf(subject), ['s3:PutObject', 'kms:GenerateDataKey'], [objects, keyArn]),
        keyFor(scene, keyArn, subject.cell.decoy.roleArn),
        () => bucketPolicy(scene.root, bucketOf(subject), without('DataForTheTenantsRoleOnly')),
      ];
    },
  ),
  unlocking(
    'let another tenant use the key',
    'probes.key-from-decoy',
    'the decoy’s use of this key was allowed',
    (scene) => {
      const { keyArn } = scene.subject.key;
      return [
        unbounded(scene, decoyRoleOf(scene.subject), ['kms:Decrypt', 'kms:GenerateDataKey'], keyArn),
        keyFor(scene, keyArn, scene.subject.cell.decoy.roleArn),
      ];
    },
  ),
  unlocking(
    'let another tenant open the secret',
    'probes.secret-from-decoy',
    'the decoy’s read of this secret was allowed',
    (scene) => {
      const { subject } = scene;
      const both = [subject.key.keyArn, subject.stacks.database.outputs.SecretArn];
      return [
        unbounded(scene, decoyRoleOf(subject), ['kms:Decrypt', 'secretsmanager:GetSecretValue'], both),
        keyFor(scene, subject.key.keyArn, subject.cell.decoy.roleArn),
      ];
    },
  ),
  unlocking(
    'let another tenant assume the role',
    'probes.role-from-decoy',
    'the decoy’s session in this role was allowed',
    (scene) => [
      unbounded(scene, decoyRoleOf(scene.subject), ['sts:AssumeRole', 'sts:TagSession'], roleOf(scene.subject)),
      trustedBy(scene, roleNameOf(scene.subject), scene.subject.cell.decoy.roleArn),
    ],
  ),
  unlocking(
    'let the tenant upload under another’s key',
    'probes.foreign-key-upload',
    'an upload under the decoy’s key was allowed',
    (scene) => {
      const { subject, root } = scene;
      const { keyArn } = subject.cell.decoy;
      const objects = `arn:aws:s3:::${bucketOf(subject)}/*`;
      return [
        unbounded(scene, roleNameOf(subject), ['s3:PutObject', 'kms:GenerateDataKey'], [objects, keyArn]),
        keyFor(scene, keyArn, roleOf(subject)),
        () => bucketPolicy(root, bucketOf(subject), without('NoOtherKey')),
      ];
    },
  ),
];
