import * as z from 'zod';
import { Unanswered } from '../check';
import { type Statement, statementsOf } from '../policy-document';
import type { ExpectedResource } from './resolve-template';

/**
 * The properties of a resource that the tenant's release makes.
 *
 * @param id its logical id, where the template has several of the type
 * @throws Unanswered when the release makes no such resource
 */
export function propertiesOf(resources: readonly ExpectedResource[], type: string, id?: string) {
  const found = resources.find((each) => each.type === type && (id === undefined || each.id === id));
  if (!found) throw new Unanswered(`the tenant’s release makes no ${type} ${id ?? ''}`);
  return found.properties;
}

/** The statements of a policy in a property. */
export const policyIn = (properties: Readonly<Record<string, unknown>>, name: string): Statement[] =>
  statementsOf(properties[name]);

const InlinePoliciesSchema = z.array(z.object({ PolicyName: z.string(), PolicyDocument: z.unknown() }));

export interface ExpectedRole {
  readonly trust: readonly Statement[];
  /** The statements of all its inline policies. */
  readonly inline: readonly Statement[];
}

/** @throws Unanswered when the release makes no such role */
export function expectedRole(resources: readonly ExpectedResource[], roleName: string): ExpectedRole {
  const role = resources.find(({ type, properties }) => type === 'AWS::IAM::Role' && properties.RoleName === roleName);
  if (!role) throw new Unanswered(`the tenant’s release makes no role ${roleName}`);
  const policies = InlinePoliciesSchema.parse(role.properties.Policies ?? []);
  return {
    trust: policyIn(role.properties, 'AssumeRolePolicyDocument'),
    inline: policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
  };
}
