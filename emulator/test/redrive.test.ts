import { CreateTableCommand, DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeExecutionCommand,
  DescribeMapRunCommand,
  DescribeStateMachineForExecutionCommand,
  ListExecutionsCommand,
  ListMapRunsCommand,
  RedriveExecutionCommand,
  SendTaskSuccessCommand,
  StopExecutionCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually } from './aws';
import { call, fail, Machines, only, sequence, sleep } from './machines';

let emulator: Emulator;
let machines: Machines;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0, env: { LAMBDA_WORKERS_PER_FUNCTION: '1', SFN_WAIT_SCALE: '0.1' } });
  machines = new Machines(emulator);
  await machines.prepare();
}, 60_000);
afterAll(() => emulator.stop());

describe('redrive', () => {
  test('continues at the failed state, with the same input, variables and definition, and all retries again', async () => {
    const retry = { ErrorEquals: ['Scripted'], IntervalSeconds: 1, MaxAttempts: 1 };
    const definition = sequence({
      Before: { Type: 'Pass', Assign: { kept: 'variable' }, Output: { came: 'before' } },
      Task: {
        ...call({
          key: 'redriven',
          failures: 3,
          kept: '{% $kept %}',
          came: '{% $states.input.came %}',
          count: '{% $states.context.Execution.RedriveCount %}',
          redrivenAt: '{% $exists($states.context.Execution.RedriveTime) %}',
        }),
        Retry: [retry],
      },
    });
    const stateMachineArn = await machines.create(definition);
    const failed = await machines.ended(await machines.begin(stateMachineArn));
    expect(failed).toMatchObject({ status: 'FAILED', redriveCount: 0, redriveStatus: 'REDRIVABLE' });
    await machines.sfn.send(
      new UpdateStateMachineCommand({ stateMachineArn, definition: JSON.stringify(only(fail('Changed'))) }),
    );
    const { executionArn } = failed;
    const described = await machines.sfn.send(new DescribeStateMachineForExecutionCommand({ executionArn }));
    expect(Object.keys(JSON.parse(described.definition ?? '').States)).toEqual(['Before', 'Task']);
    const redriven = await machines.redrive(failed.executionArn);
    expect(JSON.parse(redriven.output ?? '')).toEqual({
      call: 4,
      kept: 'variable',
      came: 'before',
      count: 1,
      redrivenAt: true,
    });
    expect(redriven).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
      redriveDate: expect.any(Date),
      redriveStatus: 'NOT_REDRIVABLE',
      redriveStatusReason: 'Execution is SUCCEEDED and cannot be redriven',
    });
    expect(redriven.error).toBeUndefined();
    const events = await machines.history(failed.executionArn);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    expect(events.find(({ type }) => type === 'ExecutionRedriven')?.executionRedrivenEventDetails).toEqual({
      redriveCount: 1,
    });
    const told = await machines.told(failed.executionArn);
    expect(told.filter((line) => line === 'TaskStateEntered Task')).toHaveLength(1);
    const { executions } = await machines.sfn.send(new ListExecutionsCommand({ stateMachineArn }));
    expect(executions?.[0]).toMatchObject({ redriveCount: 1, redriveDate: expect.any(Date) });
  });

  test('runs only the branches of a Parallel state that did not succeed', async () => {
    const inBranch = (key: string, failures: number) => call({ key, failures });
    const definition = only({
      Type: 'Parallel',
      Branches: [
        sequence({ Good: inBranch('good', 0) }),
        sequence({ Until: machines.waiting(), First: inBranch('first', 0), Bad: inBranch('bad', 1) }),
      ],
    });
    const started = await machines.start(definition);
    const taskToken = await machines.token();
    await eventually(async () => (await machines.told(started)).includes('TaskStateExited Good') || undefined);
    await machines.sfn.send(new SendTaskSuccessCommand({ taskToken, output: '1' }));
    const failed = await machines.ended(started);
    expect(failed.status).toBe('FAILED');
    expect(JSON.parse((await machines.redrive(failed.executionArn)).output ?? '')).toEqual([{ call: 1 }, { call: 2 }]);
    const told = await machines.told(failed.executionArn);
    expect(told.filter((line) => line === 'TaskStateEntered First')).toHaveLength(1);
  });

  test('continues where an execution was stopped, without evaluating earlier states again', async () => {
    const executionArn = await machines.start(
      sequence({ First: call({ key: 'before-stop' }), Wait: machines.waiting() }),
    );
    await machines.token();
    await machines.sfn.send(new StopExecutionCommand({ executionArn }));
    expect(await machines.ended(executionArn)).toMatchObject({ status: 'ABORTED', redriveStatus: 'REDRIVABLE' });
    const clientToken = 'once';
    const { redriveDate } = await machines.sfn.send(new RedriveExecutionCommand({ executionArn, clientToken }));
    const again = await machines.sfn.send(new RedriveExecutionCommand({ executionArn, clientToken }));
    expect(again.redriveDate).toEqual(redriveDate);
    await machines.sfn.send(new SendTaskSuccessCommand({ taskToken: await machines.token(), output: '1' }));
    expect(await machines.ended(executionArn)).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1, output: '1' });
    const told = await machines.told(executionArn);
    expect(told.filter((line) => line === 'TaskStateEntered First')).toHaveLength(1);
  });

  test('is refused for an execution that runs, has succeeded, is older than 14 days, is Express or does not exist', async () => {
    const redrive = (executionArn: string | undefined) =>
      machines.sfn.send(new RedriveExecutionCommand({ executionArn }));
    const reason = async (executionArn: string | undefined) => {
      await expect(redrive(executionArn)).rejects.toMatchObject({ name: 'ExecutionNotRedrivable' });
      return (await machines.sfn.send(new DescribeExecutionCommand({ executionArn }))).redriveStatusReason;
    };
    const running = await machines.start(only(machines.waiting()));
    await machines.token();
    expect(await reason(running)).toBe('Execution is RUNNING and cannot be redriven');
    const succeeded = await machines.run(only({ Type: 'Pass' }));
    expect(await reason(succeeded.executionArn)).toBe('Execution is SUCCEEDED and cannot be redriven');
    const stateMachineArn = await machines.create({ StartAt: 'Fail', States: { Fail: fail('Failed') } });
    const failed = async () => (await machines.ended(await machines.begin(stateMachineArn))).executionArn;
    const [young, old] = [await failed(), await failed()];
    await control(emulator, 'executions/age', { executionArn: young, days: 13.9 });
    await control(emulator, 'executions/age', { executionArn: old, days: 14.1 });
    expect(await reason(old)).toBe('Execution redrivable period exceeded');
    expect(await machines.redrive(young)).toMatchObject({ status: 'FAILED', redriveCount: 1 });
    const express = await machines.create({ StartAt: 'Fail', States: { Fail: fail('Failed') } }, 'EXPRESS');
    const fast = await machines.ended(await machines.begin(express));
    expect(await reason(fast.executionArn)).toMatch(/Express/);
    await expect(redrive(`${running}-other`)).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
    await expect(redrive('arn:aws:states:::none')).rejects.toMatchObject({ name: 'InvalidArn' });
  });
});

test('every status change of an execution is an event on the default bus, redrives included', async () => {
  const events = new EventBridgeClient(access(emulator));
  const { url, arn } = await machines.queue('statuses');
  const stateMachineArn = await machines.create(only(call({ key: 'announced', failures: 1 })));
  await events.send(
    new PutRuleCommand({
      Name: 'statuses',
      EventPattern: JSON.stringify({
        source: ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        detail: { stateMachineArn: [stateMachineArn] },
      }),
    }),
  );
  await events.send(new PutTargetsCommand({ Rule: 'statuses', Targets: [{ Id: 'q', Arn: arn }] }));
  const { executionArn } = await machines.ended(await machines.begin(stateMachineArn));
  await machines.redrive(executionArn);
  const messages = await machines.messages(url, 4);
  const details = messages.map((body) => JSON.parse(body)).map(({ resources, detail }) => ({ resources, ...detail }));
  expect(details.every(({ resources }) => resources[0] === executionArn)).toBe(true);
  const seen = details.map((detail) => [detail.status, detail.redriveCount, detail.redriveStatus, detail.error]);
  expect(seen).toEqual(
    expect.arrayContaining([
      ['RUNNING', 0, 'NOT_REDRIVABLE', null],
      ['FAILED', 0, 'REDRIVABLE', 'Scripted'],
      ['RUNNING', 1, 'NOT_REDRIVABLE', null],
      ['SUCCEEDED', 1, 'NOT_REDRIVABLE', null],
    ]),
  );
  const redriven = details.filter(({ redriveCount }) => redriveCount === 1);
  expect(redriven.every(({ redriveDate }) => redriveDate > 1_600_000_000_000)).toBe(true);
});

describe('Map states', () => {
  const each = (processor: object, rest: object = {}) => ({
    Type: 'Map',
    Items: '{% $states.input.items %}',
    ItemProcessor: processor,
    ...rest,
  });
  const child = {
    item: '{% $states.input %}',
    key: '{% $states.input.key %}',
    failures: '{% $states.input.failures %}',
  };
  const item = (key: string, failures = 0) => ({ key, failures });

  test('an inline Map limits its concurrency, stops at a failure, and redrives the iterations that did not succeed', async () => {
    const processor = sequence({ Nap: sleep('{% $states.input.failures %}'), Work: call(child) });
    const definition = only(each(processor, { MaxConcurrency: 1 }));
    const items = [item('inline-a'), item('inline-b', 1), item('inline-c')];
    const failed = await machines.run(definition, { items });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'Scripted' });
    const told = await machines.told(failed.executionArn);
    expect(told.filter((line) => line === 'MapIterationStarted')).toHaveLength(2);
    const redriven = await machines.redrive(failed.executionArn);
    const results = JSON.parse(redriven.output ?? '').map(({ call: count }: { call: number }) => count);
    expect(results).toEqual([1, 2, 1]);
  });

  test('a distributed Map runs each item as its own execution, and tolerates the configured number of failures', async () => {
    const processor = {
      ...sequence({ Work: call(child) }),
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    };
    const select = {
      ItemSelector: "{% $merge([$states.context.Map.Item.Value, {'index': $states.context.Map.Item.Index}]) %}",
    };
    const definition = only(each(processor, { MaxConcurrency: 2, ToleratedFailureCount: 1, ...select }));
    const [good, bad] = [item('child-a'), item('child-b', 1)];
    const tolerated = await machines.run(definition, { items: [good, bad] });
    expect(tolerated.status).toBe('SUCCEEDED');
    expect(JSON.parse(tolerated.output ?? '')[0]).toMatchObject({ call: 1, item: { key: 'child-a', index: 0 } });

    const others = [item('child-c'), item('child-d', 1), item('child-e', 1)];
    // One at a time: the first one has succeeded when the others fail.
    const inTurn = only(each(processor, { MaxConcurrency: 1, ToleratedFailureCount: 1, ...select }));
    const failed = await machines.run(inTurn, { items: others });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
    const { mapRuns } = await machines.sfn.send(new ListMapRunsCommand({ executionArn: failed.executionArn }));
    const mapRunArn = mapRuns?.[0]?.mapRunArn;
    const described = () => machines.sfn.send(new DescribeMapRunCommand({ mapRunArn }));
    expect(await described()).toMatchObject({ status: 'FAILED', itemCounts: { total: 3, failed: 2 } });
    const redriven = await machines.redrive(failed.executionArn);
    expect(redriven.status).toBe('SUCCEEDED');
    const results = JSON.parse(redriven.output ?? '').map(({ call: count }: { call: number }) => count);
    expect(results).toEqual([1, 2, 2]);
    expect(await described()).toMatchObject({ status: 'SUCCEEDED', redriveCount: 1, itemCounts: { succeeded: 3 } });
    const { executions = [] } = await machines.sfn.send(new ListExecutionsCommand({ mapRunArn }));
    expect(executions.map(({ redriveCount }) => redriveCount).sort()).toEqual([0, 1, 1]);
    expect(await machines.told(executions[0]?.executionArn)).toEqual(
      expect.arrayContaining([
        'ExecutionStarted',
        'TaskStateEntered Work',
        'TaskStateExited Work',
        'ExecutionSucceeded',
      ]),
    );
  });

  test('stopping an execution stops the child executions of its Map Run', async () => {
    const processor = {
      ...sequence({ Wait: machines.waiting() }),
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    };
    const executionArn = await machines.start(only(each(processor)), { items: [1, 2] });
    const tokens = await machines.tokens(2);
    await machines.sfn.send(new StopExecutionCommand({ executionArn }));
    const { mapRuns } = await machines.sfn.send(new ListMapRunsCommand({ executionArn }));
    const mapRunArn = mapRuns?.[0]?.mapRunArn;
    await eventually(async () => {
      const { status, itemCounts } = await machines.sfn.send(new DescribeMapRunCommand({ mapRunArn }));
      return status === 'ABORTED' && itemCounts?.aborted === 2 ? true : undefined;
    });
    const late = machines.sfn.send(new SendTaskSuccessCommand({ taskToken: tokens[0], output: '1' }));
    await expect(late).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test('a distributed Map runs over the items of a table query, in batches', async () => {
    const dynamodb = new DynamoDBClient(access(emulator));
    const key = [
      { AttributeName: 'pk', KeyType: 'HASH' as const },
      { AttributeName: 'sk', KeyType: 'RANGE' as const },
    ];
    const attributes = key.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' as const }));
    await dynamodb.send(
      new CreateTableCommand({
        TableName: 'audited',
        KeySchema: key,
        AttributeDefinitions: attributes,
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    for (const sk of ['t1', 't2', 't3']) {
      await dynamodb.send(new PutItemCommand({ TableName: 'audited', Item: { pk: { S: 'ACTIVE' }, sk: { S: sk } } }));
    }
    const execution = await machines.run(
      sequence({
        Query: {
          Type: 'Task',
          Resource: 'arn:aws:states:::aws-sdk:dynamodb:query',
          Arguments: {
            TableName: 'audited',
            KeyConditionExpression: 'pk = :active',
            ExpressionAttributeValues: { ':active': { S: 'ACTIVE' } },
          },
          Output: '{% $states.result.Items.sk.S %}',
        },
        Audit: {
          Type: 'Map',
          Items: '{% $states.input %}',
          ItemBatcher: { MaxItemsPerBatch: 2, BatchInput: { run: '{% $states.context.Execution.Name %}' } },
          ItemProcessor: {
            ...sequence({ Work: { Type: 'Pass', Output: '{% $states.input.Items %}' } }),
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
          },
        },
      }),
    );
    expect(JSON.parse(execution.output ?? '')).toEqual([['t1', 't2'], ['t3']]);
  });
});
