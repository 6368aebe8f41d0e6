import { tenantIdIn, tenantNames } from '../../contract/naming';
import type { TenantStatus } from '../../contract/tenant';

/** What the tenants table says of one tenant. A damaged record has no status. */
export interface Registered {
  readonly tenantId: string;
  readonly host?: string | undefined;
  readonly status?: TenantStatus | undefined;
  readonly updatedAt?: string | undefined;
  /** The block of its slot, until the slot is given back. */
  readonly cidr?: string | undefined;
  /** Whether audits ask about it. */
  readonly inService: boolean;
}

export interface SeenRoute {
  readonly host: string;
  readonly tenantId: string;
  readonly status: string;
}

/** What of tenants there is besides their records, listed before the records are. */
export interface Seen {
  readonly routes: readonly SeenRoute[];
  /** Host names of the listener rules of all cells. */
  readonly ruleHosts: readonly string[];
  /** Names of the buckets that are called as tenants' buckets are. */
  readonly buckets: readonly string[];
}

export interface Place {
  readonly accountId: string;
  readonly region: string;
  /** Buckets of the cells' decoys, which are no tenants. */
  readonly decoyBuckets: readonly string[];
  /** Hosts of the pages that releases move first, and the decoys that serve them: no tenants, either. */
  readonly ringZeros: readonly Pick<SeenRoute, 'host' | 'tenantId'>[];
}

/** How long a FAILED tenant's resources may still be listed, milliseconds: AWS shows a deletion late. */
const SHOWN_FOR = 60 * 60_000;

/** A rollback has left nothing of this tenant: whatever there is of it is nobody's. */
const isGone = ({ status, updatedAt = '' }: Registered, now: Date) =>
  status === 'FAILED' && now.getTime() - Date.parse(updatedAt) > SHOWN_FOR;

const standing = (tenant: Registered | undefined) => tenant?.status ?? (tenant ? 'unreadable' : 'unknown');

/**
 * Holds the records of tenants against route items, listener rules and buckets. A tenant whose record
 * somebody has removed, or made look as if it was never in service, would leave the audit otherwise.
 *
 * @param registered every tenant of the table; those who were activated after the listing are not
 * `audited`
 * @returns a sentence for each difference
 */
export function differencesOf(
  registered: readonly Registered[],
  audited: ReadonlySet<string>,
  seen: Seen,
  place: Place,
  now: Date,
): string[] {
  const byId = new Map(registered.map((tenant) => [tenant.tenantId, tenant]));
  const isKnown = (tenantId: string | undefined) => {
    const tenant = byId.get(tenantId ?? '');
    return tenant !== undefined && !isGone(tenant, now);
  };
  const hosts = new Set(registered.flatMap((each) => (each.host && !isGone(each, now) ? [each.host] : [])));
  const routeOf = new Map(seen.routes.map((route) => [route.host, route]));
  const bucketOf = (tenantId: string) => tenantNames.bucket(tenantId, place.accountId, place.region);
  const ringZeroOf = new Map(place.ringZeros.map(({ host, tenantId }) => [host, tenantId]));
  const served = (route: SeenRoute) => route.status !== 'SETTING_UP' && !byId.get(route.tenantId)?.inService;
  const missing = registered
    .filter(({ tenantId }) => audited.has(tenantId))
    .flatMap(({ tenantId, host }) => [
      ...(host && routeOf.get(host)?.tenantId === tenantId ? [] : [`tenant ${tenantId} has no route item`]),
      ...(host && seen.ruleHosts.includes(host) ? [] : [`tenant ${tenantId} has no listener rule`]),
      ...(seen.buckets.includes(bucketOf(tenantId)) ? [] : [`tenant ${tenantId} has no bucket`]),
    ]);
  return [
    ...missing,
    ...seen.routes
      .filter(({ host, tenantId }) => ringZeroOf.has(host) && ringZeroOf.get(host) !== tenantId)
      .map(({ host, tenantId }) => `the route item of ${host}, a cell's own page, is of tenant ${tenantId}`),
    ...seen.routes
      .filter(({ host }) => !ringZeroOf.has(host))
      .filter((route) => served(route) || !isKnown(route.tenantId))
      .map(({ host, tenantId, status }) => {
        const of = `tenant ${tenantId}, which is ${standing(byId.get(tenantId))}`;
        return `the route item of ${host} is ${status}, and of ${of}`;
      }),
    ...seen.ruleHosts
      .filter((host) => !ringZeroOf.has(host))
      .filter((host) => !hosts.has(host) && !isKnown(routeOf.get(host)?.tenantId))
      .map((host) => `a listener rule for ${host} is of no tenant`),
    ...seen.buckets
      .filter((name) => !place.decoyBuckets.includes(name))
      .map((name) => ({ name, tenantId: tenantIdIn(name) }))
      // Another team's name may begin as tenants' names do: it has no tenant's id.
      .filter(({ tenantId }) => tenantId !== undefined && !isKnown(tenantId))
      .map(({ name, tenantId = '' }) => `bucket ${name} is of a tenant that is ${standing(byId.get(tenantId))}`),
  ];
}
