import { attempt, patiently } from '../../../functions/isolation/probes/attempt';
import { awsError } from '../../support/fake-client';

const opened = { opened: true } as const;
const refused = { opened: false, refusal: 'AccessDenied' } as const;

describe('a try at a door', () => {
  it('opens where AWS answers', async () => {
    expect(await attempt(Promise.resolve())).toEqual(opened);
  });

  it.each(['AccessDenied', 'AccessDeniedException'])('is refused where AWS answers %s', async (name) => {
    expect(await attempt(Promise.reject(awsError(name)))).toEqual({ opened: false, refusal: name });
  });

  it('opens where AWS answers with an error that only those learn whom it has let in', async () => {
    expect(await attempt(Promise.reject(awsError('NoSuchKey')), 'NoSuchKey')).toEqual(opened);
  });

  it.each(['NoSuchKey', 'NoSuchBucket', 'ExpiredToken', 'DisabledException', 'ThrottlingException'])(
    'was not made where AWS answers %s',
    async (name) => {
      await expect(attempt(Promise.reject(awsError(name)))).rejects.toMatchObject({ name });
    },
  );

  it('was not made, for good, where the state of a key is in the way', async () => {
    const failure = { name: 'KeyUnusable', message: 'the key is pending deletion' };
    const answer = awsError('KMSInvalidStateException', failure.message);
    await expect(attempt(Promise.reject(answer))).rejects.toMatchObject(failure);
  });
});

describe('patience', () => {
  const waiting = (answers: readonly (typeof opened | typeof refused)[], pauses: readonly number[]) => {
    const paused: number[] = [];
    let tries = 0;
    const door = async () => answers[tries++] ?? refused;
    const pause = async (ms: number) => paused.push(ms);
    return { paused, tries: () => tries, answer: patiently(door, { pauses, pause }) };
  };

  it('does not wait at an open door', async () => {
    const { answer, paused } = waiting([opened], [1000]);
    expect(await answer).toEqual(opened);
    expect(paused).toEqual([]);
  });

  it('waits for a door that opens late', async () => {
    const { answer, paused } = waiting([refused, refused, opened], [1000, 2000, 4000]);
    expect(await answer).toEqual(opened);
    expect(paused).toEqual([1000, 2000]);
  });

  it('has an end', async () => {
    const { answer, tries } = waiting([], [1000, 2000]);
    expect(await answer).toEqual(refused);
    expect(tries()).toBe(3);
  });
});
