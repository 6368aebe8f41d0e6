import type { AwsCall } from '../../../local/aws-call';
import type { AwsProxy, Listener } from '../../../local/aws-proxy';
import { type CallFaultKind, Injection, SECONDS_LEFT } from '../../faults/injection';

/** Calls by invocation: `acme/1` is the first invocation of a function that works for acme. */
class Wire {
  private listener: Listener | undefined;
  readonly killed: string[] = [];
  readonly injection = new Injection(
    { url: '', listen: (listener) => (this.listener = listener), close: async () => undefined } as AwsProxy,
    {
      of: async (root) => ({ tenantId: root.split('/')[0] ?? '', state: 'RegisterTenant' }),
      kill: async (root, death) => void this.killed.push([root, death].filter(Boolean).join(' of ')),
    },
  );
  private sent = 0;

  /** @returns what becomes of one attempt of the SDK at a call */
  async send(traceRoot: string, action: string, sdkInvocationId = `sdk-${this.sent++}`): Promise<string> {
    const call: AwsCall = {
      service: 'kms',
      action,
      accessKeyId: '',
      body: Buffer.from('{}'),
      traceRoot,
      sdkInvocationId,
    };
    const { answer, loseAnswer, afterEffect } = (await this.listener?.(call)) ?? {};
    await afterEffect?.();
    if (answer) return String(JSON.parse(answer.body).__type);
    return loseAnswer ? 'lost' : 'passed';
  }
}

const CREATE = 'RegisterTenant kms:CreateKey';
const fault = (kind: CallFaultKind, call = `${CREATE}#1`) => ({ kind, call });

let wire: Wire;
beforeEach(() => {
  wire = new Wire();
});

test('records the calls of a tenant by state, action and number; retries of the SDK count once', async () => {
  await wire.send('acme/1', 'CreateKey', 'one');
  await wire.send('acme/1', 'CreateKey', 'one');
  await wire.send('acme/2', 'CreateKey', 'two');
  await wire.send('globex/1', 'DescribeKey');
  expect(wire.injection.calls('acme')).toEqual([`${CREATE}#1`, `${CREATE}#2`]);
  expect(wire.injection.calls('globex')).toEqual(['RegisterTenant kms:DescribeKey#1']);
});

test('injects the fault of a tenant into that tenant’s call alone, and into no other call of it', async () => {
  wire.injection.arm('acme', fault('refused', `${CREATE}#2`));
  expect(await wire.send('globex/1', 'CreateKey')).toBe('passed');
  expect(await wire.send('globex/1', 'CreateKey')).toBe('passed');
  expect(await wire.send('acme/1', 'DescribeKey')).toBe('passed');
  expect(await wire.send('acme/1', 'CreateKey')).toBe('passed');
  expect(await wire.send('acme/1', 'CreateKey')).toBe('AccessDeniedException');
});

test('throttles three attempts, of the SDK or of the state machine, and lets the fourth pass', async () => {
  wire.injection.arm('acme', fault('throttled'));
  expect(await wire.send('acme/1', 'CreateKey', 'one')).toBe('ThrottlingException');
  expect(await wire.send('acme/1', 'CreateKey', 'one')).toBe('ThrottlingException');
  expect(await wire.send('acme/2', 'CreateKey', 'two')).toBe('ThrottlingException');
  expect(await wire.send('acme/3', 'CreateKey', 'three')).toBe('passed');
});

test('tells a call from another that runs beside it in the same invocation', async () => {
  wire.injection.arm('acme', fault('faulted'));
  expect(await wire.send('acme/1', 'CreateKey', 'one')).toBe('InternalServerError');
  expect(await wire.send('acme/1', 'CreateKey', 'beside')).toBe('passed');
  expect(await wire.send('acme/1', 'CreateKey', 'one')).toBe('InternalServerError');
});

test('answers 5xx for one invocation: the state machine’s next attempt passes', async () => {
  wire.injection.arm('acme', fault('faulted'));
  expect(await wire.send('acme/1', 'CreateKey')).toBe('InternalServerError');
  expect(await wire.send('acme/2', 'CreateKey')).toBe('passed');
});

test('refuses until the fault is removed, and then reports that it has happened', async () => {
  const disarm = wire.injection.arm('acme', fault('refused'));
  for (const root of ['acme/1', 'acme/2', 'acme/3', 'acme/4'])
    expect(await wire.send(root, 'CreateKey')).toBe('AccessDeniedException');
  expect(await disarm()).toBe(true);
  expect(await wire.send('acme/5', 'CreateKey')).toBe('passed');
});

test('reports a fault whose call never came', async () => {
  const disarm = wire.injection.arm('acme', fault('lost'));
  await wire.send('acme/1', 'DescribeKey');
  expect(await disarm()).toBe(false);
});

test('loses an answer once', async () => {
  wire.injection.arm('acme', fault('lost'));
  expect(await wire.send('acme/1', 'CreateKey', 'one')).toBe('lost');
  expect(await wire.send('acme/1', 'CreateKey', 'one')).toBe('passed');
});

test('kills the process that made the call, and no answer reaches it', async () => {
  wire.injection.arm('acme', fault('killed'));
  expect(await wire.send('acme/7', 'CreateKey')).toBe('lost');
  expect(wire.killed).toEqual(['acme/7']);
});

test('passes calls that belong to no invocation unchanged', async () => {
  const witnessed: string[] = [];
  wire.injection.witness(({ tenantId }) => void witnessed.push(tenantId));
  await wire.send('acme/1', 'CreateKey');
  expect(witnessed).toEqual(['acme']);
});

test('ends a function out of memory before its call takes effect, once', async () => {
  wire.injection.arm('acme', fault('out-of-memory'));
  expect(await wire.send('acme/1', 'CreateKey')).not.toBe('passed');
  expect(wire.killed).toEqual(['acme/1 of Runtime.OutOfMemory']);
  expect(await wire.send('acme/2', 'CreateKey')).toBe('passed');
});

test('lets a function run out of time, while its call takes effect afterwards', async () => {
  jest.useFakeTimers();
  wire.injection.arm('acme', fault('out-of-time'));
  const sent = wire.send('acme/1', 'CreateKey');
  await jest.advanceTimersByTimeAsync(SECONDS_LEFT * 1000);
  expect(await Promise.race([sent, Promise.resolve('waits')])).toBe('waits');
  await jest.advanceTimersByTimeAsync(2_000);
  expect(await sent).toBe('passed');
  jest.useRealTimers();
});
