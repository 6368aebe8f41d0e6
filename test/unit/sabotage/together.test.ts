import type { Answer } from '../../../functions/isolation/report';
import { batchesOf, type Ground, type Technique, tryAlone, tryTogether } from '../../sabotage/together';

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
  const ground: Ground<Scene> = {
    scene,
    ask: async () => [...scene].map(([id, evidence]): Answer => ({ id, evidence, passed: false }) as Answer),
  };
  return ground;
}

/** The techniques, and the names of those that were detonated again: by themselves. */
function counting(...techniques: Technique<Scene>[]) {
  const alone: string[] = [];
  const counted = techniques.map((technique): Technique<Scene> => {
    let times = 0;
    const detonate = (scene: Scene) => {
      if (++times > 1) alone.push(technique.name);
      return technique.detonate(scene);
    };
    return { ...technique, detonate };
  });
  return { alone, counted };
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
  const ground = aGround();
  const { alone, counted } = counting(opens('key.tag', 'another tag'), opens('key.logs', 'another key'));
  const [tag, logs] = [...(await tryTogether(ground, counted)).values()];
  expect(tag).toMatchObject({ found: true, evidence: 'another tag' });
  expect(logs).toMatchObject({ found: true, evidence: 'another key' });
  expect(alone).toEqual([]);
  expect(ground.scene.size).toBe(0);
});

test('what is hidden by another, cannot be detonated beside it or is believed is tried alone', async () => {
  const ground = aGround();
  const logs = opens('key.logs', 'another key');
  const beside: Technique<Scene> = {
    ...logs,
    name: 'refused beside others',
    detonate: (scene) => (scene.size > 0 ? Promise.reject(new Error()) : logs.detonate(scene)),
  };
  const believed: Technique<Scene> = {
    name: 'believed',
    check: 'database.backups',
    detonate: async (scene) => ({ ...(await opens('database.backups', 'one').detonate(scene)), believed: {} as never }),
  };
  const { alone, counted } = counting(
    opens('key.tag', 'the first', { name: 'hidden' }),
    opens('key.tag', 'the second', { name: 'hides' }),
    beside,
    believed,
  );
  const findings = [...(await tryTogether(ground, counted)).values()];
  expect(alone).toEqual(['hidden', 'refused beside others', 'believed']);
  expect(findings.map(({ found }) => found)).toEqual([true, true, true, true]);
  expect(findings[2]?.foundBy).toEqual(['key.logs']);
});

test('what cannot be detonated alone either is an error that names it', async () => {
  const refused = { name: 'open the logs', check: 'key.logs', detonate: () => Promise.reject(new Error('no')) };
  await expect(tryTogether(aGround(), [refused])).rejects.toThrow('cannot open the logs: Error: no');
});

test('what is open after the revert is a false alarm', async () => {
  const leaves = opens('key.tag', 'another tag', { leaves: true });
  const { falseAlarms } = await tryAlone(aGround(), leaves);
  expect(falseAlarms).toEqual(['key.tag: another tag']);
});
