import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

const SCHEMA_FILES = /@aws-sdk[\\/].*[\\/]dist-es[\\/].*schemas_\d+\.js$/;
const CONSTANT = /^const (_\w+) = ("[^"\\\n]*");$/gm;
const COMPUTED_KEY = /\[(_\w+)\]:/g;

/** A schema file with `{ [_xN]: value }` written as `{ "xmlName": value }`, where `const _xN = "xmlName"` stands in the file. */
export function withLiteralKeys(source: string): string {
  const texts = new Map([...source.matchAll(CONSTANT)].map(([, name, text]) => [name, text]));
  return source.replace(COMPUTED_KEY, (key, name: string) => {
    const text = texts.get(name);
    return text === undefined ? key : `${text}:`;
  });
}

/**
 * Lets esbuild leave out the schemas of operations that the function does not call. The SDK writes their keys as constants, `[_xN]`, and a
 * computed key may run code, so esbuild keeps every schema that has one: ten times what the calls to EC2 need.
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
