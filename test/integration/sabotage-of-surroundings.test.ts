import { type Platform, startPlatform } from '../../local/platform';
import { type SharedTarget, sharedBreaches, sharedTarget, trySharedTechnique } from '../sabotage/surroundings-target';
import { SURROUNDINGS_TECHNIQUES } from '../sabotage/techniques/surroundings';
import { TRUSTEE_TECHNIQUES } from '../sabotage/techniques/trustees';

let platform: Platform;
let target: SharedTarget;

beforeAll(async () => {
  // A check is asked about what AWS has, and not about how soon AWS shows it.
  platform = await startPlatform({ patience: 0 });
  target = await sharedTarget(platform);
}, 300_000);
afterAll(() => platform?.stop());

test('healthy surroundings raise no alarm', async () => {
  expect(await sharedBreaches(target)).toEqual([]);
});

const ROWS = [...TRUSTEE_TECHNIQUES, ...SURROUNDINGS_TECHNIQUES].map((each) => [each.check, each.name, each] as const);

test.each(ROWS)('%s finds it: %s', async (check, _, technique) => {
  const { foundBy, evidence, expectedEvidence, falseAlarms } = await trySharedTechnique(target, technique);
  expect(foundBy).toContain(check);
  expect(evidence).toContain(expectedEvidence);
  expect(falseAlarms).toEqual([]);
});
