import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn, setTimeout as timer } from 'node:timers/promises';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import * as z from 'zod';
import { isTransient, PlatformError } from '../../../functions/contract/errors';
import { actionHandler } from '../../../functions/shared/action-handler';
import { clientOptions } from '../../../functions/shared/clients';
import { MARGIN_MS, pause, withinInvocation } from '../../../functions/shared/invocation';
import { aContext } from '../../support/lambda-context';
import { logLines } from '../../support/log-lines';

/** A KMS that answers some requests, and keeps the others waiting. */
let server: Server;
let kms: KMSClient;
let heard: number;
let answering: boolean;
beforeEach(async () => {
  logLines();
  [heard, answering] = [0, false];
  server = createServer((_, response) => {
    heard += 1;
    if (answering) response.end(JSON.stringify({ KeyMetadata: { KeyId: 'k' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  kms = new KMSClient({
    ...clientOptions,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  server.closeAllConnections();
  server.close();
});

const describeKey = () => kms.send(new DescribeKeyCommand({ KeyId: 'k' }));
const effects: string[] = [];
beforeEach(() => {
  effects.length = 0;
});

/** A function that has 100 ms for its work, of a time that passes when a test says so. */
const short = (run: () => Promise<unknown>) => {
  const nothing = z.unknown();
  const handler = actionHandler({ name: 'Short', input: nothing, output: nothing, run }, {});
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date', 'performance'] });
  return handler({}, aContext('Short', MARGIN_MS + 100));
};
afterEach(() => jest.useRealTimers());

/** Its time is over, after its request has arrived. */
async function endOfTime(requests = 1): Promise<void> {
  while (heard < requests) await nextTurn();
  await jest.advanceTimersByTimeAsync(100);
}

describe('F9: a function that runs out of time', () => {
  it('fails with TransientOutOfTime, which the state machine retries', async () => {
    const ended = short(describeKey).catch((error: Error) => error);
    await endOfTime();
    const thrown = await ended;
    expect(thrown).toMatchObject({ name: 'TransientOutOfTime', message: expect.stringContaining('Short ran out of') });
    expect(isTransient('TransientOutOfTime')).toBe(true);
  });

  it('aborts the AWS call under way, and makes no other call', async () => {
    const closed = once(server, 'connection').then(([socket]) => once(socket, 'close'));
    const ended = short(async () => {
      await describeKey().catch(() => {});
      effects.push('goes on');
      answering = true;
      await describeKey();
      effects.push('has called AWS');
    }).catch(() => {});
    await endOfTime();
    await ended;
    await closed;
    expect([heard, effects]).toEqual([1, ['goes on']]);
  });

  it('ends its own pause', async () => {
    // Longer than a test may take.
    const ended = short(() => pause(600_000)).catch(({ name }: Error) => name);
    await endOfTime(0);
    expect(await ended).toBe('TransientOutOfTime');
  });

  it.each([
    ['fails of the abortion', () => Promise.reject(new PlatformError('IsolationBreach', 'could not be answered'))],
    ['answers all the same', async () => ({ verdict: 'drifted' })],
  ])('throws instead of a verdict when its action %s', async (_, then) => {
    const ended = short(() => describeKey().catch(then)).catch(({ name }: Error) => name);
    await endOfTime();
    expect(await ended).toBe('TransientOutOfTime');
  });

  it('does not answer while its action goes on, even past the deadline, when Lambda ends the sandbox', async () => {
    let end = () => {};
    const stubborn = new Promise<void>((resolve) => {
      end = resolve;
    });
    const answered = short(() => stubborn).then(
      () => 'answered',
      () => 'failed',
    );
    await endOfTime(0);
    await jest.advanceTimersByTimeAsync(MARGIN_MS + 200);
    expect(await Promise.race([answered, nextTurn('silent')])).toBe('silent');
    end();
    expect(await answered).toBe('failed');
  });
});

describe('F9: after an invocation', () => {
  it('that fails, calls beside the failed one are aborted', async () => {
    const beside: Promise<unknown>[] = [];
    const failing = withinInvocation('Failing', 60_000, async () => {
      beside.push(describeKey().catch((error: Error) => error.name));
      beside.push(pause(60_000).catch((error: Error) => error.name));
      while (heard === 0) await timer(5);
      throw new PlatformError('SlotOccupied', 'taken');
    });
    await expect(failing).rejects.toMatchObject({ name: 'SlotOccupied' });
    expect(await Promise.all(beside)).toEqual(['AbortError', 'AbortError']);
  });

  it('that answers, work that it left behind makes no further AWS call', async () => {
    let left: Promise<unknown> = Promise.resolve();
    const done = await withinInvocation('Careless', 60_000, async () => {
      left = timer(20).then(describeKey);
      return 'done';
    });
    expect(done).toBe('done');
    await expect(left).rejects.toMatchObject({ name: 'AbortError' });
    expect(heard).toBe(0);
  });

  it('that ran out of time, the next one in the same process has all of its own time', async () => {
    const ended = short(describeKey).catch(() => {});
    await endOfTime();
    await ended;
    answering = true;
    await expect(short(describeKey)).resolves.toMatchObject({ KeyMetadata: { KeyId: 'k' } });
  });
});

test('a client outside an invocation has no deadline', async () => {
  answering = true;
  await expect(describeKey()).resolves.toMatchObject({ KeyMetadata: { KeyId: 'k' } });
  await pause(1);
});
