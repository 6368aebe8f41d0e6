import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const WRITERS_OF_JSON_SCHEMAS = /zod[\\/]v4[\\/]core[\\/](to-json-schema|json-schema-processors)\.js$/;
const EXPORTED = /^export (?:function|const) (\w+)/gm;

/** A module with the same exports, each of which throws when it is called. */
export function refusing(source: string): string {
  const names = [...source.matchAll(EXPORTED)].map(([, name = '']) => name);
  return [
    "const refuse = () => { throw new Error('no JSON schemas are written at run time'); };",
    // Every schema gets these methods when it is created, and no function calls them.
    'const make = () => refuse;',
    ...names.map((name) => `export { ${/^create\w+Method$/.test(name) ? 'make' : 'refuse'} as ${name} };`),
  ].join('\n');
}

/**
 * Leaves out zod's code that writes JSON Schema, a seventh of zod. Every schema refers to it, but
 * only the build calls it (infra/event-schemas.ts).
 */
export const noJsonSchemas: Plugin = {
  name: 'no-json-schemas',
  setup(build) {
    build.onLoad({ filter: WRITERS_OF_JSON_SCHEMAS }, async ({ path }) => ({
      contents: refusing(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};
