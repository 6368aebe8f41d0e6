import { tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { grantsLacking } from '../comparison/policy-difference';
import { furtherDenials, shortfalls } from '../comparison/shortfalls';
import type { Facts } from '../facts/facts';
import type { SERVICE_ROLES } from '../facts/identity-facts';
import { forSomebody } from '../policy-document';
import { expectedRole } from '../release/expected';
import { type Subject, tenantIdOf } from '../subject';

/**
 * What a service's role must not do any more although it has to, or who may not assume it: then nothing is delivered.
 * `identity.service-roles` finds a role that is gone, or may do more.
 */
export async function undeliverable(
  subject: Subject,
  { identity, release }: Facts,
  purpose: (typeof SERVICE_ROLES)[number],
): Promise<string[]> {
  const name = `${tenantNames.role(tenantIdOf(subject))}-${purpose}`;
  const [roles, network, database] = await settled([identity.serviceRoles(), release.network(), release.database()]);
  const role = roles.find((each) => each.name === name);
  if (!role) return [];
  const { accountId, organizationId } = subject;
  const expected = expectedRole([...network, ...database], name);
  const own = { accounts: [accountId], organizationId };
  return [
    ...grantsLacking(role.inline, expected.inline).map(
      (actions) => `nothing is delivered: role ${name} may not ${actions}`,
    ),
    ...furtherDenials(`the policy of ${name}`, role.inline, expected.inline, own),
    ...shortfalls(`the trust of ${name}`, forSomebody(role.trust), expected.trust, own),
  ];
}
