import { DeleteFunctionConcurrencyCommand, LambdaClient, PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, pause } from './aws';
import { call, fail, Machines, only, parallel, sequence, sleep } from './machines';

let emulator: Emulator;
let machines: Machines;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0, env: { LAMBDA_WORKERS_PER_FUNCTION: '1', SFN_WAIT_SCALE: '0.1' } });
  machines = new Machines(emulator);
  await machines.prepare();
}, 60_000);
afterAll(() => emulator.stop());

describe('states', () => {
  test('a failed branch fails the Parallel state at once, with the first error, and stops the other branches', async () => {
    const definition = only({
      Type: 'Parallel',
      Branches: [
        sequence({ Slow: sleep(3_000), Late: fail('Late') }),
        sequence({ Until: machines.waiting(), Fast: fail('Fast') }),
      ],
    });
    const executionArn = await machines.start(definition);
    const taskToken = await machines.token();
    await eventually(async () => (await machines.told(executionArn)).includes('WaitStateEntered Slow') || undefined);
    await machines.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
    const execution = await machines.ended(executionArn);
    expect([execution.status, execution.error]).toEqual(['FAILED', 'Fast']);
    const told = await machines.told(executionArn);
    expect(told).toEqual(expect.arrayContaining(['FailStateEntered Fast', 'ParallelStateFailed']));
    expect(told).not.toContain('WaitStateExited Slow');
  });

  test('a variable of a branch stays in the branch, and each history event names the one before it in its branch', async () => {
    const assign = (value: string) => ({ Type: 'Pass', Assign: { mine: value }, Output: '{% $outer %}' });
    const execution = await machines.run(
      sequence({
        Outside: { Type: 'Pass', Assign: { outer: 'seen' } },
        Inside: parallel({ Left: assign('left') }, { Right: assign('right') }),
        After: { Type: 'Pass', Output: "{% {'all': $states.input, 'leaked': $exists($mine)} %}" },
      }),
    );
    expect(JSON.parse(execution.output ?? '')).toEqual({ all: ['seen', 'seen'], leaked: false });
    const events = await machines.history(execution.executionArn);
    const named = (name: string) => events.find((event) => event.stateEnteredEventDetails?.name === name);
    const started = events.find((event) => event.type === 'ParallelStateStarted');
    expect([named('Left')?.previousEventId, named('Right')?.previousEventId]).toEqual([started?.id, started?.id]);
  });

  test('a start with name and input of a running execution answers that execution, any other refuses', async () => {
    const stateMachineArn = await machines.create(only(sleep(3_000)));
    const again = (input: string) =>
      machines.sfn.send(new StartExecutionCommand({ stateMachineArn, name: 'one', input }));
    const { executionArn, startDate } = await again('{}');
    expect(await again('{}')).toMatchObject({ executionArn, startDate });
    await expect(again('{"other":1}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await machines.sfn.send(new StopExecutionCommand({ executionArn }));
    await expect(again('{}')).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  test('States.ALL does not catch States.Runtime', async () => {
    const caught = (error: string) => ({
      StartAt: 'Try',
      States: {
        Try: {
          Type: 'Parallel',
          Branches: [{ StartAt: 'Fail', States: { Fail: fail(error) } }],
          Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Succeed' },
      },
    });
    expect((await machines.run(caught('Other'))).status).toBe('SUCCEEDED');
    expect(await machines.run(caught('States.Runtime'))).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  test('a retrier waits no longer than MaxDelaySeconds', async () => {
    const retry = { ErrorEquals: ['States.ALL'], IntervalSeconds: 600, MaxAttempts: 2, MaxDelaySeconds: 1 };
    const execution = await machines.run(only({ ...call({ key: 'delays', failures: 2 }), Retry: [retry] }));
    expect(execution.output).toBe('{"call": 3}');
    const { startDate, stopDate } = execution;
    // A minute would be the first delay alone.
    expect(Number(stopDate) - Number(startDate)).toBeLessThan(60_000);
  });

  test('an execution that exceeds its TimeoutSeconds ends TIMED_OUT', async () => {
    const execution = await machines.run(only(sleep(600), { TimeoutSeconds: 1 }));
    expect(execution).toMatchObject({ status: 'TIMED_OUT', redriveStatus: 'REDRIVABLE' });
    expect(await machines.told(execution.executionArn)).toEqual(
      expect.arrayContaining(['WaitStateEntered Only', 'ExecutionTimedOut']),
    );
  });
});

describe('tasks', () => {
  test('stopping an execution ends its task that waits for a token', async () => {
    const executionArn = await machines.start(only(machines.waiting()));
    const taskToken = await machines.token();
    await machines.sfn.send(new StopExecutionCommand({ executionArn, error: 'Enough', cause: 'a test' }));
    expect(await machines.ended(executionArn)).toMatchObject({ status: 'ABORTED', error: 'Enough' });
    const late = machines.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    await expect(late).rejects.toMatchObject({ name: 'TaskTimedOut' });
    expect(await machines.told(executionArn)).not.toContain('TaskStateExited Only');
  });

  test('each attempt has its own task token; an earlier attempt’s token answers nothing', async () => {
    const retry = { ErrorEquals: ['Again'], IntervalSeconds: 1, MaxAttempts: 1 };
    const executionArn = await machines.start(only(machines.waiting({ Retry: [retry] })));
    const first = await machines.token();
    await machines.sfn.send(new SendTaskFailureCommand({ taskToken: first, error: 'Again' }));
    const second = await machines.token();
    expect(second).not.toBe(first);
    const late = machines.sfn.send(new SendTaskSuccessCommand({ taskToken: first, output: '{}' }));
    await expect(late).rejects.toMatchObject({ name: 'TaskTimedOut' });
    const invented = machines.sfn.send(new SendTaskSuccessCommand({ taskToken: 'invented', output: '{}' }));
    await expect(invented).rejects.toMatchObject({ name: 'InvalidToken' });
    const unreadable = machines.sfn.send(new SendTaskSuccessCommand({ taskToken: second, output: '{' }));
    await expect(unreadable).rejects.toMatchObject({ name: 'InvalidOutput' });
    await machines.sfn.send(new SendTaskSuccessCommand({ taskToken: second, output: '{"done":true}' }));
    expect(await machines.ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', output: '{"done": true}' });
    const told = await machines.told(executionArn);
    expect(told.filter((type) => type === 'TaskSubmitted')).toHaveLength(2);
    expect(told).toEqual(expect.arrayContaining(['TaskScheduled', 'TaskStarted', 'TaskFailed', 'TaskSucceeded']));
  });

  test('a task without a heartbeat fails, and one with heartbeats goes on', async () => {
    const caught = { ErrorEquals: ['States.HeartbeatTimeout'], Next: 'Silent' };
    const beating = machines.waiting({ HeartbeatSeconds: 2, Catch: [caught] });
    const stateMachineArn = await machines.create({
      StartAt: 'Beating',
      States: { Beating: { ...beating, End: true }, Silent: { Type: 'Pass', Output: 'silent', End: true } },
    });
    const { executionArn, status } = await eventually(async () => {
      let [last, longest] = [Date.now(), 0];
      const executionArn = await machines.begin(stateMachineArn);
      const taskToken = await machines.token();
      for (const began = last; last - began < 2_500; ) {
        await pause(100);
        await machines.sfn.send(new SendTaskHeartbeatCommand({ taskToken })).catch(() => undefined);
        const { status } = await machines.sfn.send(new DescribeExecutionCommand({ executionArn }));
        [last, longest] = [Date.now(), Math.max(longest, Date.now() - last)];
        if (longest < 900 && last - began >= 2_500) return { executionArn, status };
      }
      // The machine has paused: that was a silence.
      return undefined;
    });
    expect(status).toBe('RUNNING');
    expect((await machines.ended(executionArn)).output).toBe('"silent"');
  });

  test('a waiting task fails with its function’s error, and with States.Timeout after its time', async () => {
    const resource = 'arn:aws:states:::lambda:invoke.waitForTaskToken';
    const refusing = { ...call({ key: 'refusing', failures: 9, error: 'Refused' }), Resource: resource };
    expect(await machines.run(only(refusing))).toMatchObject({ status: 'FAILED', error: 'Refused' });
    const silent = { ...call({ key: 'silent' }), Resource: resource, TimeoutSeconds: 1 };
    expect(await machines.run(only(silent))).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  });
});

test('a throttled function fails its task with AWS’s error name', async () => {
  const lambda = new LambdaClient(access(emulator));
  const FunctionName = 'scripted';
  await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions: 0 }));
  try {
    const execution = await machines.run(only(call({ key: 'throttled' })));
    expect(execution).toMatchObject({ status: 'FAILED', error: 'Lambda.TooManyRequestsException' });
  } finally {
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName }));
  }
});

test('a hundred simultaneous executions end, and leave no thread and no waiting event', async () => {
  const before = await control(emulator, 'load', {});
  const stateMachineArn = await machines.create(
    sequence({ Both: parallel({ One: call({ key: 'burst' }) }, { Two: sleep(1) }) }),
  );
  const executions = await Promise.all(Array.from({ length: 100 }, () => machines.begin(stateMachineArn)));
  for (const executionArn of executions) {
    expect(await machines.ended(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  }
  const after = await eventually(async () => {
    const now = await control(emulator, 'load', {});
    return Number(now.threads) <= Number(before.threads) + 10 ? now : undefined;
  });
  expect(after.keptEvents).toBe(0);
});
