import { CATALOGUE } from '../../../functions/steps/verify-isolation/catalogue';
import { SABOTAGES } from '../../../sabotage/all-sabotages';
import { NOT_EXERCISED } from '../../../sabotage/not-exercised';

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
