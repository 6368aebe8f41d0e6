import { readFileSync } from 'node:fs';
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
