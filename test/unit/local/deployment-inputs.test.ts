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

test('the digest of the same files and the same choices is the same', () => {
  expect(digestOfInputs(root, { cells: 1 })).toBe(digestOfInputs(root, { cells: 1 }));
  expect(digestOfInputs(root, { cells: 1 })).not.toBe(digestOfInputs(root, { cells: 2 }));
});

test.each(FILES)('a change of %s deploys anew', (file) => {
  const before = digestOfInputs(root, {});
  appendFileSync(join(root, file), ' ');
  expect(digestOfInputs(root, {})).not.toBe(before);
});

test('so does a new file, a renamed one, and one that is gone', () => {
  const before = digestOfInputs(root, {});
  writeFileSync(join(root, 'functions/key/new.ts'), '');
  const added = digestOfInputs(root, {});
  rmSync(join(root, 'functions/key/new.ts'));
  writeFileSync(join(root, 'functions/key/other.ts'), '');
  const renamed = digestOfInputs(root, {});
  rmSync(join(root, 'service/app.ts'));
  expect(new Set([before, added, renamed, digestOfInputs(root, {})]).size).toBe(4);
});

test('what goes into a deployment imports nothing that is no input', () => {
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
