import type { Platform } from '../../local/platform';
import { groundOf, startTarget, type Target } from '../sabotage/target';
import type { AttackTechnique, Scene } from '../sabotage/technique';
import { batchesOf, type Ground, type Technique, tryTogether } from '../sabotage/together';
import { startUnscheduled } from './unscheduled-platform';

/**
 * The named check finds each technique, and no check fails before the first one or when all are reverted. Techniques
 * for different checks are in force together; `npm run sabotage` tries each by itself, and asks after each revert.
 *
 * @param start begins the attacks on a platform of the test file's own
 */
export function testOnGround<S, T extends Technique<S>>(
  techniques: readonly T[],
  start: (platform: Platform) => Promise<Ground<S>>,
): void {
  let platform: Platform;
  let ground: Ground<S>;
  const batches = batchesOf(techniques);
  const tried = new Map<readonly T[], ReturnType<typeof tryTogether<S, T>>>();

  beforeAll(async () => {
    // A check is asked about what AWS has, and not about how soon AWS shows it.
    platform = await startUnscheduled({ patience: 0 });
    ground = await start(platform);
  });
  afterAll(() => platform?.stop());

  test('what is healthy fails no check', async () => {
    expect(await ground.ask()).toEqual([]);
  });

  const rows = batches.flatMap((batch) => batch.map((each) => [each.check, each.name, each, batch] as const));
  test.each(rows)('check %s finds the attack technique: %s', async (check, _, technique, batch) => {
    const findings = tried.get(batch) ?? tryTogether(ground, batch);
    tried.set(batch, findings);
    const finding = (await findings).get(technique);
    expect(finding?.foundBy).toContain(check);
    expect(finding?.evidence).toContain(finding?.expectedEvidence);
  });

  test('what is reverted fails no check', async () => {
    expect(await ground.ask()).toEqual([]);
  });
}

/** The techniques are tried on a tenant. @returns the tenant, for further tests of the file */
export function testTechniques(techniques: readonly AttackTechnique[]): () => Target {
  let target: Target;
  testOnGround<Scene, AttackTechnique>(techniques, async (platform) => {
    target = await startTarget(platform, 'sabotaged');
    return groundOf(target);
  });
  return () => target;
}
