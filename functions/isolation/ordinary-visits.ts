/** What every tenant's visitors ask for: pages, and the form. */
export const VISITED = ['/', '/contact', '/leads'];

const AGENTS = [
  'Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0',
  'Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Mobile Safari/537.36',
  'iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
  'Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  'Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
].map((system) => `Mozilla/5.0 (${system}`);

type Headers = Readonly<Record<string, string>>;

/** What browsers say of themselves, whatever the page. Of the host only its dot is known. */
export const BROWSERS: readonly Headers[] = AGENTS.map((agent) => ({
  ...{ host: '.', 'user-agent': agent, connection: 'keep-alive', cookie: 'id=1', referer: 'https://' },
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
  'accept-language': 'de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7',
  ...{ 'accept-encoding': 'gzip, deflate, br, zstd', 'upgrade-insecure-requests': '1' },
  ...{ 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' },
}));

/** What a browser says of the form that it sends. */
export const FORM_HEADERS: Headers = {
  ...{ 'content-type': 'application/x-www-form-urlencoded', 'content-length': '32', origin: 'https://' },
};
