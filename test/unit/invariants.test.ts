import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TESTS = join(__dirname, '..');
const text = readFileSync(join(TESTS, 'README.md'), 'utf8');

/** The sections `### n. ...`, each with the tests it names: `[...](file): *title*`. */
const invariants = text
  .split(/^### /m)
  .slice(1)
  .map((section) => ({
    title: section.split('\n')[0] ?? '',
    named: [...section.matchAll(/\]\(([^)]+\.test\.ts)\): \*(.+)\*$/gm)].map(([, file = '', name = '']) => ({
      file,
      name,
    })),
  }));

test('the README lists twelve invariants, each with tests', () => {
  expect(invariants.map(({ title }) => Number.parseInt(title, 10))).toEqual(
    Array.from({ length: 12 }, (_, n) => n + 1),
  );
  for (const { title, named } of invariants) expect([title, named.length > 1]).toEqual([title, true]);
});

test('every line of the list has the form of a link to a test', () => {
  const lines = text.split('\n').filter((line) => line.startsWith('- '));
  expect(invariants.flatMap(({ named }) => named)).toHaveLength(lines.length);
});

test.each(invariants.flatMap(({ named }) => named))('$file has a test with the title: $name', ({ file, name }) => {
  expect(readFileSync(join(TESTS, file), 'utf8')).toContain(name);
});

/** The rows `| F2 | what holds | [..](file), ... |`, each with the files that it names. */
const rows = [...text.matchAll(/^\| ([TFGKD]\d+(?:-[TFGKD]\d+)?(?:, [TFGKD]\d+)*) \| .+ \| (\[.+) \|$/gm)].map(
  ([, row = '', tests = '']) => ({
    row,
    files: [...tests.matchAll(/\]\(([^)]+\.test\.ts)\)/g)].map(([, file = '']) => file),
  }),
);

/** So many rows of each kind: what AWS shows later, failures that pass, guards, keys, day two. */
const KINDS = { T: 8, F: 13, G: 9, K: 7, D: 12 } as const;

test('the table of what AWS does has every row', () => {
  const named = new Set(rows.map(({ row }) => row));
  const all = Object.entries(KINDS).flatMap(([kind, count]) =>
    Array.from({ length: count }, (_, n) => `${kind}${n + 1}`),
  );
  expect(all.filter((row) => !named.has(row))).toEqual([]);
});

test.each(rows.filter(({ row }) => !row.includes('-')))(
  'row $row names files that exist, and one of them has a test whose name has the row',
  ({ row, files }) => {
    const texts = files.map((file) => readFileSync(join(TESTS, file), 'utf8'));
    expect([row, texts.some((source) => new RegExp(`['\`](?:[TFGKD]\\d+, )*${row}[:,]`).test(source))]).toEqual([
      row,
      true,
    ]);
  },
);

/** The rows of the section about what was seen to go wrong: each names files. */
const [, seen = ''] = text.split(/^## What was seen to go wrong.*$/m);
const seenRows = [...(seen.split(/^## /m)[0] ?? '').matchAll(/^\| (.+) \| (\[.+) \|$/gm)].map(
  ([, row = '', tests = '']) => ({
    row: row.split(' | ')[0] ?? '',
    files: [...tests.matchAll(/\]\(([^)]+)\)/g)].map(([, file = '']) => file),
  }),
);

test('what was seen to go wrong has a row each, with files of tests that exist', () => {
  expect(seenRows.length).toBeGreaterThan(15);
  for (const { row, files } of seenRows)
    expect([row, files.filter((file) => !existsSync(join(TESTS, file)))]).toEqual([row, []]);
});
