import { type Platform, startPlatform } from '../../local/platform';
import { BENIGN_CHANGES } from '../sabotage/benign/all-changes';
import { isUnharmed, tryChanges } from '../sabotage/benign/try-change';
import { startTarget, type Target } from '../sabotage/target';

let platform: Platform;
let target: Target;

beforeAll(async () => {
  // A check is asked about what AWS has, and not about how soon AWS shows it.
  platform = await startPlatform({ patience: 0 });
  target = await startTarget(platform, 'benign');
}, 300_000);
afterAll(() => platform?.stop());

test('there are at least thirty benign changes', () => {
  expect(BENIGN_CHANGES.length).toBeGreaterThanOrEqual(30);
  expect(new Set(BENIGN_CHANGES.map(({ name }) => name)).size).toBe(BENIGN_CHANGES.length);
});

test('no check fails after any of these changes, and none takes the tenant down', async () => {
  const verdicts = await tryChanges(target, BENIGN_CHANGES);
  expect(verdicts.map(({ change }) => change)).toEqual(BENIGN_CHANGES.map(({ name }) => name));
  expect(verdicts.filter((verdict) => !isUnharmed(verdict))).toEqual([]);
}, 240_000);
