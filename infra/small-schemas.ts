import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';
import * as z from 'zod';

const SCHEMA_FILES = /@aws-sdk[\\/].*[\\/]dist-es[\\/].*schemas_\d+\.js$/;
const CONSTANT = /^const (_\w+) = ("[^"\\\n]*");$/gm;
const COMPUTED_KEY = /\[(_\w+)\]:/g;

/**
 * Writes `{ [_xN]: value }` as `{ "xmlName": value }` where the file has `const _xN = "xmlName"`.
 */
export function withLiteralKeys(source: string): string {
  const texts = new Map([...source.matchAll(CONSTANT)].map(([, name, text]) => [name, text]));
  return source.replace(COMPUTED_KEY, (key, name: string) => {
    const text = texts.get(name);
    return text === undefined ? key : `${text}:`;
  });
}

/**
 * Lets esbuild leave out schemas of operations that the function does not call. The SDK writes
 * their keys as constants, `[_xN]`. A computed key may run code, so esbuild would keep every
 * schema with one: ten times the size that the calls to EC2 need.
 */
export const smallSchemas: Plugin = {
  name: 'small-schemas',
  setup(build) {
    build.onLoad({ filter: SCHEMA_FILES }, async ({ path }) => ({
      contents: withLiteralKeys(await readFile(path, 'utf8')),
      loader: 'js',
    }));
  },
};

const PACKAGE_FILES = /node_modules[\\/]@aws-sdk[\\/].*package\.json$/;
const PackageSchema = z.object({ name: z.string(), version: z.string() });

/** Each client asks its own package.json for its version, and would bring the whole file with it. */
export const smallPackages: Plugin = {
  name: 'small-packages',
  setup(build) {
    build.onLoad({ filter: PACKAGE_FILES }, async ({ path }) => ({
      contents: JSON.stringify(PackageSchema.parse(JSON.parse(await readFile(path, 'utf8')))),
      loader: 'json',
    }));
  },
};
