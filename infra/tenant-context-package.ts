import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as z from 'zod';
import { BUNDLING } from './function-bundles';

const ROOT = join(__dirname, '..');
const SOURCE = 'service/tenant-context/from-environment.ts';
const NAME = 'tenant-context';

/** Types that the package's own types name: whoever compiles with them needs these, too. */
const TYPES = ['@types/pg'];

const PackageSchema = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

/** The signature of the one function, and the file of interfaces, as declarations. */
function declarations(): Record<string, string> {
  const source = readFileSync(join(ROOT, SOURCE), 'utf8');
  const [signature] = /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\nexport function [^{]+/.exec(source) ?? [];
  if (!signature) throw new Error(`${SOURCE} exports no function`);
  const declared = signature.trim().replace('export function', 'export declare function');
  return {
    'index.d.ts': `import type { Tenants } from './tenant';\nexport type * from './tenant';\n\n${declared};\n`,
    'tenant.d.ts': readFileSync(join(ROOT, 'service/tenant-context/tenant.ts'), 'utf8'),
  };
}

/**
 * The tenant context as a package of npm, for applications in repositories of their own
 * (docs/your-application.md): one file, its types, and the packages that it needs.
 *
 * @param folder gets the package; by default dist/tenant-context
 */
export async function buildTenantContext(folder = join(ROOT, 'dist', NAME)): Promise<void> {
  const { outputFiles, metafile } = await build({
    ...BUNDLING,
    minify: false,
    format: 'cjs',
    packages: 'external',
    entryPoints: [SOURCE],
    metafile: true,
  });
  const ours = PackageSchema.parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const versions = { ...ours.dependencies, ...ours.devDependencies };
  const needed = [...imported, ...TYPES].filter((name) => name in versions).sort();
  const described = {
    name: NAME,
    version: ours.version,
    description: 'From the host of a request to a tenant, and to sessions that are the tenant’s alone.',
    main: 'index.js',
    types: 'index.d.ts',
    engines: { node: '>=22' },
    dependencies: Object.fromEntries(needed.map((name) => [name, versions[name]])),
  };
  const files = {
    'index.js': outputFiles[0]?.text ?? '',
    'package.json': `${JSON.stringify(described, undefined, 2)}\n`,
    ...declarations(),
  };
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
}
