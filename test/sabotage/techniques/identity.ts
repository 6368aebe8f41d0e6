import { TagRoleCommand, UntagRoleCommand, UpdateRoleCommand } from '@aws-sdk/client-iam';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { tenantIdOf } from '../../../functions/isolation/subject';
import { attached, flowLogsRoleOf, roleNameOf, trusting, withoutBoundary } from '../identity-changes';
import { adding, conditioned, trustPolicy } from '../policies';
import { type AttackTechnique, inTurn, STRANGERS_ROOT, tenantTags } from '../technique';

export const IDENTITY_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'let sessions last half a day',
    check: 'identity.path',
    detonate: async ({ subject, root: { iam } }) => {
      const lasting = (MaxSessionDuration: number) =>
        iam.send(new UpdateRoleCommand({ RoleName: roleNameOf(subject), MaxSessionDuration }));
      await lasting(43_200);
      return { expectedEvidence: 'sessions last up to 43200 s', revert: () => lasting(3_600) };
    },
  },
  {
    name: 'tag the role as another tenant’s',
    check: 'identity.tag',
    detonate: async ({ subject, root: { iam } }) => {
      const tag = (Value: string) =>
        iam.send(new TagRoleCommand({ RoleName: roleNameOf(subject), Tags: tenantTags(Value) }));
      const { tenantId } = subject.cell.decoy;
      await tag(tenantId);
      return { expectedEvidence: `tag ${TENANT_TAG} is ${tenantId}`, revert: () => tag(tenantIdOf(subject)) };
    },
  },
  {
    name: 'remove the role’s tag',
    check: 'identity.tag',
    detonate: async ({ subject, root: { iam } }) => {
      const RoleName = roleNameOf(subject);
      await iam.send(new UntagRoleCommand({ RoleName, TagKeys: [TENANT_TAG] }));
      const Tags = tenantTags(tenantIdOf(subject));
      return {
        expectedEvidence: `tag ${TENANT_TAG} is absent`,
        revert: () => iam.send(new TagRoleCommand({ RoleName, Tags })),
      };
    },
  },
  {
    name: 'trust another account on the right terms',
    check: 'identity.trust',
    detonate: async ({ subject, root }) => {
      const statement = trusting({ AWS: STRANGERS_ROOT }, subject);
      const revert = await trustPolicy(root, roleNameOf(subject), adding(statement));
      return { expectedEvidence: `AWS:${STRANGERS_ROOT} is unexpected`, revert };
    },
  },
  {
    name: 'trust all principals with the right terms',
    check: 'identity.trust',
    detonate: async ({ subject, root }) => {
      const revert = await trustPolicy(root, roleNameOf(subject), adding(trusting('*', subject)));
      return { expectedEvidence: 'trusted principal * is unexpected', revert };
    },
  },
  {
    name: 'trust another tenant’s role',
    check: 'identity.trust',
    detonate: async ({ subject, root }) => {
      const { roleArn } = subject.cell.decoy;
      const revert = await trustPolicy(root, roleNameOf(subject), adding(trusting({ AWS: roleArn }, subject)));
      return { expectedEvidence: `AWS:${roleArn} is unexpected`, revert };
    },
  },
  {
    name: 'ask for no external id',
    check: 'identity.external-id',
    detonate: async ({ subject, root }) => {
      const tag = { StringEquals: { [`aws:RequestTag/${TENANT_TAG}`]: tenantIdOf(subject) } };
      const revert = await trustPolicy(root, roleNameOf(subject), conditioned(tag));
      return { expectedEvidence: 'does not require this tenant’s sts:ExternalId', revert };
    },
  },
  {
    name: 'ask for no session tag',
    check: 'identity.external-id',
    detonate: async ({ subject, root }) => {
      const externalId = { StringEquals: { 'sts:ExternalId': subject.tenant.externalId } };
      const revert = await trustPolicy(root, roleNameOf(subject), conditioned(externalId));
      return { expectedEvidence: `does not require this tenant’s aws:RequestTag/${TENANT_TAG}`, revert };
    },
  },
  attached('attach AdministratorAccess to the role', 'AdministratorAccess'),
  attached('attach ReadOnlyAccess to the role', 'ReadOnlyAccess'),
  {
    name: 'take the boundary off the flow logs’ role',
    check: 'identity.service-roles',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `boundary of ${flowLogsRoleOf(subject)} is absent`,
      revert: await withoutBoundary(root, flowLogsRoleOf(subject), subject.boundaryArn),
    }),
  },
  {
    name: 'let another account assume the flow logs’ role',
    check: 'identity.service-roles',
    detonate: async ({ subject, root }) => {
      const revert = await trustPolicy(
        root,
        flowLogsRoleOf(subject),
        adding({ Sid: 'Partner', Effect: 'Allow', Principal: { AWS: STRANGERS_ROOT }, Action: 'sts:AssumeRole' }),
      );
      return { expectedEvidence: `${flowLogsRoleOf(subject)} trusts AWS:${STRANGERS_ROOT}`, revert };
    },
  },
  {
    name: 'let the monitoring role be used from any account',
    check: 'identity.service-roles',
    detonate: async ({ subject, root }) => {
      const RoleName = `${roleNameOf(subject)}-monitoring`;
      const revert = await trustPolicy(root, RoleName, conditioned({}));
      return { expectedEvidence: `${RoleName} trusts Service:monitoring.rds.amazonaws.com`, revert };
    },
  },
  {
    name: 'tag both services’ roles as another tenant’s',
    check: 'identity.service-roles',
    detonate: async ({ subject, root: { iam } }) => {
      const { tenantId } = subject.cell.decoy;
      const tagging = (purpose: string) => async () => {
        const RoleName = `${roleNameOf(subject)}-${purpose}`;
        const tag = (Value: string) => iam.send(new TagRoleCommand({ RoleName, Tags: tenantTags(Value) }));
        await tag(tenantId);
        return () => tag(tenantIdOf(subject));
      };
      const revert = await inTurn(tagging('flow-logs'), tagging('monitoring'));
      return { expectedEvidence: `tag of ${roleNameOf(subject)}-monitoring is ${tenantId}`, revert };
    },
  },
];
