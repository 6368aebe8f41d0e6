import type { Attempt } from '../../../functions/isolation/probes/attempt';
import { objectTrial } from '../../../functions/isolation/probes/object-trial';

const opened: Attempt = { opened: true };
const refused: Attempt = { opened: false, refusal: 'AccessDenied' };

/** What is done to a bucket, in order. */
function trialOf(answers: {
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
  const trial = objectTrial({
    bucket: 'data',
    write: answer('write', answers.write ?? opened),
    readBack: answer('read back', opened),
    readByOther: answer('read by other', answers.readByOther ?? refused),
    remove: answer('remove', answers.remove ?? opened),
  });
  return { trial, done };
}

test('an object is written, read by both and removed, once, whoever asks', async () => {
  const { trial, done } = trialOf({});
  const asked = await Promise.all([trial.readByOther(), trial.written(), trial.readBack()]);
  expect(asked).toEqual([refused, opened, opened]);
  expect(done).toEqual(['write', 'read back', 'read by other', 'remove']);
});

test('where nothing could be written nobody has been refused: there was nothing to read', async () => {
  const { trial, done } = trialOf({ write: refused });
  expect(await trial.written()).toEqual(refused);
  await expect(trial.readByOther()).rejects.toThrow('none could be written to data');
  await expect(trial.readBack()).rejects.toThrow('none could be written to data');
  expect(done).toEqual(['write']);
});

test("a read that could not be tried is nobody else's failure, and the object goes all the same", async () => {
  const { trial, done } = trialOf({ readByOther: new Error('its role cannot be taken on') });
  await expect(trial.readByOther()).rejects.toThrow('its role cannot be taken on');
  expect(await trial.readBack()).toEqual(opened);
  expect(done).toContain('remove');
});

test('an object that cannot be removed has shown nothing', async () => {
  const { trial } = trialOf({ remove: new Error('Access Denied') });
  await expect(trial.readByOther()).rejects.toThrow('Access Denied');
  await expect(trial.written()).rejects.toThrow('Access Denied');
});
