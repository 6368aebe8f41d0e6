import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

/** The table of folders under "Layout": the folder, what it holds, what it may import. */
const TABLE = [...README.matchAll(/^\| `([a-z/-]+)\/` \| (.+?) \| (.+?) \|$/gm)].map(
  ([, folder = '', , mayImport = '']) => [folder, mayImport.split(', ')] as const,
);
const ROOMS = globSync('functions/*', { cwd: ROOT });

const IMPORTED = /(?:from|import|import\(|require\(|jest\.mock\()\s*'(\.[^']+)'/g;

const importsOf = (file: string): string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORTED)]
    .map(([, path = '']) => relative(ROOT, join(ROOT, dirname(file), path)))
    .filter((target) => target !== 'package.json');

const filesIn = (folder: string) => globSync(`${folder}/**/*.ts`, { cwd: ROOT });
const within = (folder: string) => (target: string) => target.startsWith(`${folder}/`);

/** `shared` stands for `functions/shared`, as the table says it. */
const folderCalled = (name: string) => (ROOMS.includes(`functions/${name}`) ? `functions/${name}` : name);

function foreignImports(folder: string, mayImport: readonly string[]): string[] {
  if (mayImport.includes('everything')) return [];
  const allowed = mayImport.filter((name) => name !== 'nothing of ours').map(folderCalled);
  return filesIn(folder).flatMap((file) =>
    importsOf(file)
      .filter((target) => ![folder, ...allowed].some((into) => target === into || within(into)(target)))
      .map((target) => `${file} -> ${target}`),
  );
}

test('the README’s table has a row for each room of functions', () => {
  const lines = TABLE.map(([folder]) => folder).filter(within('functions'));
  expect(lines.sort()).toEqual(ROOMS.sort());
});

test.each(TABLE)('%s imports only what its row of the table allows', (folder, mayImport) => {
  expect(foreignImports(folder, mayImport)).toEqual([]);
});

test('no file outside a room of functions imports a file below the room’s top level', () => {
  const files = ['functions', 'infra', 'service', 'operations', 'local'].flatMap(filesIn);
  const intoRooms = files.flatMap((file) =>
    importsOf(file)
      .filter((target) => /^functions\/[^/]+\/.+\//.test(target))
      .filter((target) => !file.startsWith(`${target.split('/').slice(0, 2).join('/')}/`))
      .map((target) => `${file} -> ${target}`),
  );
  expect(intoRooms).toEqual([]);
});
