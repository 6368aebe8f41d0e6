/** The views without a parameter, by their path. */
export const VIEWS = {
  tenants: 'Tenants',
  'sign-up': 'Sign up',
  cells: 'Cells',
  releases: 'Releases',
  audits: 'Audits',
  queues: 'Queues',
  'audit-log': 'Audit log',
} as const;
export type ViewName = keyof typeof VIEWS;

export type Route =
  | { readonly view: ViewName; readonly query: URLSearchParams }
  | { readonly view: 'tenant'; readonly tenant: string; readonly query: URLSearchParams }
  | { readonly view: 'unknown' };

const isView = (name: string): name is ViewName => Object.hasOwn(VIEWS, name);

/** Reads the fragment of the address, such as `#/tenants?status=FAILED` or `#/tenants/acme`. */
export function routeOf(fragment: string): Route {
  const [path = '', search = ''] = fragment.replace(/^#\/?/, '').split('?');
  const query = new URLSearchParams(search);
  const [first = '', second] = path.split('/');
  if (first === 'tenants' && second) return { view: 'tenant', tenant: decoded(second), query };
  if (first === '') return { view: 'tenants', query };
  return isView(first) && second === undefined ? { view: first, query } : { view: 'unknown' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Fragment of a view, with the parts of the query that are set. */
export function linkTo(view: ViewName, query: Readonly<Record<string, string | undefined>> = {}): string {
  const set = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return set.length > 0 ? `#/${view}?${new URLSearchParams(set)}` : `#/${view}`;
}

export const linkToTenant = (tenant: string) => `#/tenants/${encodeURIComponent(tenant)}`;
