import { type TenantStatus, TenantStatusSchema } from '../../functions/contract/tenant';
import type { ListedTenant } from '../client/tenant-list';
import type { TenantsQuery } from './api/tenants';
import { Refused } from './refused';

/** Statuses in the order in which they need an operator's attention. */
export const BY_ATTENTION = [
  'HELD',
  'ROLLING_BACK',
  'ONBOARDING',
  'FAILED',
  'SUSPENDED',
  'ACTIVE',
] as const satisfies readonly TenantStatus[];

export const rankOf = (status: TenantStatus) => BY_ATTENTION.indexOf(status);

type Sorted = 'sort' | 'order';

/** What a row is sorted by; rows with the same value are in the order of their tenant ids. */
function sortValue(tenant: ListedTenant, sort: TenantsQuery['sort'] = 'status'): string {
  if (sort === 'status') return String(rankOf(tenant.status));
  if (sort === 'company') return (tenant.companyName ?? '').toLowerCase();
  return tenant[sort] ?? '';
}

type Place = readonly [value: string, tenantId: string];

const placeOf = (tenant: ListedTenant, sort: TenantsQuery['sort']): Place => [sortValue(tenant, sort), tenant.tenantId];

/** In the order of DynamoDB's bytes, as a query of the table would answer. */
const compared = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
const comparedPlaces = ([value, id]: Place, [otherValue, otherId]: Place) =>
  compared(value, otherValue) || compared(id, otherId);

/** Sorts rows, and leaves out those up to the cursor. */
export function sorted(
  tenants: readonly ListedTenant[],
  { sort, order }: Pick<TenantsQuery, Sorted>,
  after: Place | undefined,
): ListedTenant[] {
  const sign = order === 'desc' ? -1 : 1;
  const placed = tenants.map((tenant) => [placeOf(tenant, sort), tenant] as const);
  const left = after ? placed.filter(([place]) => sign * comparedPlaces(place, after) > 0) : placed;
  return left.sort(([one], [other]) => sign * comparedPlaces(one, other)).map(([, tenant]) => tenant);
}

const cursorOf = (place: Place) => Buffer.from(JSON.stringify(place)).toString('base64url');
/** @returns the cursor of the rows behind a row */
export const cursorBehind = (tenant: ListedTenant, sort: TenantsQuery['sort']) => cursorOf(placeOf(tenant, sort));
/** @returns the cursor of the rows behind a tenant, in the order of attention */
export const cursorBehindId = (status: TenantStatus, tenantId: string) => cursorOf([String(rankOf(status)), tenantId]);

/** @throws Refused when it is no cursor of ours */
export function placeIn(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(place) && typeof place[0] === 'string' && typeof place[1] === 'string')
      return [place[0], place[1]];
  } catch {
    // Refused below, as every other text that is no cursor.
  }
  throw new Refused('InvalidRequest', 'expected the field `next` of the page before', 'cursor');
}

/** The status and the tenant at which a query in the order of attention continues. */
export function continuation(
  cursor: string | undefined,
): { readonly status: TenantStatus; readonly after: string } | undefined {
  const place = placeIn(cursor);
  if (!place) return undefined;
  const status = TenantStatusSchema.safeParse(BY_ATTENTION[Number(place[0])]).data;
  if (!status) throw new Refused('InvalidRequest', 'the cursor is of a list in another order', 'cursor');
  return { status, after: place[1] };
}
