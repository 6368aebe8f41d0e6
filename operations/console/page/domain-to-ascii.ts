/** Node's `domainToASCII` in a browser: the domain as DNS writes it, or an empty text. */
export function domainToASCII(domain: string): string {
  const url = `https://${domain}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}
