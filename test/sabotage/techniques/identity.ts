import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  SetDefaultPolicyVersionCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateRoleCommand,
} from '@aws-sdk/client-iam';
import { CreateGrantCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { DeleteResourcePolicyCommand, PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import { TENANT_ROLE_PATH, TENANT_TAG } from '../../../functions/contract/naming';
import type { FactClients } from '../../../functions/isolation/facts/facts';
import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { adding, conditioned, rolePolicy, type Statement, trustPolicy } from '../policies';
import { type AttackTechnique, inTurn, type Revert, STRANGERS_ROOT } from '../technique';

export const roleNameOf = (subject: Subject) => subject.stacks.access.outputs.RoleName;
const flowLogsRoleOf = (subject: Subject) => `${roleNameOf(subject)}-flow-logs`;

const trusting = (Principal: Statement['Principal'], subject: Subject): Statement => ({
  Sid: 'Support',
  Effect: 'Allow',
  Principal,
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  Condition: {
    StringEquals: {
      'sts:ExternalId': subject.tenant.externalId,
      [`aws:RequestTag/${TENANT_TAG}`]: tenantIdOf(subject),
    },
  },
});

/** Takes the boundary off a role. */
export async function withoutBoundary({ iam }: FactClients, RoleName: string, boundaryArn: string): Promise<Revert> {
  await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
  return () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: boundaryArn }));
}

/** Makes another version of the boundary the one in force. */
async function boundaryWith({ iam }: FactClients, PolicyArn: string, statement: Statement): Promise<Revert> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const before = { PolicyArn, VersionId: Policy?.DefaultVersionId };
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand(before));
  const document = JSON.parse(decodeURIComponent(PolicyVersion?.Document ?? ''));
  document.Statement.push(statement);
  const { PolicyVersion: wider } = await iam.send(
    new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: JSON.stringify(document), SetAsDefault: true }),
  );
  return async () => {
    await iam.send(new SetDefaultPolicyVersionCommand(before));
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: wider?.VersionId }));
  };
}

const attached = (name: string, policy: string): AttackTechnique => ({
  name,
  check: 'identity.attached-policies',
  detonate: async ({ subject, root: { iam } }) => {
    const attachment = { RoleName: roleNameOf(subject), PolicyArn: `arn:aws:iam::aws:policy/${policy}` };
    await iam.send(new AttachRolePolicyCommand(attachment));
    return {
      expectedEvidence: `${attachment.PolicyArn} is attached`,
      revert: () => iam.send(new DetachRolePolicyCommand(attachment)),
    };
  },
});

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
        iam.send(new TagRoleCommand({ RoleName: roleNameOf(subject), Tags: [{ Key: TENANT_TAG, Value }] }));
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
      const Tags = [{ Key: TENANT_TAG, Value: tenantIdOf(subject) }];
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
    name: 'trust everybody on the right terms',
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
  {
    name: 'take the boundary off the role',
    check: 'identity.boundary',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `the role’s boundary is absent, not ${subject.boundaryArn}`,
      revert: await withoutBoundary(root, roleNameOf(subject), subject.boundaryArn),
    }),
  },
  {
    name: 'swap the boundary for a wide one',
    check: 'identity.boundary',
    detonate: async ({ subject, root: { iam } }) => {
      const RoleName = roleNameOf(subject);
      const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const { Policy } = await iam.send(
        new CreatePolicyCommand({ PolicyName: 'Wide', Path: TENANT_ROLE_PATH, PolicyDocument }),
      );
      const PolicyArn = Policy?.Arn;
      const bounded = (PermissionsBoundary: string | undefined) =>
        iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
      await bounded(PolicyArn);
      const revert = async () => {
        await bounded(subject.boundaryArn);
        await iam.send(new DeletePolicyCommand({ PolicyArn }));
      };
      return { expectedEvidence: `the role’s boundary is ${PolicyArn}`, revert };
    },
  },
  {
    name: 'let the boundary reach every bucket',
    check: 'identity.boundary-unchanged',
    detonate: async ({ subject, root }) => {
      const statement: Statement = {
        Sid: 'Wider',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: ['arn:aws:s3:::*'],
      };
      const revert = await boundaryWith(root, subject.boundaryArn, statement);
      return { expectedEvidence: 'Allow Wider reaches beyond the tenant: arn:aws:s3:::*', revert };
    },
  },
  {
    name: 'let the boundary change the tenant’s bucket',
    check: 'identity.boundary-unchanged',
    detonate: async ({ subject, root }) => {
      const { accountId, region } = subject;
      const Resource = `arn:aws:s3:::tenant-\${aws:PrincipalTag/${TENANT_TAG}}-${accountId}-${region}`;
      const statement: Statement = { Sid: 'Configure', Effect: 'Allow', Action: 's3:PutBucketPolicy', Resource };
      const revert = await boundaryWith(root, subject.boundaryArn, statement);
      return { expectedEvidence: 's3:PutBucketPolicy is not needed by a tenant’s role', revert };
    },
  },
  {
    name: 'name another tenant’s bucket in the role’s policy',
    check: 'identity.policy',
    detonate: async ({ subject, root }) => {
      const Resource = `arn:aws:s3:::${subject.cell.decoy.bucketName}/*`;
      const statement: Statement = { Sid: 'Neighbour', Effect: 'Allow', Action: ['s3:GetObject'], Resource };
      const revert = await rolePolicy(root, roleNameOf(subject), adding(statement));
      return { expectedEvidence: `Allow Neighbour reaches ${Resource}`, revert };
    },
  },
  {
    name: 'let the role do anything with its key',
    check: 'identity.policy',
    detonate: async ({ subject, root }) => {
      const statement: Statement = {
        Sid: 'Everything',
        Effect: 'Allow',
        Action: ['kms:*'],
        Resource: subject.key.keyArn,
      };
      const revert = await rolePolicy(root, roleNameOf(subject), adding(statement));
      return { expectedEvidence: 'Allow Everything allows kms:*', revert };
    },
  },
  {
    name: 'give the role a second policy of its own',
    check: 'identity.policy',
    detonate: async ({ subject, root: { iam } }) => {
      const policy = { RoleName: roleNameOf(subject), PolicyName: 'debugging' };
      const statement = { Sid: 'Debugging', Effect: 'Allow', Action: 'rds-db:connect', Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
      return {
        expectedEvidence: 'Allow Debugging reaches *',
        revert: () => iam.send(new DeleteRolePolicyCommand(policy)),
      };
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
    name: 'let another account take on the flow logs’ role',
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
        const tag = (Value: string) => iam.send(new TagRoleCommand({ RoleName, Tags: [{ Key: TENANT_TAG, Value }] }));
        await tag(tenantId);
        return () => tag(tenantIdOf(subject));
      };
      const revert = await inTurn(tagging('flow-logs'), tagging('monitoring'));
      return { expectedEvidence: `tag of ${roleNameOf(subject)}-monitoring is ${tenantId}`, revert };
    },
  },
  {
    name: 'let the shared service’s own role at key and secret',
    check: 'identity.sole-access',
    detonate: async ({ subject, root: { kms, secrets } }) => {
      const { taskRoleArn: GranteePrincipal } = subject.cell;
      const KeyId = subject.key.keyArn;
      const SecretId = subject.stacks.database.outputs.SecretArn;
      const statement = {
        Sid: 'Shortcut',
        Effect: 'Allow',
        Principal: { AWS: GranteePrincipal },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      };
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const revert = await inTurn(
        async () => {
          const grant = await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ['Decrypt'] }));
          return () => kms.send(new RevokeGrantCommand({ KeyId, GrantId: grant.GrantId }));
        },
        async () => {
          await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
          return () => secrets.send(new DeleteResourcePolicyCommand({ SecretId }));
        },
      );
      return { expectedEvidence: `statement Allow Shortcut grants AWS:${GranteePrincipal}`, revert };
    },
  },
];
