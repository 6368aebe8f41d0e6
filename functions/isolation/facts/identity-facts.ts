import { GetPolicyCommand, GetPolicyVersionCommand, GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import { tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import { parsePolicy, type Statement } from '../policy-document';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce, type Tags, tagsOf } from './reading';
import { attachedPolicies, inlineStatements } from './role-policies';

export interface RoleFacts {
  readonly name: string;
  readonly arn: string | undefined;
  readonly createdAt?: Date | undefined;
  readonly trust: readonly Statement[];
  readonly boundaryArn: string | undefined;
  readonly maxSessionSeconds: number | undefined;
  readonly tags: Tags;
}

/** A role that an AWS service assumes for the tenant. The policies of this one role are read, and no list of the account. */
export interface ServiceRoleFacts extends RoleFacts {
  /** The statements of all its inline policies. */
  readonly inline: readonly Statement[];
  readonly attached: readonly (string | undefined)[];
}

export interface IdentityFacts {
  readonly role: () => Promise<RoleFacts>;
  /** The statements of all inline policies of the role. */
  readonly inline: () => Promise<readonly Statement[]>;
  readonly attached: () => Promise<readonly (string | undefined)[]>;
  /** The roles that AWS services assume for this tenant, as far as they exist. */
  readonly serviceRoles: () => Promise<readonly ServiceRoleFacts[]>;
  /** The default version of the boundary. */
  readonly boundary: () => Promise<readonly Statement[]>;
}

/** Suffixes of the names of the roles that network and database stack create for AWS services. */
export const SERVICE_ROLES = ['flow-logs', 'monitoring'] as const;

async function readRole(client: IAMClient, name: string): Promise<RoleFacts> {
  const { Role } = await client.send(new GetRoleCommand({ RoleName: name }));
  return {
    name,
    arn: Role?.Arn,
    createdAt: Role?.CreateDate,
    trust: parsePolicy(Role?.AssumeRolePolicyDocument ?? ''),
    boundaryArn: Role?.PermissionsBoundary?.PermissionsBoundaryArn,
    maxSessionSeconds: Role?.MaxSessionDuration,
    tags: tagsOf(Role?.Tags),
  };
}

async function readServiceRole(client: IAMClient, name: string): Promise<ServiceRoleFacts> {
  const [role, inline, attached] = await settled([
    readRole(client, name),
    inlineStatements(client, name),
    attachedPolicies(client, name),
  ]);
  return { ...role, inline, attached };
}

/** The statements in force of a managed policy of the account. */
export async function boundaryStatements(client: IAMClient, PolicyArn: string): Promise<Statement[]> {
  const { Policy } = await client.send(new GetPolicyCommand({ PolicyArn }));
  const { PolicyVersion } = await client.send(
    new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }),
  );
  return parsePolicy(PolicyVersion?.Document ?? '');
}

/** @param known the boundary's statements, where the caller knows them */
export function identityFacts(
  client: IAMClient,
  subject: Subject,
  known: () => Promise<readonly Statement[] | undefined>,
): IdentityFacts {
  const RoleName = tenantNames.role(tenantIdOf(subject));
  return {
    role: readOnce(() => readRole(client, RoleName)),
    inline: readOnce(() => inlineStatements(client, RoleName)),
    attached: readOnce(() => attachedPolicies(client, RoleName)),
    serviceRoles: readOnce(async () => {
      const names = SERVICE_ROLES.map((purpose) => `${RoleName}-${purpose}`);
      const reading = (name: string) => unlessNamed(readServiceRole(client, name), 'NoSuchEntityException');
      const roles = await settled(names.map(reading));
      return roles.filter((role) => role !== undefined);
    }),
    boundary: readOnce(async () => (await known()) ?? (await boundaryStatements(client, subject.boundaryArn))),
  };
}
