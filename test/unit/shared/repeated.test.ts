import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlatformError } from '../../../functions/contract/errors';
import { repeated } from '../../../functions/shared/repeated';
import { settled } from '../../../functions/shared/settled';
import { awsError } from '../../support/fake-client';

const ROOT = join(__dirname, '../../..');

/** A read that fails with each of these first, and the pauses that its repetitions made. */
function reading(failures: readonly Error[]) {
  const paused: number[] = [];
  let reads = 0;
  const read = async () => {
    const failure = failures[reads];
    reads += 1;
    if (failure) throw failure;
    return 'answer';
  };
  const pause = async (ms: number) => paused.push(ms);
  const answer = repeated(read, { pauses: [100, 200, 400], pause, random: () => 0.5 });
  return { answer, paused, reads: () => reads };
}

const throttled = awsError('ThrottlingException');
const fault = Object.assign(new Error('oops'), { $metadata: { httpStatusCode: 503 } });

test('F5: repeats a throttled read, after pauses with jitter', async () => {
  const { answer, paused } = reading([throttled, fault]);
  await expect(answer).resolves.toBe('answer');
  expect(paused).toEqual([50, 100]);
});

test('F5: throws the throttling error unchanged when it persists', async () => {
  const { answer, reads } = reading([throttled, throttled, throttled, throttled]);
  await expect(answer).rejects.toBe(throttled);
  expect(reads()).toBe(4);
});

test.each([awsError('AccessDenied'), awsError('NoSuchBucket'), new PlatformError('TransientNotYetVisible', 'not yet')])(
  'F5: repeats no other error: %s',
  async (failure) => {
    const { answer, paused } = reading([failure]);
    await expect(answer).rejects.toBe(failure);
    expect(paused).toEqual([]);
  },
);

test('F5: throws the first failure only after all parallel work has ended', async () => {
  let ended = 0;
  const slow = new Promise<void>((resolve) => setTimeout(resolve, 20)).then(() => {
    ended += 1;
  });
  await expect(settled([Promise.reject(throttled), slow])).rejects.toBe(throttled);
  expect(ended).toBe(1);
  expect(await settled([Promise.resolve(1), Promise.resolve('a')])).toEqual([1, 'a']);
});

test('F5: no file of the product runs parallel work without waiting for all of it', () => {
  const files = globSync('{functions,infra/preflight,operations,service}/**/*.ts', { cwd: ROOT });
  expect(files.length).toBeGreaterThan(100);
  const leaving = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('Promise.all('));
  expect(leaving).toEqual(['functions/shared/settled.ts']);
});
