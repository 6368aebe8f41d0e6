/** The host of an address, as a browser parses it; undefined for a text that is no address. */
function hostOf(address: string): string | undefined {
  const url = address.includes('://') ? address : `http://${address}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, '') : undefined;
}

/**
 * The subdomain in a host or in the address of a page, as a browser shows it.
 *
 * @param domain of the stage: `https://acme.funnels.example:8443/` and `acme.funnels.example` give
 * `acme`
 * @returns undefined for every other name
 */
export function subdomainIn(typed: string, domain: string): string | undefined {
  const host = hostOf(typed.trim());
  const suffix = `.${domain.toLowerCase()}`;
  return host?.endsWith(suffix) ? host.slice(0, -suffix.length) : undefined;
}
