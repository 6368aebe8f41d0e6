import { attempt, patiently } from '../../../functions/isolation/probes/attempt';
import { awsError } from '../../support/fake-client';

const allowed = { allowed: true } as const;
const denied = { allowed: false, denial: 'AccessDenied' } as const;

describe('a probe', () => {
  it('is allowed when AWS answers', async () => {
    expect(await attempt(Promise.resolve())).toEqual(allowed);
  });

  it.each(['AccessDenied', 'AccessDeniedException'])('is denied when AWS answers %s', async (name) => {
    expect(await attempt(Promise.reject(awsError(name)))).toEqual({ allowed: false, denial: name });
  });

  it('is allowed when AWS answers with an error that it sends only to allowed callers', async () => {
    expect(await attempt(Promise.reject(awsError('NoSuchKey')), 'NoSuchKey')).toEqual(allowed);
  });

  it.each(['NoSuchKey', 'NoSuchBucket', 'ExpiredToken', 'DisabledException', 'ThrottlingException'])(
    'was not made when AWS answers %s',
    async (name) => {
      await expect(attempt(Promise.reject(awsError(name)))).rejects.toMatchObject({ name });
    },
  );

  it('was not made, for good, when the state of a key prevents it', async () => {
    const failure = { name: 'KeyUnusable', message: 'the key is pending deletion' };
    const answer = awsError('KMSInvalidStateException', failure.message);
    await expect(attempt(Promise.reject(answer))).rejects.toMatchObject(failure);
  });
});

describe('patience', () => {
  const waiting = (answers: readonly (typeof allowed | typeof denied)[], pauses: readonly number[]) => {
    const paused: number[] = [];
    let tries = 0;
    const probe = async () => answers[tries++] ?? denied;
    const pause = async (ms: number) => paused.push(ms);
    return { paused, tries: () => tries, answer: patiently(probe, { pauses, pause }) };
  };

  it('does not wait after an allowed probe', async () => {
    const { answer, paused } = waiting([allowed], [1000]);
    expect(await answer).toEqual(allowed);
    expect(paused).toEqual([]);
  });

  it('waits for a probe that is allowed late', async () => {
    const { answer, paused } = waiting([denied, denied, allowed], [1000, 2000, 4000]);
    expect(await answer).toEqual(allowed);
    expect(paused).toEqual([1000, 2000]);
  });

  it('has an end', async () => {
    const { answer, tries } = waiting([], [1000, 2000]);
    expect(await answer).toEqual(denied);
    expect(tries()).toBe(3);
  });
});
