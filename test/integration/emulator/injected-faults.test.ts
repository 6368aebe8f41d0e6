import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutEventsCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeDBInstanceAutomatedBackupsCommand, RDSClient } from '@aws-sdk/client-rds';
import { StartExecutionCommand } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import getPort from 'get-port';
import { type Emulator, startEmulator } from '../../../emulator/emulator';
import type { AwsCall } from '../../../local/aws-call';
import { type AwsProxy, type Intervention, startAwsProxy } from '../../../local/aws-proxy';
import { access, control, eventually, launch, settled } from './aws';
import { call, Machines, sequence } from './machines';

/** Asks STS who it is, and sends what it was called with to the queue that is named there; `failures` are its first calls. */
const CODE = `
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts');
const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
let calls = 0;
exports.handler = async (event) => {
  const { queue, failures = 0 } = event.detail ?? event;
  calls += 1;
  if (queue) await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: queue, MessageBody: String(calls) }));
  if (calls <= failures) throw new Error('not yet');
  await new STSClient({}).send(new GetCallerIdentityCommand({}));
  return 'done';
};`;

const assumable = (service: string, Action: string[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
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
let proxy: AwsProxy;
let machines: Machines;

beforeAll(async () => {
  const port = await getPort({ host: '127.0.0.1' });
  proxy = await startAwsProxy(`http://127.0.0.1:${port}`);
  const env = { AWS_ENDPOINT_URL: proxy.url, LAMBDA_WORKERS_PER_FUNCTION: '1', LAMBDA_ASYNC_RETRY_BASE_SECONDS: '0.1' };
  emulator = await startEmulator({ port, env });
  machines = new Machines(emulator);
  await machines.prepare();
  await launch(emulator, 'asking', {
    Role: assumable('lambda.amazonaws.com', ['sqs:SendMessage']),
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'asking',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile: CODE },
        TracingConfig: { Mode: 'Active' },
      },
    },
  });
}, 60_000);
afterAll(async () => {
  await emulator.stop();
  await proxy.close();
});
afterEach(() => proxy.listen(undefined));

const asking = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'asking', Payload: { tenant: 'acme' } },
};

/** Ends the process that makes a call, when the call has had its effect. */
const killing = ({ action, traceRoot }: AwsCall): Intervention | undefined =>
  action === 'GetCallerIdentity'
    ? {
        loseAnswer: true,
        afterEffect: async () => {
          await control(emulator, 'invocations', { root: traceRoot, kill: true });
        },
      }
    : undefined;

/** Begins an execution whose second task has that fate; both tasks call the same function. */
async function withFate(fate: 'timeout' | 'abort'): Promise<string> {
  const stateMachineArn = await machines.create(sequence({ First: call({ key: fate }), Second: call({ key: fate }) }));
  const executionArn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${fate}`;
  await control(emulator, 'tasks', { executionArn, state: 'Second', fate });
  await machines.sfn.send(new StartExecutionCommand({ stateMachineArn, name: fate }));
  return executionArn;
}

test('a request of a traced function tells which invocation made it', async () => {
  const seen: AwsCall[] = [];
  proxy.listen((one) => void seen.push(one));
  const { status } = await machines.run(sequence({ Ask: asking }));
  expect(status).toBe('SUCCEEDED');
  const asked = seen.find(({ action }) => action === 'GetCallerIdentity');
  const invocation = await control(emulator, 'invocations', { root: asked?.traceRoot });
  expect(invocation).toEqual({ role: expect.stringContaining('role/asking-Role'), event: { tenant: 'acme' } });
});

test('a function whose process is killed fails its task with Runtime.ExitError, and is there again for the next call', async () => {
  proxy.listen(killing);
  const killed = await machines.run(sequence({ Ask: asking }));
  expect(killed).toMatchObject({ status: 'FAILED', error: 'Runtime.ExitError' });
  proxy.listen(undefined);
  expect(await machines.run(sequence({ Ask: asking }))).toMatchObject({ status: 'SUCCEEDED' });
});

test('a task whose time is up has been called once, and fails with States.Timeout', async () => {
  const executionArn = await withFate('timeout');
  expect(await machines.ended(executionArn)).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  expect(await control(emulator, 'tasks/remove', { executionArn, state: 'Second' })).toEqual({ played: true });
  const redriven = await machines.redrive(executionArn);
  expect(JSON.parse(redriven.output ?? '{}')).toEqual({ call: 3 });
});

test('an execution is stopped in the state of choice, while the function that it has called goes on', async () => {
  const executionArn = await withFate('abort');
  expect(await machines.ended(executionArn)).toMatchObject({ status: 'ABORTED' });
  expect((await machines.told(executionArn)).filter((line) => line.endsWith('Entered Second'))).toHaveLength(1);
  const redriven = await machines.redrive(executionArn);
  expect(JSON.parse(redriven.output ?? '{}')).toEqual({ call: 3 });
});

test('a function that fails on an event is tried again, twice', async () => {
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
  proxy.listen(killing);
  await lambda.send(new InvokeCommand({ FunctionName: 'asking', Payload: '{}' }));
  proxy.listen(undefined);
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

test("a database's automated backups go with it, unless it says otherwise", async () => {
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
