import { type EC2Client, paginateDescribeVpcPeeringConnections, type VpcPeeringConnection } from '@aws-sdk/client-ec2';
import {
  type ElasticLoadBalancingV2Client,
  paginateDescribeRules,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import { paginateListBuckets, type S3Client } from '@aws-sdk/client-s3';
import type { Compute } from '../../compute/compute';
import { ColourSchema } from '../../contract/cell';
import type { HostedZone } from '../../dns/hosted-zone';
import { everyRecord } from '../../dns/name-records';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { registeredTenants, routeItems } from '../../tenants/every-tenant';
import type { TenantsTable } from '../../tenants/tenants-table';
import { differencesOf } from './census';
import { nameDifferences } from './name-differences';
import { peeringDifferences } from './peering-differences';

export interface CountingDeps {
  readonly table: TenantsTable;
  readonly compute: Pick<Compute, 'cells'>;
  readonly rulesOf: (listenerArn: string) => Promise<readonly Rule[]>;
  /** Names of the account's buckets that begin like those of tenants. */
  readonly buckets: () => Promise<readonly string[]>;
  /** Peerings of the account. */
  readonly peerings: () => Promise<readonly VpcPeeringConnection[]>;
  /** All records of the stage's hosted zone; undefined where the stage has none. */
  readonly records: () => Promise<readonly ResourceRecordSet[] | undefined>;
  readonly accountId: string;
  readonly region: string;
  readonly now: () => Date;
}

const TENANTS_BUCKETS = 'tenant-';
/** "DescribeRules": at most 400 rules a page. */
const PAGE_SIZE = 400;

interface CountedBy {
  readonly elb: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;
  readonly ec2: EC2Client;
  readonly zone: HostedZone | undefined;
}

export const awsResources = ({ elb, s3, ec2, zone }: CountedBy) => ({
  peerings: () =>
    everyItem(paginateDescribeVpcPeeringConnections({ client: ec2 }, {}), (page) => page.VpcPeeringConnections),
  records: async () => {
    if (!zone) return undefined;
    const found: ResourceRecordSet[] = [];
    for await (const record of everyRecord(zone)) found.push(record);
    return found;
  },
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
 * The hosts that rules of a cell name, whatever else a rule asks for: one for a path of a host that no tenant has shows a
 * stranger's page under the stage's certificate. Under names of their own the colours are asked for their health.
 */
const hostsNamed = (rules: readonly Rule[], cell: string) => [
  ...new Set(
    rules
      .flatMap(({ Conditions = [] }) => Conditions)
      .flatMap(({ HostHeaderConfig: { Values = [], RegexValues = [] } = {} }) => [...Values, ...RegexValues])
      .filter((host) => !ColourSchema.options.some((colour) => host.startsWith(`${colour}.${cell}.`))),
  ),
];

/**
 * Counts route items, listener rules, buckets and peerings against the tenants of an audit, and follows the
 * DNS records of their hosts. What there is is listed first and the records of tenants last, so that a signup
 * that begins meanwhile is no difference.
 *
 * @param audited ids of the tenants that the audit has judged
 * @returns a sentence for each difference
 */
export async function uncounted(deps: CountingDeps, audited: ReadonlySet<string>): Promise<string[]> {
  const { table, compute, rulesOf, buckets: list, records, peerings: listPeerings, accountId, region, now } = deps;
  const cells = await compute.cells();
  const [routes, rules, buckets, names, peerings] = await settled([
    routeItems(table),
    settled(cells.map(async (cell) => ({ cell, hosts: hostsNamed(await rulesOf(cell.listenerArn), cell.name) }))),
    list(),
    records(),
    listPeerings(),
  ]);
  const decoyBuckets = cells.map(({ decoy }) => decoy.bucketName);
  const ringZeros = cells.flatMap(({ ringZero, decoy }) =>
    ringZero ? [{ host: ringZero.host, tenantId: decoy.tenantId }] : [],
  );
  const seen = { routes, ruleHosts: rules.flatMap(({ hosts }) => hosts), buckets };
  const registered = await registeredTenants(table);
  const hosts = new Set(registered.flatMap(({ tenantId, host }) => (host && audited.has(tenantId) ? [host] : [])));
  const served = rules.flatMap(({ cell, hosts: ofCell }) =>
    ofCell.filter((host) => hosts.has(host)).map((host) => ({ host, cell })),
  );
  return [
    ...differencesOf(registered, audited, seen, { accountId, region, decoyBuckets, ringZeros }, now()),
    ...(names ? nameDifferences(names, served) : []),
    ...peeringDifferences(peerings, cells, registered),
  ];
}
