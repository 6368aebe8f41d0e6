import { DisableKeyCommand, EnableKeyCommand } from '@aws-sdk/client-kms';
import { bucketOf } from '../../../functions/isolation/subject';
import { bucketPolicy, rolePolicy, without } from '../policies';
import { answered, decoyRoleOf, EXTERNAL_ID, lacking, onTerms, SESSION_TAG } from '../probe-changes';
import type { AttackTechnique } from '../technique';
import { furtherRule, ruleWith } from './routing';

export const PROBE_TECHNIQUES: readonly AttackTechnique[] = [
  lacking(
    'deny the role writing to its bucket',
    'probes.own-bucket',
    'WriteUnderOwnKey',
    'writing to its own bucket was denied',
  ),
  lacking(
    'deny the role reading from its bucket',
    'probes.own-bucket',
    'ReadOwnObjects',
    'reading from its own bucket was denied',
  ),
  lacking('deny the role use of its key', 'probes.own-key', 'UseOwnKey', 'use of its own key was denied'),
  lacking(
    'deny the role reading its secret',
    'probes.own-secret',
    'ReadOwnSecret',
    'reading its own secret was denied',
  ),
  lacking(
    'deny the role logging in',
    'probes.own-login',
    'LogInToOwnDatabase',
    'the role does not allow rds-db:connect',
  ),
  onTerms(
    'require the external ID only when one is given',
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
    'require the session tag only when one is set',
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
