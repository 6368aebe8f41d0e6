import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { TENANT_TAG, tenantNames } from '../../../functions/contract/naming';
import { bucketOf, roleOf, type Subject } from '../../../functions/isolation/subject';
import {
  adding,
  bucketPolicy,
  conditioned,
  keyPolicy,
  rolePolicy,
  type Statement,
  trustPolicy,
  without,
} from '../policies';
import { type AttackTechnique, inTurn, type Revert, type Scene } from '../technique';
import { roleNameOf, withoutBoundary } from './identity';
import { furtherRule, ruleWith } from './routing';

const decoyRoleOf = ({ cell }: Subject) => tenantNames.role(cell.decoy.tenantId);
const EXTERNAL_ID = 'sts:ExternalId';
const SESSION_TAG = `aws:RequestTag/${TENANT_TAG}`;

const allowing = (Action: string[], Resource: string | string[]): Statement => ({
  Sid: 'Backdoor',
  Effect: 'Allow',
  Action,
  Resource,
});

/** A role that nothing holds back may do something more. */
const unbounded =
  ({ subject, root }: Scene, role: string, ...statement: [string[], string | string[]]) =>
  (): Promise<Revert> =>
    inTurn(
      () => withoutBoundary(root, role, subject.boundaryArn),
      () => rolePolicy(root, role, adding(allowing(...statement))),
    );

/** A key's policy lets one more role use it. */
const keyFor =
  ({ root }: Scene, keyArn: string, roleArn: string) =>
  (): Promise<Revert> =>
    keyPolicy(
      root,
      keyArn,
      adding({ ...allowing(['kms:Decrypt', 'kms:GenerateDataKey'], '*'), Principal: { AWS: roleArn } }),
    );

const trustedBy =
  ({ root }: Scene, role: string, roleArn: string) =>
  (): Promise<Revert> => {
    const { Resource: _, ...statement } = allowing(['sts:AssumeRole', 'sts:TagSession'], '*');
    return trustPolicy(root, role, adding({ ...statement, Principal: { AWS: roleArn } }));
  };

/** Spoils what the tenant's own role may do. */
const lacking = (name: string, check: string, sid: string, expectedEvidence: string): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await rolePolicy(root, roleNameOf(subject), without(sid)),
  }),
});

/** Replaces the terms on which the tenant's role is taken on. */
const onTerms = (
  name: string,
  check: string,
  terms: (subject: Subject) => NonNullable<Statement['Condition']>,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await trustPolicy(root, roleNameOf(subject), conditioned(terms(subject))),
  }),
});

/** Several things at once: a door that is shut by more than one lock. */
const unlocking = (
  name: string,
  check: string,
  expectedEvidence: string,
  locks: (scene: Scene) => readonly (() => Promise<Revert>)[],
): AttackTechnique => ({
  name,
  check,
  detonate: async (scene) => ({ expectedEvidence, revert: await inTurn(...locks(scene)) }),
});

/** Lets a role read another tenant's objects, and no more: it may not even list them. */
const reading = (scene: Scene, role: string, roleArn: string, bucket: string, keyArn: string) => [
  unbounded(scene, role, ['s3:GetObject', 'kms:Decrypt'], [`arn:aws:s3:::${bucket}/*`, keyArn]),
  () => bucketPolicy(scene.root, bucket, without('DataForTheTenantsRoleOnly')),
  keyFor(scene, keyArn, roleArn),
];

const answered = (StatusCode: string): Action => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode, ContentType: 'text/plain' },
});

export const PROBE_TECHNIQUES: readonly AttackTechnique[] = [
  lacking(
    'let the role write no more',
    'probes.own-bucket',
    'WriteUnderOwnKey',
    'writing to its own bucket was denied',
  ),
  lacking('let the role read no more', 'probes.own-bucket', 'ReadOwnObjects', 'reading from its own bucket was denied'),
  lacking('let the role use its key no more', 'probes.own-key', 'UseOwnKey', 'use of its own key was denied'),
  lacking(
    'let the role open its secret no more',
    'probes.own-secret',
    'ReadOwnSecret',
    'reading its own secret was denied',
  ),
  lacking(
    'let the role log in no more',
    'probes.own-login',
    'LogInToOwnDatabase',
    'the role does not allow rds-db:connect',
  ),
  onTerms(
    'ask for the external id only of who names one',
    'probes.no-external-id',
    ({ tenant }) => ({
      StringEqualsIfExists: { [EXTERNAL_ID]: tenant.externalId },
      StringEquals: { [SESSION_TAG]: tenant.tenantId },
    }),
    'a session without the external ID was allowed',
  ),
  onTerms(
    'take another tenant’s external id as well',
    'probes.foreign-external-id',
    ({ tenant, cell }) => ({
      StringEquals: { [EXTERNAL_ID]: [tenant.externalId, cell.decoy.externalId], [SESSION_TAG]: tenant.tenantId },
    }),
    'a session with the decoy’s external ID was allowed',
  ),
  onTerms(
    'ask for the session tag only of who names one',
    'probes.no-session-tag',
    ({ tenant }) => ({
      StringEquals: { [EXTERNAL_ID]: tenant.externalId },
      StringEqualsIfExists: { [SESSION_TAG]: tenant.tenantId },
    }),
    'a session without the session tag was allowed',
  ),
  onTerms(
    'take another tenant’s session tag as well',
    'probes.foreign-session-tag',
    ({ tenant, cell }) => ({
      StringEquals: { [EXTERNAL_ID]: tenant.externalId, [SESSION_TAG]: [tenant.tenantId, cell.decoy.tenantId] },
    }),
    'a session with the decoy’s session tag was allowed',
  ),
  {
    name: 'shut the decoy out of its own key',
    check: 'probes.decoy-works',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.cell.decoy.keyArn;
      await kms.send(new DisableKeyCommand({ KeyId }));
      return { expectedEvidence: 'could not be answered', revert: () => kms.send(new EnableKeyCommand({ KeyId })) };
    },
  },
  {
    name: 'shut the decoy out of its own secret',
    check: 'probes.decoy-works',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: 'the decoy’s read of its own secret was denied',
      revert: await rolePolicy(root, decoyRoleOf(subject), without('ReadOwnSecret')),
    }),
  },
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
    'let the tenant take on another’s role',
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
  {
    name: 'let the tenant upload with S3’s own keys',
    check: 'probes.unkeyed-upload',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: 'an upload without KMS was allowed',
      revert: await bucketPolicy(root, bucketOf(subject), without('NoOtherEncryption')),
    }),
  },
  {
    name: 'forward the tenant’s requests to the colour where nothing runs',
    check: 'probes.host',
    detonate: async (scene) => {
      const { tenant, cell, liveColour } = scene.subject;
      const idle = liveColour === 'blue' ? cell.targetGroupArns.green : cell.targetGroupArns.blue;
      const revert = await ruleWith(scene, { Actions: [{ Type: 'forward', TargetGroupArn: idle }] });
      return { expectedEvidence: `${tenant.host} answers 503`, revert };
    },
  },
  {
    name: 'answer for every other host of the domain',
    check: 'probes.other-host',
    detonate: async (scene) => {
      const { tenant, cell } = scene.subject;
      const host = `${cell.decoy.tenantId}${tenant.host.slice(tenant.subdomain.length)}`;
      const condition = { Field: 'host-header', HostHeaderConfig: { Values: [host] } };
      const { revert } = await furtherRule(scene, [condition], answered('200'));
      return { expectedEvidence: `${host} answers 200, not 404`, revert };
    },
  },
  {
    name: 'let the tenant’s rule answer for hosts below its own',
    check: 'probes.other-host',
    detonate: async (scene) => {
      const { tenant, cell } = scene.subject;
      const condition = { Field: 'host-header', HostHeaderConfig: { Values: [`*.${tenant.host}`] } };
      const { revert } = await furtherRule(scene, [condition], answered('200'));
      return { expectedEvidence: `${cell.decoy.tenantId}.${tenant.host} answers 200, not 404`, revert };
    },
  },
];
