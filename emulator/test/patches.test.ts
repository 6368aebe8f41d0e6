import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { virtualEnvironment } from '../venv';

/** The tests in Python, each as a test of its own: so they count, and fail, as those in TypeScript. */
const TESTS = globSync('*.py', { cwd: __dirname })
  .sort()
  .map((file) => {
    const source = readFileSync(join(__dirname, file), 'utf8');
    return { file, names: [...source.matchAll(/^ *def (test_\w+)/gm)].map(([, name = '']) => name) };
  })
  .filter(({ names }) => names.length > 0);

let output = '';
/** Outcomes of each test, one a set of parameters. */
const outcomes = new Map<string, string[]>();

beforeAll(async () => {
  const emulator = join(__dirname, '..');
  const python = await virtualEnvironment(join(emulator, 'requirements-dev.txt'), 'ruff, mypy and pytest');
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
  // By default pytest's folder has the name that the environment gives the user, whose folder it may not be.
  const folder = mkdtempSync(join(tmpdir(), 'pytest-'));
  output = await new Promise((resolve) => {
    const run = ['-m', 'pytest', '--verbose', '--color=no', `--basetemp=${join(folder, 'base')}`];
    execFile(python, run, { cwd: emulator, env }, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
  rmSync(folder, { recursive: true, force: true });
  for (const [, file = '', name = '', outcome = ''] of output.matchAll(
    /^(\S+\.py)::(?:\w+::)*(test_\w+)(?:\[.*\])? ([A-Z]+) +\[ *\d+%\]$/gm,
  )) {
    const id = `${basename(file)}: ${name}`;
    outcomes.set(id, [...(outcomes.get(id) ?? []), outcome]);
  }
}, 180_000);

describe.each(TESTS)('$file', ({ file, names }) => {
  test.each(names)('%s', (name) => {
    const found = outcomes.get(`${file}: ${name}`) ?? ['NOT RUN'];
    if (found.some((outcome) => outcome !== 'PASSED')) throw new Error(`${found.join(', ')}\n${output}`);
  });
});

test('every Python test runs as one of these tests', () => {
  const known = TESTS.flatMap(({ file, names }) => names.map((name) => `${file}: ${name}`));
  expect([...outcomes.keys()].sort()).toEqual(known.sort());
  expect(outcomes.size).toBeGreaterThan(20);
});
