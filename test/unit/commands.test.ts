import { exec, execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { nonBlank } from '../../operations/options';
import published from '../fixtures/interface.v0.1.json';

const ROOT = join(__dirname, '../..');
const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const scripts: Record<string, string> = JSON.parse(textOf('package.json')).scripts;

/** What a reader can paste into a terminal. `npm test` and `npm ci` need no script of ours. */
const told = ['README.md', 'docs/runbook.md', ...readdirSync(join(ROOT, 'docs/adr')).map((file) => `docs/adr/${file}`)]
  .flatMap((file) =>
    [...textOf(file).matchAll(/npm run ([a-z]+(?:-[a-z]+)*)/g)].map((match) => [match[1] ?? '', file] as const),
  )
  .filter(([name, file], index, all) => all.findIndex(([n, f]) => n === name && f === file) === index);

test.each(told)('npm run %s, which %s mentions, is a script of package.json', (name) => {
  expect(Object.keys(scripts)).toContain(name);
});

const command = (name: string, ...words: string[]) => {
  const [, ...told] = scripts[name]?.split(/^exec node | /) ?? [];
  return promisify(execFile)(process.execPath, [...told, ...words], { cwd: ROOT });
};

/** What docs tell readers to type. Each act takes a reason (docs/ops.md). */
const optionsTold = (name: string) => [
  ...['README.md', 'docs/runbook.md', 'docs/console.md']
    .flatMap((file) => [...textOf(file).matchAll(/npm run ([a-z-]+) -- ([^`\n#]*)/g)])
    .flatMap(([, told, words = '']) => (told === name ? (words.match(/(?<=\s|^)--[a-z-]+/g) ?? []) : [])),
  ...(name === 'status' ? [] : ['--reason']),
];

/** Started as a reader starts it: what jest can load, Node may refuse. */
test.each(Object.entries(published.commands))(
  'npm run %s -- --help says what the command is for, and has the options of version 0.1',
  async (name, options) => {
    const { stdout } = await command(name, '--help');
    expect(stdout).toContain(`Usage: ${name} `);
    const offered = new Set([...stdout.matchAll(/--[a-z-]+/g)].map(([option]) => option));
    expect([...options, ...optionsTold(name)].filter((option) => !offered.has(option))).toEqual([]);
  },
);

const ownScripts = Object.entries(scripts).flatMap(([name, line]) => {
  const [file] = line.includes(' && ') ? [] : (/[a-z/-]+\.ts$/.exec(line) ?? []);
  return file ? [[name, file] as const] : [];
});

test.each(ownScripts)('npm run %s reads its arguments before it does anything, in %s', (name, file) => {
  expect(textOf(file)).toContain(`new Command('${name}')`);
});

/** What Node itself may warn of is no word of the command ("Command-line API": NODE_NO_WARNINGS). */
const env = { ...process.env, NODE_NO_WARNINGS: '1' };

const ops = (words: string, more: object = {}) =>
  promisify(exec)(`${process.execPath} ${join(ROOT, 'operations/ops-bundle.cjs')} ${words}`, { env, ...more });

const nowhere = { ...env, ONBOARDING_OUTPUTS: 'nowhere.json' };

test('ops console runs the console from any folder, and ends as it does', async () => {
  await expect(ops('console', { cwd: tmpdir(), env: nowhere })).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`${join(tmpdir(), 'nowhere.json')} not found`),
  });
});

test.each([
  'tenants --frob --json',
  'nosuch --json',
  'redrive acme --yes --json',
  'redrive --json',
  'release --hold --back --json',
  'resume acme --all --json',
  'restore acme --reason x --json',
])('ops %s prints its error once, as JSON, before it looks for the stage', async (words) => {
  const { code, stderr } = await ops(words, { env: nowhere }).catch((thrown) => thrown);
  expect(code).toBe(2);
  expect(JSON.parse(stderr)).toEqual({ error: expect.any(String), message: expect.any(String) });
});

test('a command whose reader closes the pipe early ends without a stack trace', async () => {
  const { stdout, stderr } = await ops('--help | head -1');
  expect([stdout, stderr]).toEqual(['Usage: ops [options] [command]\n', '']);
});

describe('a Node version that is too old', () => {
  const GUARD = 'operations/require-node.cjs';

  test.each([...Object.keys(published.commands), 'demo', 'local', 'deploy', 'abandon', 'check', 'test'])(
    'makes npm run %s stop before it does anything else',
    (name) => {
      const asking = scripts[name] === 'jest' ? textOf('jest.config.js') : scripts[name]?.split(' && ')[0];
      expect(asking).toContain(GUARD);
    },
  );

  test('is reported in one line, and the required version passes silently', async () => {
    const old = `Object.defineProperty(process, 'versions', { value: { node: '20.20.2' } }); require('./${GUARD}')`;
    const ran = promisify(execFile)(process.execPath, ['-e', old], { cwd: ROOT, env });
    await expect(ran).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Node 22 or newer is needed, and this is Node 20\.20\.2 .*\n$/),
    });
    await expect(promisify(execFile)(process.execPath, [GUARD], { cwd: ROOT, env })).resolves.toMatchObject({
      stderr: '',
    });
  });
});

test('npm run release alone asks the stage how releases stand, as ops release does', async () => {
  const [, ...words] = scripts.release?.split(/^exec node | /) ?? [];
  const asked = promisify(execFile)(process.execPath, words, { cwd: ROOT, env: nowhere });
  await expect(asked).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere.json not found') });
});

test.each([
  ['without a target', []],
  ['with two targets', ['--tenant', 'acme', '--execution', 'arn:run']],
])('npm run redrive %s is refused before it looks for the stage', async (_, words) => {
  await expect(command('redrive', ...words)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('name either --tenant or --execution'),
  });
});

/** An unset variable of a shell makes an empty argument. */
test.each([
  ['signup', '--email', ['--company', 'Acme GmbH', '--subdomain', 'acme']],
  ['signup', '--signup-id', ['--company', 'Acme GmbH', '--subdomain', 'acme']],
  ['suspend', '--reason', ['--tenant', 'acme']],
  ['status', '--tenant', []],
  ['redrive', '--execution', []],
])('npm run %s refuses an empty %s, and does nothing', async (name, option, others) => {
  const refused = command(name, ...others, option, '');
  await expect(refused).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(`${option} .*is empty`) });
});

test('an argument of blanks is as empty as none', () => {
  for (const blank of ['', ' ', ' \t\n', '\u200b']) expect(() => nonBlank(blank)).toThrow('It is empty.');
  expect(nonBlank(' acme ')).toBe(' acme ');
});
