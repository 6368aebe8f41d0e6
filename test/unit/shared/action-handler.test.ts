import * as z from 'zod';
import { PlatformError } from '../../../functions/contract/errors';
import { actionHandler } from '../../../functions/shared/action-handler';
import { ConcludedFailure } from '../../../functions/shared/concluded-failure';
import { parseAt } from '../../../functions/shared/parse-at';
import { anExecution, aTenant } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { aContext } from '../../support/lambda-context';
import { type LogLine, logLines } from '../../support/log-lines';

const Input = z.object({ executionArn: z.string(), width: z.number() });
const Output = z.object({ area: z.number().positive() });

/** A step that does what it is given, between the two borders. */
const handlerOf = (
  run: (deps: { height: number }, input: z.output<typeof Input>) => Promise<z.input<typeof Output>>,
) => {
  const handler = actionHandler({ name: 'MeasureArea', input: Input, output: Output, run }, { height: 2 });
  return (event: unknown) => handler(event, aContext());
};
const measure = handlerOf(async ({ height }, { width }) => ({ area: height * width }));
const failing = (thrown: unknown) => handlerOf(() => Promise.reject(thrown));
const event = { executionArn: anExecution(), width: 3, tenant: aTenant() };

let lines: LogLine[];
beforeEach(() => {
  lines = logLines();
});
afterEach(() => jest.restoreAllMocks());

it('gives the action its dependencies and parsed input, and returns its output to the state machine', async () => {
  await expect(measure(event)).resolves.toEqual({ area: 6 });
});

it('refuses an input that breaks the contract, and names each bad field', async () => {
  await expect(measure({ width: 'wide' })).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringMatching(/^input of MeasureArea: executionArn: .+; width: /),
  });
});

it('throws when the output breaks the contract', async () => {
  await expect(measure({ ...event, width: -1 })).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringContaining('output of MeasureArea: area:'),
  });
});

it.each([
  ['an error of ours', new PlatformError('SlotOccupied', 'taken'), 'SlotOccupied'],
  ['an error of AWS', awsError('ThrottlingException'), 'TransientThrottling'],
  ['a defect', new TypeError('undefined is not a function'), 'UnexpectedFailure'],
  [
    'the end of a failed run, whatever it failed of',
    new ConcludedFailure('Lambda.Unknown', 'RegisterTenant: killed'),
    'Lambda.Unknown',
  ],
])('throws %s under the error name that decides in the state machine', async (_, thrown, name) => {
  await expect(failing(thrown)(event)).rejects.toMatchObject({ name });
});

describe('the log of an action', () => {
  it('has a stable message code with the ids of the run, and nothing else of the event', async () => {
    const secret = { ...event, password: 'hunter2', contactEmail: 'ops@acme.example', taskToken: 'AQCE-token' };
    await measure(secret);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'INFO',
        message: 'step.done',
        step: 'MeasureArea',
        executionArn: anExecution(),
        tenantId: aTenant().tenantId,
      }),
    );
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|ops@acme|AQCE-token|"width"|"area"/);
  });

  it('says once why an action failed', async () => {
    await failing(awsError('AccessDeniedException', 'no'))(event).catch(() => {});
    expect(lines.filter(({ level }) => level === 'ERROR')).toEqual([
      expect.objectContaining({ message: 'step.failed', error: 'AccessDenied', reason: 'AccessDeniedException: no' }),
    ]);
  });

  it('has its own message code for the end of a failed run', async () => {
    const ended = new ConcludedFailure('SlotOccupied', 'RegisterTenant: taken');
    await failing(ended)(event).catch(() => {});
    expect(lines.map(({ message }) => message)).toEqual(['onboarding.failed']);
  });

  it('has no id of the invocation before', async () => {
    await measure(event);
    lines.length = 0;
    await measure({ executionArn: anExecution('second'), width: 1 });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ executionArn: anExecution('second') });
    expect(lines[0]).not.toHaveProperty('tenantId');
  });

  it('has nothing of an event that cannot be parsed', async () => {
    await measure('password=hunter2').catch(() => {});
    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});

describe('F10: two invocations of one process', () => {
  it.each([
    ['fails', () => Promise.reject(new Error('failed'))],
    ['fails for good', () => Promise.reject(new PlatformError('SlotOccupied', 'taken'))],
    ['answers what the contract does not have', async () => ({ area: -1 })],
  ])('the first %s; the second, without a tenant, logs nothing of the first', async (_, run) => {
    await handlerOf(run)(event).catch(() => {});
    expect(lines.at(-1)).toMatchObject({ tenantId: aTenant().tenantId });
    lines.length = 0;
    await failing(new Error('the schedule failed'))({ time: 'now' }).catch(() => {});
    await measure({ executionArn: anExecution('second'), width: 1 });
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(JSON.stringify(lines)).not.toContain(aTenant().tenantId);
    expect(JSON.stringify(lines)).not.toContain(anExecution());
  });
});

test('parseAt returns a well-formed input, and names the border in the error for any other', () => {
  expect(parseAt('here', z.object({ a: z.number() }), { a: 1, b: 2 })).toEqual({ a: 1 });
  expect(() => parseAt('here', z.object({ a: z.number() }), {})).toThrow(/^here: a: /);
  expect(() => parseAt('here', z.string(), 1)).toThrow(/^here: input: /);
});
