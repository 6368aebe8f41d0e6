import { buildFunctions } from '../../infra/build';

const LIMIT_KB = 500;

test('every function is small enough to start fast', async () => {
  const bundles = await buildFunctions();
  expect(bundles.length).toBeGreaterThan(12);
  expect(bundles.filter(({ bytes }) => bytes >= LIMIT_KB * 1000)).toEqual([]);
}, 30_000);
