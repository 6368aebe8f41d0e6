import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import { SABOTAGES } from '../../sabotage/all-sabotages';
import { NOT_EXERCISED } from '../../sabotage/not-exercised';

const checks = CATALOGUE.map(({ id }) => String(id));
const sabotaged = new Set(SABOTAGES.map(({ check }) => check));

test('every check of the catalogue has a sabotage, or is listed with the reason why not', () => {
  expect(checks.filter((id) => !sabotaged.has(id))).toEqual(Object.keys(NOT_EXERCISED));
});

test('every sabotage is meant for a check that there is', () => {
  expect([...sabotaged].filter((id) => !checks.includes(id))).toEqual([]);
});

test('no two sabotages have one name', () => {
  const names = SABOTAGES.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('every group of sabotages is tried out by a test', () => {
  const integration = join(__dirname, '../../integration');
  const groups = globSync('*.ts', { cwd: join(__dirname, '../../sabotage/sabotages') });
  const tests = globSync('sabotage-of-*.test.ts', { cwd: integration })
    .map((file) => readFileSync(join(integration, file), 'utf8'))
    .join();
  expect(groups.length).toBeGreaterThan(0);
  expect(groups.filter((file) => !tests.includes(`sabotages/${basename(file, '.ts')}'`))).toEqual([]);
});
