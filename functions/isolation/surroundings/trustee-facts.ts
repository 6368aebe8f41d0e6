import * as z from 'zod';
import { settled } from '../../shared/settled';
import type { Account, Principal } from '../facts/account-facts';
import { readOnce } from '../facts/reading';
import { type Statement, statementsOf } from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, ofType } from './expected-of';
import type { PlatformStacks } from './platform-stacks';

/** What a template of the platform makes of a role. */
export interface Trustee {
  readonly role: string;
  readonly trust: readonly Statement[];
  readonly inline: readonly Statement[];
  /** ARNs of its managed policies. */
  readonly attached: readonly string[];
  /** ARN of its permissions boundary. */
  readonly boundary?: string | undefined;
}

/** A managed policy that a template makes, for people or as a boundary. */
export interface ManagedPolicy {
  readonly arn: string;
  readonly statements: readonly Statement[];
}

export interface TrusteeFacts {
  /** Made by the templates of the platform's stacks, and not by IAM. */
  readonly expected: () => Promise<readonly Trustee[]>;
  /** The same roles as IAM has them, in the same order; undefined where IAM has none. */
  readonly found: () => Promise<readonly (Trustee | undefined)[]>;
  readonly expectedPolicies: () => Promise<readonly ManagedPolicy[]>;
  /** Principals that no template makes, with what they are given by other policies than the templates'. */
  readonly others: () => Promise<readonly Principal[]>;
  /** The statements in force of the account's managed policies, by ARN. */
  readonly policies: () => Promise<Account['policies']>;
}

const RoleSchema = z.object({
  AssumeRolePolicyDocument: z.unknown(),
  Policies: z.array(z.object({ PolicyDocument: z.unknown() })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
  PermissionsBoundary: z.string().optional(),
});
/** A policy that a template attaches to roles: as an inline policy, or as a managed one. */
const AttachedSchema = z.object({ Roles: z.array(z.string()).default([]), PolicyDocument: z.unknown() });

function trusteesIn(resources: readonly ExpectedResource[]): Trustee[] {
  const attached = (type: string, role: string) =>
    ofType(resources, type)
      .map(({ physicalId = '', properties }) => ({ physicalId, ...AttachedSchema.parse(properties) }))
      .filter(({ Roles }) => Roles.includes(role));
  return ofType(resources, 'AWS::IAM::Role').map(({ physicalId: role = '', properties }) => {
    const { AssumeRolePolicyDocument, Policies, ManagedPolicyArns, PermissionsBoundary } = RoleSchema.parse(properties);
    const policies = [...Policies, ...attached('AWS::IAM::Policy', role)];
    return {
      role,
      trust: statementsOf(AssumeRolePolicyDocument),
      inline: policies.flatMap(({ PolicyDocument }) => statementsOf(PolicyDocument)),
      boundary: PermissionsBoundary,
      attached: [...ManagedPolicyArns, ...attached('AWS::IAM::ManagedPolicy', role).map((each) => each.physicalId)],
    };
  });
}

/** The physical id of a managed policy is its ARN ("AWS::IAM::ManagedPolicy": Ref). */
const policiesIn = (resources: readonly ExpectedResource[]): ManagedPolicy[] =>
  ofType(resources, 'AWS::IAM::ManagedPolicy').map(({ physicalId: arn = '', properties }) => ({
    arn,
    statements: statementsOf(properties.PolicyDocument),
  }));

const trusteeOf = ({ name, trust, inline, attached, boundary }: Principal): Trustee => ({
  ...{ role: name, trust, inline, attached, boundary },
});

/** @param further what the templates of the other cells make: their roles are no strangers */
export function trusteeFacts(
  account: () => Promise<Account>,
  { foundation, controlPlane, cell }: PlatformStacks,
  further: () => Promise<readonly ExpectedResource[]> = async () => [],
): TrusteeFacts {
  const ofAll = async <T>(of: (resources: readonly ExpectedResource[]) => T[]) =>
    (await settled([foundation(), controlPlane(), cell()])).flatMap((resources) => of(resources));
  const expected = readOnce(() => ofAll(trusteesIn));
  return {
    expected,
    expectedPolicies: readOnce(() => ofAll(policiesIn)),
    policies: async () => (await account()).policies,
    others: readOnce(async () => {
      const [own, ofOthers, { principals, policies }] = await settled([
        ofAll((resources) => [...resources]),
        further(),
        account(),
      ]);
      const made = [...own, ...ofOthers];
      const [roles, arns] = [idsOf(made, 'AWS::IAM::Role'), idsOf(made, 'AWS::IAM::ManagedPolicy')];
      return principals
        .filter(({ kind, name }) => kind !== 'role' || !roles.includes(name))
        .map((principal) => {
          const attached = principal.attached.filter((arn) => !arns.includes(arn));
          return { ...principal, managed: attached.flatMap((arn) => policies.get(arn) ?? []) };
        });
    }),
    found: readOnce(async () => {
      const [roles, { principals: all }] = await settled([expected(), account()]);
      const byName = new Map(all.filter(({ kind }) => kind === 'role').map((each) => [each.name, trusteeOf(each)]));
      return roles.map(({ role }) => byName.get(role));
    }),
  };
}
