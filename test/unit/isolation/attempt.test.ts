import { attempt } from '../../../functions/isolation/probes/attempt';
import { awsError } from '../../support/fake-client';

const allowed = { allowed: true } as const;

describe('a probe', () => {
  it('is allowed when AWS answers', async () => {
    expect(await attempt(Promise.resolve())).toEqual(allowed);
  });

  it.each(['AccessDenied', 'AccessDeniedException'])('is denied when AWS answers %s', async (name) => {
    expect(await attempt(Promise.reject(awsError(name)))).toEqual({ allowed: false, denial: name });
  });

  it('is allowed when AWS answers with an error that only allowed callers get', async () => {
    expect(await attempt(Promise.reject(awsError('NoSuchKey')), 'NoSuchKey')).toEqual(allowed);
  });

  it.each(['NoSuchKey', 'NoSuchBucket', 'ExpiredToken', 'DisabledException', 'ThrottlingException'])(
    'counts as not made when AWS answers %s',
    async (name) => {
      await expect(attempt(Promise.reject(awsError(name)))).rejects.toMatchObject({ name });
    },
  );

  it('counts as not made, for good, when the state of a key prevents it', async () => {
    const failure = { name: 'KeyUnusable', message: 'the key is pending deletion' };
    const answer = awsError('KMSInvalidStateException', failure.message);
    await expect(attempt(Promise.reject(answer))).rejects.toMatchObject(failure);
  });
});
