import { TENANT_TAG } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { harmlessBeside, harmlessTo, type Own } from '../comparison/further-denials';
import type { Harmless } from '../comparison/policy-difference';
import type { Statement } from '../policy-document';
import type { PlatformSurroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';
import type { Trustee } from './trustee-facts';

/** Denials that an organization, a benchmark or an operator may add to policies of the platform. */
export interface HarmlessDenials {
  /** In a policy that says what the platform itself may do, or who may be it. */
  readonly anywhere: Harmless;
  /** In the policy of a resource with these ARNs. */
  readonly at: (...arns: readonly string[]) => Harmless;
  /** In the policy of the key: a key's policy leaves it to IAM who of the account may use it. */
  readonly atKey: (keyArn: string) => Harmless;
  /** In an inline policy of a role. */
  readonly inRole: (role: Pick<Trustee, 'attached'>) => Harmless;
}

/** What is said of tenants' resources by their tag is not said of the platform's. */
const isOfTenants = ({ conditions }: Statement) =>
  conditions.some(
    ({ operator, key, values }) =>
      key.toLowerCase() === `aws:resourcetag/${TENANT_TAG}`.toLowerCase() &&
      !(operator.toLowerCase() === 'null' && values.includes('true')),
  );

const leavesItToIam = ({ effect, principals }: Statement, accountId: string) =>
  effect === 'Allow' && principals.every((each) => each === `AWS:arn:aws:iam::${accountId}:root`);

/**
 * What is needed is what the templates allow the platform's roles and operators.
 *
 * @param others further accounts that a policy is for
 */
export async function harmlessDenials(
  { accountId, organizationId }: PlatformSurroundings,
  { trustees }: Pick<SurroundingsFacts, 'trustees'>,
  ...others: readonly string[]
): Promise<HarmlessDenials> {
  const own: Own = { accounts: [accountId, ...others], organizationId };
  const [roles, policies] = await settled([trustees.expected(), trustees.expectedPolicies()]);
  const needed = [...roles.flatMap(({ inline }) => inline), ...policies.flatMap(({ statements }) => statements)].filter(
    (each) => !isOfTenants(each),
  );
  const at = (...arns: readonly string[]) => harmlessBeside(own, needed, ...arns);
  return {
    anywhere: harmlessTo(own),
    at,
    atKey: (keyArn) => (further, expected) =>
      at(keyArn)(
        further,
        expected.filter((each) => !leavesItToIam(each, accountId)),
      ),
    // What a managed policy of AWS allows nobody reads here.
    inRole: ({ attached }) => (attached.length > 0 ? harmlessTo(own) : harmlessBeside(own, [])),
  };
}
