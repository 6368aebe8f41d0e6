/** What every tenant's visitors ask for: pages, and the form. */
export const VISITED = ['/', '/contact', '/leads'];

const byWebKit = (system: string, engine: string, version: string) =>
  `Mozilla/5.0 (${system}) AppleWebKit/${engine} (KHTML, like Gecko) ${version} Safari/${engine}`;
const AGENTS = [
  `${byWebKit('Windows NT 10.0; Win64; x64', '537.36', 'Chrome/143.0.0.0')} Edg/143.0.0.0`,
  byWebKit('Linux; Android 10; K', '537.36', 'Chrome/143.0.0.0 Mobile'),
  byWebKit('iPhone; CPU iPhone OS 18_7 like Mac OS X', '605.1.15', 'Version/26.0 Mobile/15E148'),
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0',
];

type Headers = Readonly<Record<string, string>>;

/** What browsers say of themselves, whatever the page. Of the host only its dot is known. */
export const BROWSERS: readonly Headers[] = AGENTS.map((agent) => ({
  ...{ host: '.', 'user-agent': agent, cookie: 'id=1', referer: 'https://' },
  accept: 'text/html,application/xml;q=0.9,*/*;q=0.8',
  ...{ 'accept-language': 'de-DE,en;q=0.8', 'accept-encoding': 'gzip, deflate, br' },
  ...{ 'upgrade-insecure-requests': '1', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'same-origin' },
}));

/** What a browser says of the form that it sends. */
export const FORM_HEADERS: Headers = { 'content-type': 'application/x-www-form-urlencoded' };
