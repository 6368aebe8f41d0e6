import {
  type ElasticLoadBalancingV2Client,
  paginateDescribeRules,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { paginateListBuckets, type S3Client } from '@aws-sdk/client-s3';
import type { Compute } from '../../compute/compute';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { registeredTenants, routeItems } from '../../tenants/every-tenant';
import type { TenantsTable } from '../../tenants/tenants-table';
import { differencesOf } from './census';

export interface CountingDeps {
  readonly table: TenantsTable;
  readonly compute: Pick<Compute, 'cells'>;
  readonly rulesOf: (listenerArn: string) => Promise<readonly Rule[]>;
  /** Names of the account's buckets that begin like those of tenants. */
  readonly buckets: () => Promise<readonly string[]>;
  readonly accountId: string;
  readonly region: string;
  readonly now: () => Date;
}

const TENANTS_BUCKETS = 'tenant-';
/** "DescribeRules": at most 400 rules a page. */
const PAGE_SIZE = 400;

export const awsResources = (elb: ElasticLoadBalancingV2Client, s3: S3Client) => ({
  rulesOf: (ListenerArn: string) =>
    everyItem(paginateDescribeRules({ client: elb }, { ListenerArn, PageSize: PAGE_SIZE }), (page) => page.Rules),
  buckets: async () => {
    const named = await everyItem(
      paginateListBuckets({ client: s3 }, { Prefix: TENANTS_BUCKETS }),
      (page) => page.Buckets,
    );
    return named.map(({ Name = '' }) => Name);
  },
});

/**
 * RegisterTenant makes rules by the host alone. A rule that asks for anything else is the cell's own, or
 * `routing.only-rule` finds it.
 */
const hostsOf = ({ Conditions = [] }: Rule) =>
  Conditions.every(({ Field }) => Field === 'host-header')
    ? Conditions.flatMap(({ HostHeaderConfig }) => HostHeaderConfig?.Values ?? [])
    : [];

/**
 * Counts route items, listener rules and buckets against the tenants of an audit. What there is is
 * listed first and the records last, so that a signup that begins meanwhile is no difference.
 *
 * @param audited ids of the tenants that the audit has judged
 * @returns a sentence for each difference
 */
export async function uncounted(deps: CountingDeps, audited: ReadonlySet<string>): Promise<string[]> {
  const { table, compute, rulesOf, buckets: list, accountId, region, now } = deps;
  const cells = await compute.cells();
  const [routes, rules, buckets] = await settled([
    routeItems(table),
    settled(cells.map(({ listenerArn }) => rulesOf(listenerArn))),
    list(),
  ]);
  const decoyBuckets = cells.map(({ decoy }) => decoy.bucketName);
  const ringZeros = cells.flatMap(({ ringZero, decoy }) =>
    ringZero ? [{ host: ringZero.host, tenantId: decoy.tenantId }] : [],
  );
  const seen = { routes, ruleHosts: rules.flat().flatMap(hostsOf), buckets };
  return differencesOf(
    await registeredTenants(table),
    audited,
    seen,
    { accountId, region, decoyBuckets, ringZeros },
    now(),
  );
}
