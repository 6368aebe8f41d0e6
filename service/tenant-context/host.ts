const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The spelling under which a host is looked up: lower case, without the port and without the dot of
 * the DNS root.
 *
 * @returns undefined when the host is not `SUBDOMAIN.DOMAIN` with exactly one label before the
 * domain
 */
export function tenantHost(header: string | undefined, domain: string): string | undefined {
  // A parameter of a query that comes twice is a list, whatever the types of a web framework say.
  if (typeof header !== 'string') return undefined;
  const host = header
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '');
  if (!host.endsWith(`.${domain}`)) return undefined;
  const subdomain = host.slice(0, -domain.length - 1);
  return LABEL.test(subdomain) ? host : undefined;
}
