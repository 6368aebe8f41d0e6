import type { Check, Finding } from '../../functions/isolation/check';
import type { Subject } from '../../functions/isolation/subject';
import { FakeProbes } from './fake-probes';
import { aSubject, factsFrom, healthyFacts } from './isolated-tenant';

/** A healthy tenant, to spoil: what AWS has of it, its probes, or what the platform expects. */
export interface Scene {
  // biome-ignore lint/suspicious/noExplicitAny: any part of it can be spoiled
  readonly facts: any;
  readonly probes: FakeProbes;
  // biome-ignore lint/suspicious/noExplicitAny: any part of it can be spoiled
  readonly subject: any;
}

/** A way to break a tenant's isolation, the check that must find it, and what its evidence must say. */
export type Breach = readonly [check: string, breach: string, spoil: (scene: Scene) => void, evidence: string];

export async function ask(
  check: Check,
  spoil: (scene: Scene) => void = () => {},
  overrides: Partial<Subject> = {},
): Promise<Finding> {
  const subject = structuredClone(aSubject(overrides));
  const scene = { facts: healthyFacts(), probes: new FakeProbes(subject), subject };
  spoil(scene);
  return await check.run(subject, { facts: factsFrom(scene.facts), probes: scene.probes });
}

/** Each check passes the healthy tenant, finds each of its breaches, and has one. */
export function testBreaches(checks: readonly Check[], breaches: readonly Breach[]): void {
  const byId = (id: string) => {
    const found = checks.find((check) => check.id === id);
    if (!found) throw new Error(`no check ${id}`);
    return found;
  };

  test.each(checks.map(({ id }) => [id]))('%s passes a healthy tenant and says what it saw', async (id) => {
    const { passed, evidence } = await ask(byId(id));
    expect([passed, evidence]).toEqual([true, expect.stringMatching(/\S/)]);
  });

  test.each(breaches)('%s finds this breach: %s', async (id, _, spoil, expected) => {
    const { passed, evidence } = await ask(byId(id), spoil);
    expect([passed, evidence]).toEqual([false, expect.stringContaining(expected)]);
  });

  test('every check has a breach here', () => {
    const found = new Set(breaches.map(([id]) => id));
    expect(checks.map(({ id }) => id).filter((id) => !found.has(id))).toEqual([]);
  });
}
