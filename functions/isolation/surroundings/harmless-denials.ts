import { TENANT_TAG } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { harmlessBeside, harmlessSparing, harmlessTo, type Own } from '../comparison/further-denials';
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
  /** In the policy of an endpoint of a cell's network, by the name of its service. */
  readonly atEndpoint: (serviceName: string | undefined) => Harmless;
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

/**
 * ECR keeps the layers of images in a bucket of its own, and a task reads those of its image through the network's endpoint for S3
 * ("Amazon ECR interface VPC endpoints": minimum Amazon S3 bucket permissions).
 */
const readingLayers = (region: string) => ({
  action: 's3:GetObject',
  resource: `arn:aws:s3:::prod-${region}-starport-layer-bucket/*`,
});

const leavesItToIam = ({ effect, principals }: Statement, accountId: string) =>
  effect === 'Allow' && principals.every((each) => each === `AWS:arn:aws:iam::${accountId}:root`);

/**
 * What is needed is what the templates allow the platform's roles and operators.
 *
 * @param others further accounts that a policy is for
 */
export async function harmlessDenials(
  { accountId, region, organizationId }: PlatformSurroundings,
  { trustees }: Pick<SurroundingsFacts, 'trustees'>,
  ...others: readonly string[]
): Promise<HarmlessDenials> {
  const own: Own = { accounts: [accountId, ...others], organizationId };
  const [roles, policies] = await settled([trustees.expected(), trustees.expectedPolicies()]);
  const needed = [...roles.flatMap(({ inline }) => inline), ...policies.flatMap(({ statements }) => statements)].filter(
    (each) => !isOfTenants(each),
  );
  return {
    anywhere: harmlessTo(own),
    at: (...arns) => harmlessBeside(own, needed, ...arns),
    atEndpoint: (serviceName) =>
      serviceName === `com.amazonaws.${region}.s3` ? harmlessSparing(own, readingLayers(region)) : harmlessTo(own),
    atKey: (keyArn) => (further, expected) =>
      harmlessBeside(
        { ...own, served: true },
        needed,
        keyArn,
      )(
        further,
        expected.filter((each) => !leavesItToIam(each, accountId)),
      ),
    // What a managed policy of AWS allows nobody reads here.
    inRole: ({ attached }) => (attached.length > 0 ? harmlessTo(own) : harmlessBeside(own, [])),
  };
}
