import type { Action } from '@aws-sdk/client-elastic-load-balancing-v2';
import { TENANT_TAG, tenantNames } from '../../functions/contract/naming';
import type { Subject } from '../../functions/isolation/subject';
import { roleNameOf, withoutBoundary } from './identity-changes';
import {
  adding,
  bucketPolicy,
  conditioned,
  keyPolicy,
  rolePolicy,
  type Statement,
  trustPolicy,
  without,
} from './policies';
import { type AttackTechnique, inTurn, type Revert, type Scene } from './technique';

export const decoyRoleOf = ({ cell }: Subject) => tenantNames.role(cell.decoy.tenantId);
export const EXTERNAL_ID = 'sts:ExternalId';
export const SESSION_TAG = `aws:RequestTag/${TENANT_TAG}`;

const allowing = (Action: string[], Resource: string | string[]): Statement => ({
  Sid: 'Backdoor',
  Effect: 'Allow',
  Action,
  Resource,
});

/** A role that nothing holds back may do something more. */
export const unbounded =
  ({ subject, root }: Scene, role: string, ...statement: [string[], string | string[]]) =>
  (): Promise<Revert> =>
    inTurn(
      () => withoutBoundary(root, role, subject.boundaryArn),
      () => rolePolicy(root, role, adding(allowing(...statement))),
    );

/** A key's policy lets one more role use it. */
export const keyFor =
  ({ root }: Scene, keyArn: string, roleArn: string) =>
  (): Promise<Revert> =>
    keyPolicy(
      root,
      keyArn,
      adding({ ...allowing(['kms:Decrypt', 'kms:GenerateDataKey'], '*'), Principal: { AWS: roleArn } }),
    );

export const trustedBy =
  ({ root }: Scene, role: string, roleArn: string) =>
  (): Promise<Revert> => {
    const { Resource: _, ...statement } = allowing(['sts:AssumeRole', 'sts:TagSession'], '*');
    return trustPolicy(root, role, adding({ ...statement, Principal: { AWS: roleArn } }));
  };

/** Spoils what the tenant's own role may do. */
export const lacking = (name: string, check: string, sid: string, expectedEvidence: string): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await rolePolicy(root, roleNameOf(subject), without(sid)),
  }),
});

/** Replaces the terms on which the tenant's role is assumed. */
export const onTerms = (
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
export const unlocking = (
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
export const reading = (scene: Scene, role: string, roleArn: string, bucket: string, keyArn: string) => [
  unbounded(scene, role, ['s3:GetObject', 'kms:Decrypt'], [`arn:aws:s3:::${bucket}/*`, keyArn]),
  () => bucketPolicy(scene.root, bucket, without('DataForTheTenantsRoleOnly')),
  keyFor(scene, keyArn, roleArn),
];

export const answered = (StatusCode: string): Action => ({
  Type: 'fixed-response',
  FixedResponseConfig: { StatusCode, ContentType: 'text/plain' },
});
