import type * as z from 'zod';
import { type TenantsQuery, TenantsQuerySchema } from '../api/tenants';

export type TenantFilter = Pick<TenantsQuery, 'q' | 'status' | 'plan' | 'cell' | 'error' | 'suspendedBy'>;
/** What the list of tenants shows. It is part of the address, so a filtered list can be sent on. */
export type TenantQuery = TenantFilter & Pick<z.output<typeof TenantsQuerySchema>, 'sort' | 'order'>;

const SIZE = 50;

/** Reads the query of an address; what is wrong in it is left out. */
export function tenantQueryOf(search: URLSearchParams): TenantQuery {
  const { shape } = TenantsQuerySchema;
  const text = (name: string) => search.get(name) || undefined;
  const status = search.getAll('status');
  return {
    q: text('q'),
    status: shape.status.safeParse(status).data ?? [],
    plan: text('plan'),
    cell: text('cell'),
    error: text('error'),
    suspendedBy: text('suspendedBy'),
    sort: shape.sort.safeParse(text('sort')).data,
    order: shape.order.safeParse(text('order')).data ?? 'asc',
  };
}

function searchOf({ status = [], order, ...texts }: TenantQuery): URLSearchParams {
  const search = new URLSearchParams();
  for (const [name, text] of Object.entries(texts)) if (text) search.set(name, text);
  if (order === 'desc') search.set('order', order);
  for (const each of status) search.append('status', each);
  return search;
}

/** Address of the list, without what is as it is at first. */
export function tenantsLink(query: TenantQuery): string {
  const search = searchOf(query).toString();
  return search ? `#/tenants?${search}` : '#/tenants';
}

/** Path of one page of the list. @param cursor from the page before */
export function tenantsPath(query: TenantQuery, cursor: string | undefined): string {
  const search = searchOf(query);
  search.set('limit', String(SIZE));
  if (cursor) search.set('cursor', cursor);
  return `/api/tenants?${search}`;
}

export const isFiltered = ({ q, status = [], plan, cell, error, suspendedBy }: TenantQuery) =>
  status.length > 0 || [q, plan, cell, error, suspendedBy].some(Boolean);
