import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import { ATTACK_TECHNIQUES, SHARED_TECHNIQUES } from '../../sabotage/all-techniques';
import { NOT_EXERCISED } from '../../sabotage/not-exercised';

const checks = CATALOGUE.map(({ id }) => String(id));
const attacked = new Set(ATTACK_TECHNIQUES.map(({ check }) => check));

test('every check of the catalogue has an attack technique, or is listed with the reason why not', () => {
  expect(checks.filter((id) => !attacked.has(id))).toEqual(Object.keys(NOT_EXERCISED));
});

test('every attack technique names a check of the catalogue', () => {
  expect([...attacked].filter((id) => !checks.includes(id))).toEqual([]);
});

test('no two attack techniques have one name', () => {
  const names = ATTACK_TECHNIQUES.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('every group of attack techniques is run by a test', async () => {
  const integration = join(__dirname, '../../integration');
  const folder = join(__dirname, '../../sabotage/techniques');
  const groups = globSync('*.ts', { cwd: folder });
  const tests = globSync('sabotage-of-*.test.ts', { cwd: integration })
    .map((file) => readFileSync(join(integration, file), 'utf8'))
    .join();
  expect(groups.length).toBeGreaterThan(0);
  // A test takes the shared ones from their list.
  expect(tests).toContain('SHARED_TECHNIQUES');
  const shared = new Set<unknown>(SHARED_TECHNIQUES);
  const left: string[] = [];
  for (const file of groups.filter((each) => !tests.includes(`techniques/${basename(each, '.ts')}'`))) {
    const exported: object = await import(join(folder, file));
    const techniques = Object.values(exported).filter(Array.isArray).flat();
    if (techniques.length === 0 || !techniques.every((technique) => shared.has(technique))) left.push(file);
  }
  expect(left).toEqual([]);
});
