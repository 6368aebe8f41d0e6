import type { Answer } from '../../../functions/isolation/report';
import type { Verdict } from '../../sabotage/target';
import { batchesOf, type Ground, type Technique, tryTogether } from '../../sabotage/together';

/** What is open, each with the evidence that its check gives. */
type Scene = Map<string, string>;

const opens = (check: string, evidence: string, options: { name?: string; leaves?: true } = {}): Technique<Scene> => ({
  name: options.name ?? `open ${check}`,
  check,
  detonate: async (scene) => {
    scene.set(check, evidence);
    return {
      expectedEvidence: evidence,
      revert: async () => !options.leaves && scene.delete(check),
    };
  },
});

function aGround() {
  const scene: Scene = new Map();
  const alone: string[] = [];
  const verdict = { foundBy: [], found: true, evidence: '', expectedEvidence: '', falseAlarms: [], seconds: 0 };
  const ground: Ground<Scene, Technique<Scene>> = {
    scene,
    ask: async () => [...scene].map(([id, evidence]): Answer => ({ id, evidence, passed: false }) as Answer),
    alone: async ({ name, check }): Promise<Verdict> => {
      alone.push(name);
      return { ...verdict, technique: name, check, foundBy: [`${check} alone`] };
    },
  };
  return { ground, alone };
}

test('a batch has one technique of each check, and one about the probes', () => {
  const all = ['key.tag', 'key.tag', 'key.logs', 'probes.own-key', 'probes.own-bucket'].map((check) => ({
    name: `open ${check}`,
    check,
  }));
  expect(batchesOf(all).map((batch) => batch.map(({ check }) => check))).toEqual([
    ['key.tag', 'key.logs', 'probes.own-key'],
    ['key.tag', 'probes.own-bucket'],
  ]);
});

test('what cannot stand beside others is a batch of its own', () => {
  const name = 'disable the key';
  const all = [
    { name: 'tag', check: 'key.tag' },
    { name, check: 'key.usable' },
    { name: 'logs', check: 'key.logs' },
  ];
  expect(batchesOf(all).map((batch) => batch.map((each) => each.name))).toEqual([['tag', 'logs'], [name]]);
});

test('each technique is found by its own check and its own evidence', async () => {
  const { ground, alone } = aGround();
  const [tag, logs] = [opens('key.tag', 'another tag'), opens('key.logs', 'another key')];
  const verdicts = await tryTogether(ground, [tag, logs]);
  expect(verdicts.get(tag)).toMatchObject({ found: true, evidence: 'another tag', falseAlarms: [] });
  expect(verdicts.get(logs)).toMatchObject({ found: true, evidence: 'another key', falseAlarms: [] });
  expect(alone).toEqual([]);
  expect(ground.scene.size).toBe(0);
});

test('what is hidden by another, cannot be detonated beside it or is believed is tried alone', async () => {
  const { ground, alone } = aGround();
  const hidden = opens('key.tag', 'the first', { name: 'hidden' });
  const hides = opens('key.tag', 'the second', { name: 'hides' });
  const refused: Technique<Scene> = { name: 'refused', check: 'key.logs', detonate: () => Promise.reject(new Error()) };
  const believed: Technique<Scene> = {
    name: 'believed',
    check: 'database.backups',
    detonate: async (scene) => ({ ...(await opens('database.backups', 'one').detonate(scene)), believed: {} as never }),
  };
  const verdicts = await tryTogether(ground, [hidden, hides, refused, believed]);
  expect(alone).toEqual(['hidden', 'refused', 'believed']);
  expect(verdicts.get(refused)?.foundBy).toEqual(['key.logs alone']);
});

test('what is open after the revert is a false alarm', async () => {
  const { ground } = aGround();
  const leaves = opens('key.tag', 'another tag', { leaves: true });
  const verdicts = await tryTogether(ground, [leaves]);
  expect(verdicts.get(leaves)?.falseAlarms).toEqual(['key.tag: another tag']);
});
