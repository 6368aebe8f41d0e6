import { type Platform, startPlatform } from '../../local/platform';
import { breaches, startTarget, type Target, tryTechnique } from '../sabotage/target';
import type { AttackTechnique } from '../sabotage/technique';

/** The named check finds each technique, and no check fails before it or after its revert. */
export function testTechniques(techniques: readonly AttackTechnique[]): void {
  let platform: Platform;
  let target: Target;

  beforeAll(async () => {
    // A check is asked about what AWS has, and not about how soon AWS shows it.
    platform = await startPlatform({ patience: 0 });
    target = await startTarget(platform, 'sabotaged');
  }, 300_000);
  afterAll(() => platform?.stop());

  test('a healthy tenant raises no alarm', async () => {
    expect(await breaches(target)).toEqual([]);
  });

  test.each(techniques.map((technique) => [technique.check, technique.name, technique] as const))(
    '%s finds it: %s',
    async (check, _, technique) => {
      const { foundBy, evidence, expectedEvidence, falseAlarms } = await tryTechnique(target, technique);
      expect(foundBy).toContain(check);
      expect(evidence).toContain(expectedEvidence);
      expect(falseAlarms).toEqual([]);
    },
  );
}
