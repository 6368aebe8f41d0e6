import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { settled } from '../../functions/shared/settled';
import { noJsonSchemas } from '../../infra/no-json-schemas';

const ROOT = join(__dirname, '../..');
const PAGE = 'operations/console/page';

/** One file of the console's page, as it is sent. */
export interface PageFile {
  readonly contentType: string;
  readonly body: Buffer;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

const EMBEDDED_FONT = /url\('data:font\/woff2;base64,([A-Za-z0-9+/=]+)'\)/g;

const ITALIC_FONT = /@font-face\s*\{[^}]*font-style:\s*italic[^}]*\}/g;

/**
 * Cloudscape's global styles embed eight fonts of 16 KB. As files, a browser loads only those that
 * it uses, and the page's content security policy needs no `data:` for fonts. The italic ones are
 * left out: only hints in empty fields are italic, and a browser slants the upright letters itself.
 */
const fontsAsFiles: Plugin = {
  name: 'fonts-as-files',
  setup({ onLoad, onResolve }) {
    const fonts = new Map<string, Buffer>();
    onLoad({ filter: /global-styles[\\/]index\.css$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(ITALIC_FONT, '').replace(EMBEDDED_FONT, (_, encoded: string) => {
        const font = Buffer.from(encoded, 'base64');
        const name = `${createHash('sha256').update(font).digest('hex').slice(0, 8)}.woff2`;
        fonts.set(name, font);
        return `url('embedded-font:${name}')`;
      }),
      loader: 'css',
    }));
    onResolve({ filter: /^embedded-font:/ }, ({ path }) => ({
      path: path.replace('embedded-font:', ''),
      namespace: 'embedded-font',
    }));
    onLoad({ filter: /.*/, namespace: 'embedded-font' }, ({ path }) => {
      const contents = fonts.get(path);
      return contents && { contents, loader: 'file' };
    });
  },
};

/**
 * What the contract takes from Node. The schema of a signup checks domains with Node's IDNA; a browser
 * does that in `URL`. Names of tenants' resources are hashes, and the page computes none.
 */
const withoutNode: Plugin = {
  name: 'without-node',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^node:url$/ }, () => ({ path: join(ROOT, PAGE, 'domain-to-ascii.ts') }));
    onResolve({ filter: /^node:crypto$/ }, ({ path }) => ({ path, namespace: 'absent', sideEffects: false }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: "export const createHash = () => { throw new Error('the page computes no hashes'); };",
    }));
  },
};

const OPTIONS = {
  absWorkingDir: ROOT,
  entryPoints: { console: `${PAGE}/main.tsx` },
  outdir: '/assets',
  bundle: true,
  platform: 'browser',
  format: 'esm',
  target: ['es2022'],
  jsx: 'automatic',
  minify: true,
  define: { 'process.env.NODE_ENV': '"production"' },
  legalComments: 'none',
  logLevel: 'error',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: '/assets',
  tsconfig: `${PAGE}/tsconfig.json`,
  plugins: [fontsAsFiles, withoutNode, noJsonSchemas],
  write: false,
} satisfies BuildOptions;

/**
 * Bundles the console's page. Views that the first page does not show are files of their own, which
 * the browser loads when they are opened. All styles are one file: esbuild links no style sheet to
 * a lazy script.
 *
 * @returns the files by their path; `/` is the page. The names of all others contain a hash of
 * their content
 */
export async function bundlePage(): Promise<ReadonlyMap<string, PageFile>> {
  const [{ outputFiles: scripts }, { outputFiles: all }] = await settled([
    build({ ...OPTIONS, splitting: true }),
    build(OPTIONS),
  ]);
  const isScript = (path: string) => extname(path) === '.js';
  const sent = [...scripts.filter(({ path }) => isScript(path)), ...all.filter(({ path }) => !isScript(path))];
  const files = new Map<string, PageFile>();
  for (const { path, contents } of sent) {
    const contentType = CONTENT_TYPES[extname(path)];
    if (!contentType) throw new Error(`the page has a file of an unknown type: ${path}`);
    files.set(path, { contentType, body: Buffer.from(contents) });
  }
  const named = (pattern: RegExp) => [...files.keys()].find((path) => pattern.test(path)) ?? '';
  const html = (await readFile(join(ROOT, PAGE, 'index.html'), 'utf8'))
    .replace('{{style}}', named(/\/console-\w+\.css$/))
    .replace('{{script}}', named(/\/console-\w+\.js$/));
  files.set('/', { contentType: 'text/html; charset=utf-8', body: Buffer.from(html) });
  return files;
}
