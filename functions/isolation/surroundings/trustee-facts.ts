import { GetRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import { paginateGetParametersByPath, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { TRUSTEES_PARAMETER_PATH } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { readOnce, unlessAbsent } from '../facts/reading';
import { attachedPolicies, inlineStatements } from '../facts/role-policies';
import { parsePolicy, type Statement } from '../policy-document';

/** One part of what a stack's template has published about a role that tenants trust. */
const PublishedSchema = z.object({ role: z.string(), trust: z.unknown(), policy: z.unknown() });

/** What the release makes of a role that tenants' roles, keys or stacks trust. */
export interface Trustee {
  readonly role: string;
  readonly trust: readonly Statement[];
  readonly inline: readonly Statement[];
}

export interface TrusteeInAws extends Trustee {
  readonly attached: readonly string[];
}

export interface TrusteeFacts {
  /** Published by the templates of the platform's stacks, and not by IAM. */
  readonly expected: () => Promise<readonly Trustee[]>;
  /** The same roles as IAM has them, in the same order; undefined where IAM has none. */
  readonly found: () => Promise<readonly (TrusteeInAws | undefined)[]>;
}

async function readTrustee(client: IAMClient, RoleName: string): Promise<TrusteeInAws | undefined> {
  const role = await unlessAbsent(client.send(new GetRoleCommand({ RoleName })), 'NoSuchEntityException');
  if (!role) return undefined;
  const [inline, attached] = await settled([inlineStatements(client, RoleName), attachedPolicies(client, RoleName)]);
  return {
    role: RoleName,
    trust: parsePolicy(role.Role?.AssumeRolePolicyDocument ?? ''),
    inline,
    attached: attached.map((arn = 'without an ARN') => arn),
  };
}

export function trusteeFacts(iam: IAMClient, ssm: SSMClient): TrusteeFacts {
  const expected = readOnce(async () => {
    const path = { Path: TRUSTEES_PARAMETER_PATH, Recursive: true };
    const parameters = await everyItem(paginateGetParametersByPath({ client: ssm }, path), (page) => page.Parameters);
    const byRole = new Map<string, Trustee>();
    for (const { Value = '' } of parameters) {
      const { role, trust, policy } = PublishedSchema.parse(JSON.parse(Value));
      const inline = [...(byRole.get(role)?.inline ?? []), ...parsePolicy(JSON.stringify(policy))];
      byRole.set(role, { role, trust: parsePolicy(JSON.stringify(trust)), inline });
    }
    return [...byRole.values()];
  });
  return {
    expected,
    found: readOnce(async () => await settled((await expected()).map(({ role }) => readTrustee(iam, role)))),
  };
}
