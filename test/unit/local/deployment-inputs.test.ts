import {
  appendFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve, sep } from 'node:path';
import { digestOfInputs, INPUTS } from '../../../local/deployment-inputs';

const ROOT = join(__dirname, '../../..');
const FILES = [
  'functions/key/create-tenant-key.ts',
  'infra/cell/cell-stack.ts',
  'infra/bin/app.ts',
  'service/app.ts',
  'statemachines/machine.yaml',
  'local/recorded-deployment.ts',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
];

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'inputs-'));
  for (const file of FILES) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), file);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

test('equal files and equal choices have the same digest, another choice another', () => {
  expect(digestOfInputs(root, { cells: 1 })).toBe(digestOfInputs(root, { cells: 1 }));
  expect(digestOfInputs(root, { cells: 1 })).not.toBe(digestOfInputs(root, { cells: 2 }));
});

test.each(FILES)('a change of %s changes the digest', (file) => {
  const before = digestOfInputs(root, {});
  appendFileSync(join(root, file), ' ');
  expect(digestOfInputs(root, {})).not.toBe(before);
});

test('a new, a renamed and a deleted file change the digest', () => {
  const before = digestOfInputs(root, {});
  writeFileSync(join(root, 'functions/key/new.ts'), '');
  const added = digestOfInputs(root, {});
  rmSync(join(root, 'functions/key/new.ts'));
  writeFileSync(join(root, 'functions/key/other.ts'), '');
  const renamed = digestOfInputs(root, {});
  rmSync(join(root, 'service/app.ts'));
  expect(new Set([before, added, renamed, digestOfInputs(root, {})]).size).toBe(4);
});

test('every file that an input imports is itself an input', () => {
  const inputs = new Set(globSync(INPUTS, { cwd: ROOT }).map((file) => join(ROOT, file)));
  const sources = [...inputs].filter((file) => file.endsWith('.ts') && !file.includes(`${sep}local${sep}`));
  const outside = sources.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)]
      .map(([, path = '']) => resolve(dirname(file), path))
      .filter((path) => !inputs.has(path) && !(inputs.has(`${path}.ts`) && existsSync(`${path}.ts`))),
  );
  expect(sources.length).toBeGreaterThan(200);
  expect(outside).toEqual([]);
});
