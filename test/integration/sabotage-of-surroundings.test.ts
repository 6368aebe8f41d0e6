import { type Platform, startPlatform } from '../../local/platform';
import { SHARED_TECHNIQUES } from '../sabotage/all-techniques';
import { type SharedTarget, sharedBreaches, sharedTarget, trySharedTechnique } from '../sabotage/surroundings-target';

let platform: Platform;
let target: SharedTarget;

beforeAll(async () => {
  platform = await startPlatform();
  target = await sharedTarget(platform);
}, 300_000);
afterAll(() => platform?.stop());

test('healthy surroundings raise no alarm', async () => {
  expect(await sharedBreaches(target)).toEqual([]);
});

const ROWS = SHARED_TECHNIQUES.map((each) => [each.check, each.name, each] as const);

test.each(ROWS)('%s finds it: %s', async (check, _, technique) => {
  const { foundBy, evidence, expectedEvidence, falseAlarms } = await trySharedTechnique(target, technique);
  expect(foundBy).toContain(check);
  expect(evidence).toContain(expectedEvidence);
  expect(falseAlarms).toEqual([]);
});
