import { type Platform, startPlatform } from '../../local/platform';
import type { Sabotage } from '../sabotage/scene';
import { breaches, startTrial, type Trial, tryOut } from '../sabotage/trial';

/** Each sabotage of one healthy tenant is found by the check meant for it, and nothing is found before and after it. */
export function testSabotages(sabotages: readonly Sabotage[]): void {
  let platform: Platform;
  let trial: Trial;

  beforeAll(async () => {
    platform = await startPlatform();
    trial = await startTrial(platform, 'sabotaged');
  }, 300_000);
  afterAll(() => platform?.stop());

  test('a healthy tenant raises no alarm', async () => {
    expect(await breaches(trial)).toEqual([]);
  });

  test.each(sabotages.map((sabotage) => [sabotage.check, sabotage.name, sabotage] as const))(
    '%s finds it: %s',
    async (check, _, sabotage) => {
      const { foundBy, evidence, cause, falseAlarms } = await tryOut(trial, sabotage);
      expect(foundBy).toContain(check);
      expect(evidence).toContain(cause);
      expect(falseAlarms).toEqual([]);
    },
  );
}
