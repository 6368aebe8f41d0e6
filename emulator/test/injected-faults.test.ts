import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeDBInstanceAutomatedBackupsCommand, RDSClient } from '@aws-sdk/client-rds';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, launch, settled } from './aws';
import { call, Machines, only, sequence } from './machines';

/**
 * Sends the count of its calls to the queue that is named there; `failures` are its first calls. It asks `sts` who it is,
 * or ends the process of its own invocation.
 */
const CODE = `
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
let calls = 0;
exports.handler = async (event) => {
  const { queue, failures = 0, sts, kill, wait = 0 } = event.detail ?? event;
  calls += 1;
  await new Promise((resolve) => setTimeout(resolve, wait));
  if (queue) await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: queue, MessageBody: String(calls) }));
  if (calls <= failures) throw new Error('not yet');
  if (sts) await new STSClient({ endpoint: sts, maxAttempts: 1 }).send(new GetCallerIdentityCommand({})).catch(() => {});
  if (kill) {
    const [, root] = /Root=([^;]+)/.exec(process.env._X_AMZN_TRACE_ID);
    const body = JSON.stringify({ root, kill });
    await fetch(process.env.AWS_ENDPOINT_URL + '/_local/invocations', { method: 'POST', body });
  }
  return 'done';
};`;

const assumable = (service: string, Action: string[], RoleName: string) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName,
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
    },
    Policies: [
      {
        PolicyName: 'grants',
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] },
      },
    ],
  },
});

let emulator: Emulator;
let machines: Machines;

beforeAll(async () => {
  const env = { LAMBDA_WORKERS_PER_FUNCTION: '1', LAMBDA_ASYNC_RETRY_BASE_SECONDS: '0.1' };
  emulator = await startEmulator({ patience: 0, env });
  machines = new Machines(emulator);
  await machines.prepare();
  await launch(emulator, 'asking', {
    Role: assumable('lambda.amazonaws.com', ['sqs:SendMessage'], 'asking'),
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'asking',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Timeout: 60,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile: CODE },
        TracingConfig: { Mode: 'Active' },
      },
    },
  });
}, 60_000);
afterAll(() => emulator.stop());

const asking = (payload: object) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'asking', Payload: payload },
});

/** A listener that refuses every request, and tells the trace header of the first. */
async function refusing(): Promise<{ server: Server; url: string; traceHeader: Promise<string> }> {
  const server = createServer((_, response) => response.writeHead(400).end());
  const traceHeader = once(server, 'request').then(([{ headers }]) => String(headers['x-amzn-trace-id']));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, traceHeader };
}

/** Begins an execution whose second task has that fate; both tasks call the same function. */
async function withFate(fate: 'timeout' | 'abort'): Promise<string> {
  const stateMachineArn = await machines.create(sequence({ First: call({ key: fate }), Second: call({ key: fate }) }));
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${fate}`;
  await control(emulator, 'tasks', { executionArn, state: 'Second', fate });
  await machines.sfn.send(new StartExecutionCommand({ stateMachineArn, name: fate }));
  return executionArn;
}

test('a request of a traced function names its invocation', async () => {
  const { server, url, traceHeader } = await refusing();
  const event = { tenant: 'acme', sts: url };
  expect(await machines.run(sequence({ Ask: asking(event) }))).toMatchObject({ status: 'SUCCEEDED' });
  server.close();
  const [, root] = /Root=([^;]+)/.exec(await traceHeader) ?? [];
  expect(await control(emulator, 'invocations', { root })).toEqual({
    role: expect.stringContaining('role/asking'),
    event,
  });
});

test('a function whose process is killed fails its task with Runtime.ExitError, and can be called again', async () => {
  const killed = await machines.run(sequence({ Ask: asking({ kill: true }) }));
  expect(killed).toMatchObject({ status: 'FAILED', error: 'Runtime.ExitError' });
  expect(await machines.run(sequence({ Ask: asking({}) }))).toMatchObject({ status: 'SUCCEEDED' });
});

test('a function can be made to run out of memory, and out of time', async () => {
  const outOfMemory = await machines.run(sequence({ Ask: asking({ kill: 'Runtime.OutOfMemory' }) }));
  expect(outOfMemory).toMatchObject({ status: 'FAILED', error: 'Runtime.OutOfMemory' });
  const hurry = { role: 'asking', event: ['"tenant":"late"'], seconds: 0.5 };
  await control(emulator, 'function-time', hurry);
  expect(await machines.run(sequence({ Ask: asking({ tenant: 'other', wait: 800 }) }))).toMatchObject({
    status: 'SUCCEEDED',
  });
  const outOfTime = await machines.run(sequence({ Ask: asking({ tenant: 'late', wait: 800 }) }));
  expect(outOfTime).toMatchObject({ status: 'FAILED', error: 'Sandbox.Timedout' });
  expect(await control(emulator, 'function-time/remove', hurry)).toEqual({ met: true });
  expect(await machines.run(sequence({ Ask: asking({ tenant: 'late', wait: 800 }) }))).toMatchObject({
    status: 'SUCCEEDED',
  });
  await expect(control(emulator, 'invocations', { root: 'none', kill: 'boredom' })).rejects.toThrow();
});

test('a task that times out has been called once, and fails with States.Timeout', async () => {
  const executionArn = await withFate('timeout');
  expect(await machines.ended(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  expect(await control(emulator, 'tasks/remove', { executionArn, state: 'Second' })).toMatchObject({ played: true });
  const redriven = await machines.redrive(executionArn);
  expect(JSON.parse(redriven.output ?? '{}')).toEqual({ call: 3 });
});

test('an execution can be stopped in a chosen state, while the function that it called goes on', async () => {
  const executionArn = await withFate('abort');
  expect(await machines.ended(executionArn)).toMatchObject({ status: 'ABORTED' });
  expect((await machines.told(executionArn)).filter((line) => line.endsWith('Entered Second'))).toHaveLength(1);
  const redriven = await machines.redrive(executionArn);
  expect(JSON.parse(redriven.output ?? '{}')).toEqual({ call: 3 });
});

test('a stopped execution is over for its function when that has ended, and not before', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const held = once(server, 'request');
  const sts = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stateMachineArn = await machines.create(only(asking({ sts })));
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:held`;
  const task = { executionArn, state: 'Only' };
  await control(emulator, 'tasks', { ...task, fate: 'abort' });
  await machines.sfn.send(new StartExecutionCommand({ stateMachineArn, name: 'held' }));
  const [, answer] = await held;
  expect(await machines.ended(executionArn)).toMatchObject({ status: 'ABORTED' });
  expect(await control(emulator, 'tasks/remove', task)).toEqual({ played: true, over: false });
  answer.writeHead(400).end();
  const isOver = async () => ((await control(emulator, 'tasks/remove', task)) as { over: boolean }).over;
  expect(await eventually(async () => (await isOver()) || undefined)).toBe(true);
  server.close();
});

test('a function that fails on an event is called again twice', async () => {
  const [sqs, events, lambda] = [
    new SQSClient(access(emulator)),
    new EventBridgeClient(access(emulator)),
    new LambdaClient(access(emulator)),
  ];
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'heard' }));
  const { FunctionArn } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'asking' }));
  await events.send(new PutRuleCommand({ Name: 'asking', EventPattern: JSON.stringify({ source: ['test'] }) }));
  await events.send(new PutTargetsCommand({ Rule: 'asking', Targets: [{ Id: 'function', Arn: FunctionArn }] }));
  // A new process counts from one again.
  await lambda.send(new InvokeCommand({ FunctionName: 'asking', Payload: JSON.stringify({ kill: true }) }));
  const Detail = JSON.stringify({ queue: QueueUrl, failures: 2 });
  await events.send(new PutEventsCommand({ Entries: [{ Source: 'test', DetailType: 'test', Detail }] }));
  const heard: string[] = [];
  await eventually(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    heard.push(...Messages.map(({ Body = '' }) => Body));
    return heard.length >= 3 || undefined;
  });
  expect(heard).toEqual(['1', '2', '3']);
});

test("a database's automated backups are deleted with it, unless the deletion says otherwise", async () => {
  const rds = new RDSClient(access(emulator));
  const backups = async () => {
    const { DBInstanceAutomatedBackups = [] } = await rds.send(new DescribeDBInstanceAutomatedBackupsCommand({}));
    return DBInstanceAutomatedBackups.map(
      ({ DBInstanceIdentifier, Status }) => `${DBInstanceIdentifier} ${Status}`,
    ).sort();
  };
  const database = (DBInstanceIdentifier: string, more: object) => ({
    Type: 'AWS::RDS::DBInstance',
    DeletionPolicy: 'Delete',
    Properties: {
      DBInstanceIdentifier,
      DBInstanceClass: 'db.t4g.medium',
      Engine: 'postgres',
      AllocatedStorage: '20',
      MasterUsername: 'root',
      MasterUserPassword: 'not-a-secret-1',
      ...more,
    },
  });
  const { stack } = await launch(emulator, 'databases', {
    A: database('goes', {}),
    B: database('stays', { DeleteAutomatedBackups: false }),
  });
  expect(await backups()).toEqual(['goes active', 'stays active']);
  const cloudformation = new CloudFormationClient(access(emulator));
  await cloudformation.send(new DeleteStackCommand({ StackName: stack.StackId }));
  expect(await settled(cloudformation, stack.StackId)).toMatchObject({ StackStatus: 'DELETE_COMPLETE' });
  expect(await backups()).toEqual(['stays retained']);
});
