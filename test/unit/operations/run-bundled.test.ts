import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '../../..');
const OPERATIONS = ['operations/run-bundled.cjs', 'operations/require-node.cjs'];
const LONG_AGO = new Date('2020-01-01');

/** A project with one command, which says a word of another file. */
let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'run-bundled-'));
  mkdirSync(join(project, 'operations'));
  for (const file of [...OPERATIONS, 'package.json']) cpSync(join(ROOT, file), join(project, file));
  symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'));
  write('say.ts', "import { word } from './word';\nconsole.log(word(), ...process.argv.slice(2));\n");
  write('word.ts', "export const word = (): string => 'first';\n");
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function write(file: string, text: string): void {
  const path = join(project, 'operations', file);
  writeFileSync(path, text);
  utimesSync(path, LONG_AGO, LONG_AGO);
}

const say = (...words: string[]) =>
  promisify(execFile)(process.execPath, [
    join(project, 'operations/run-bundled.cjs'),
    'operations/say.ts',
    ...words,
  ]).then(({ stdout }) => stdout.trim());

test('a command runs from today’s sources, with its own arguments, whatever their times', async () => {
  expect(await say('--to', 'you')).toBe('first --to you');
  write('word.ts', "export const word = (): string => 'second';\n");
  expect(await say()).toBe('second');
});

test('commands that build the same bundle at once all run, and leave one bundle', async () => {
  const said = await Promise.all([1, 2, 3].map((each) => say(`${each}`)));
  expect(said).toEqual(['first 1', 'first 2', 'first 3']);
  expect(readdirSync(join(project, 'dist')).filter((name) => name.startsWith('say'))).toEqual(['say.cjs']);
});

test('a stack trace names the function of the source that has thrown', async () => {
  write('word.ts', "export function word(): string {\n  throw new Error('no words');\n}\n");
  await expect(say()).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/Error: no words\n +at word /) });
});
