import type { Attempt } from '../../../functions/isolation/probes/attempt';
import { objectProbe } from '../../../functions/isolation/probes/object-probe';

const allowed: Attempt = { allowed: true };
const denied: Attempt = { allowed: false, denial: 'AccessDenied' };

/** What is done to a bucket, in order. */
function probeOf(answers: {
  readonly write?: Attempt;
  readonly readByOther?: Attempt | Error;
  readonly remove?: Error;
}) {
  const done: string[] = [];
  const answer = (what: string, result: Attempt | Error) => async () => {
    done.push(what);
    if (result instanceof Error) throw result;
    return result;
  };
  const probe = objectProbe({
    bucket: 'data',
    write: answer('write', answers.write ?? allowed),
    readBack: answer('read back', allowed),
    otherIsReady: async () => done.push('other is ready'),
    readByOther: answer('read by other', answers.readByOther ?? denied),
    remove: answer('remove', answers.remove ?? allowed),
  });
  return { probe, done };
}

test('writes an object once, reads it with both roles and removes it, however many checks ask', async () => {
  const { probe, done } = probeOf({});
  const asked = await Promise.all([probe.readByOther(), probe.written(), probe.readBack()]);
  expect(asked).toEqual([denied, allowed, allowed]);
  expect(done).toEqual(['write', 'read back', 'other is ready', 'read by other', 'remove']);
});

test('a denied write proves no denied read: no object exists', async () => {
  const { probe, done } = probeOf({ write: denied });
  expect(await probe.written()).toEqual(denied);
  await expect(probe.readByOther()).rejects.toThrow('the write to data was denied');
  await expect(probe.readBack()).rejects.toThrow('the write to data was denied');
  expect(done).toEqual(['write']);
});

test('a read that could not be tried does not fail the other read, and the object is removed', async () => {
  const { probe, done } = probeOf({ readByOther: new Error('its role cannot be assumed') });
  await expect(probe.readByOther()).rejects.toThrow('its role cannot be assumed');
  expect(await probe.readBack()).toEqual(allowed);
  expect(done).toContain('remove');
});

test('an object that cannot be removed fails every check that uses it', async () => {
  const { probe } = probeOf({ remove: new Error('Access Denied') });
  await expect(probe.readByOther()).rejects.toThrow('Access Denied');
  await expect(probe.written()).rejects.toThrow('Access Denied');
});
