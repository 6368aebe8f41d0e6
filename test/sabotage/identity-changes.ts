import {
  AttachRolePolicyCommand,
  CreatePolicyVersionCommand,
  CreateUserCommand,
  DeletePolicyVersionCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  PutRolePermissionsBoundaryCommand,
  PutUserPolicyCommand,
  SetDefaultPolicyVersionCommand,
  type Tag,
} from '@aws-sdk/client-iam';
import { TENANT_TAG } from '../../functions/contract/naming';
import type { FactClients } from '../../functions/isolation/facts/facts';
import { type Subject, tenantIdOf } from '../../functions/isolation/subject';
import type { Statement } from './policies';
import { type AttackTechnique, inTurn, type Revert } from './technique';

export const roleNameOf = (subject: Subject) => subject.stacks.access.outputs.RoleName;
export const flowLogsRoleOf = (subject: Subject) => `${roleNameOf(subject)}-flow-logs`;

export const trusting = (Principal: Statement['Principal'], subject: Subject): Statement => ({
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

/** Takes the boundary off a role, unless another technique has done so. */
export async function withoutBoundary({ iam }: FactClients, RoleName: string, boundaryArn: string): Promise<Revert> {
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  if (!Role?.PermissionsBoundary) return async () => undefined;
  await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
  return () => iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary: boundaryArn }));
}

/** Makes another version of the boundary the one in force. */
export async function boundaryWith({ iam }: FactClients, PolicyArn: string, statement: Statement): Promise<Revert> {
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

export const attached = (name: string, policy: string): AttackTechnique => ({
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

/** A user of the account with one policy of its own. */
export function aUser(
  { iam }: Pick<FactClients, 'iam'>,
  UserName: string,
  statement: object,
  Tags: Tag[] = [],
): Promise<Revert> {
  const policy = { UserName, PolicyName: 'own' };
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
  return inTurn(
    async () => {
      await iam.send(new CreateUserCommand({ UserName, Tags }));
      return () => iam.send(new DeleteUserCommand({ UserName }));
    },
    async () => {
      await iam.send(new PutUserPolicyCommand({ ...policy, PolicyDocument }));
      return () => iam.send(new DeleteUserPolicyCommand(policy));
    },
  );
}
