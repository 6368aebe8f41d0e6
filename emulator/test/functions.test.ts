import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  AddPermissionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  LambdaClient,
  PublishVersionCommand,
  RemovePermissionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, launch } from './aws';

/** It tells that it has begun, and waits for its end, in a folder of the test; there it also keeps the steps of rotations. */
const CODE = `
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require('node:fs');
let calls = 0;
const here = process.pid;
const STEPS = process.env.FOLDER + '/steps';
const steps = () => (existsSync(STEPS) ? readFileSync(STEPS, 'utf8').trim().split('\\n') : []);
exports.handler = async ({ kind, pause = 0, held, Step, SecretId }) => {
  if (kind === 'steps') return steps();
  if (held) {
    const [begun, over] = ['begun', 'over'].map((what) => process.env.FOLDER + '/' + held + '.' + what);
    writeFileSync(begun, '');
    while (!existsSync(over)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (kind === 'folder') {
    const compiled = require('node:module').getCompileCacheDir();
    const kept = require('node:fs').readdirSync(compiled).length > 0;
    return { here, folder: __dirname, kept };
  }
  if (Step) {
    appendFileSync(STEPS, [SecretId.split(':').at(-1).slice(0, -7), Step].join(' ') + '\\n');
    if (Step === 'setSecret' && steps().length === 2) throw new Error('not now');
    return;
  }
  calls += 1;
  await new Promise((resolve) => setTimeout(resolve, pause));
  if (kind === 'error') throw Object.assign(new Error('no such tenant'), { name: 'TenantUnknown' });
  if (kind === 'text') throw 'plain text';
  if (kind === 'exit') process.exit(1);
  if (kind === 'log') console.log(['one', 'two', 'three'].join('\\n'));
  return { calls, here };
};`;

const DEAD_LETTERS = 'arn:aws:sqs:eu-central-1:000000000000:dead';

let emulator: Emulator;
let lambda: LambdaClient;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'functions-'));
  emulator = await startEmulator({
    patience: 0,
    env: { LAMBDA_WORKERS_PER_FUNCTION: '2', LAMBDA_PATIENCE_SECONDS: '3' },
  });
  lambda = new LambdaClient(access(emulator));
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const policy = { Version: '2012-10-17', Statement: [trust] };
  await launch(emulator, 'functions', {
    Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'functions', AssumeRolePolicyDocument: policy } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'scripted',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Timeout: 60,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        VpcConfig: { SubnetIds: ['subnet-a'], SecurityGroupIds: ['sg-a'] },
        DeadLetterConfig: { TargetArn: DEAD_LETTERS },
        Code: { ZipFile: CODE },
        Environment: { Variables: { FOLDER: folder } },
      },
    },
  });
}, 60_000);
afterAll(async () => {
  await emulator.stop();
  rmSync(folder, { recursive: true });
});

async function invoke(event: object) {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: 'scripted', Payload: JSON.stringify(event) }),
  );
  return { FunctionError, payload: JSON.parse(Buffer.from(Payload ?? []).toString() || 'null') };
}

/** Begins invocations, and answers when all of them are under way: they go on until the function is told to end them. */
async function hold(names: readonly string[], event: object = {}) {
  const answers = names.map((held) => invoke({ held, ...event }));
  await eventually(async () => names.every((name) => existsSync(join(folder, `${name}.begun`))) || undefined);
  return {
    answers,
    end: () => {
      for (const name of names) writeFileSync(join(folder, `${name}.over`), '');
    },
  };
}

test('a function made by CloudFormation has the network and the dead-letter queue of its template', async () => {
  const { VpcConfig, DeadLetterConfig } = await lambda.send(
    new GetFunctionConfigurationCommand({ FunctionName: 'scripted' }),
  );
  expect(DeadLetterConfig).toEqual({ TargetArn: DEAD_LETTERS });
  expect(VpcConfig).toMatchObject({ SubnetIds: ['subnet-a'], SecurityGroupIds: ['sg-a'] });
});

test('the caller gets a function’s error under its own name, and the function can be called again', async () => {
  const before = await invoke({});
  expect(await invoke({ kind: 'error' })).toMatchObject({
    FunctionError: 'Unhandled',
    payload: { errorType: 'TenantUnknown', errorMessage: 'no such tenant', trace: expect.any(Array) },
  });
  expect(await invoke({ kind: 'text' })).toMatchObject({
    payload: { errorType: 'string', errorMessage: 'plain text', trace: [] },
  });
  const after = await invoke({});
  expect(after.payload).toEqual({ here: before.payload.here, calls: before.payload.calls + 3 });
});

test('processes of one code share its folder, and what Node compiled there; another code has another', async () => {
  const both = await hold(['one', 'other'], { kind: 'folder' });
  both.end();
  const answers = await Promise.all(both.answers);
  expect(new Set(answers.map(({ payload }) => payload.here)).size).toBe(2);
  const payload = answers[0]?.payload;
  expect(answers[1]?.payload.folder).toBe(payload.folder);
  await eventually(async () => (await invoke({ kind: 'folder' })).payload.kept || undefined);
  await launch(emulator, 'other', {
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'other',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: `arn:aws:iam::${emulator.accountId}:role/functions`,
        Code: { ZipFile: 'exports.handler = async () => __dirname;' },
      },
    },
  });
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'other' }));
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).not.toBe(payload.folder);
});

test('a function that ends its process fails with Runtime.ExitError, and is started again', async () => {
  const before = await invoke({});
  expect(await invoke({ kind: 'exit' })).toMatchObject({
    FunctionError: 'Unhandled',
    payload: { errorType: 'Runtime.ExitError' },
  });
  expect((await invoke({})).payload.here).not.toBe(before.payload.here);
});

test('an update lets the invocation under way finish, and the next one runs the new code', async () => {
  const before = await invoke({});
  const { answers, end } = await hold(['updated']);
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'scripted', Description: 'newer' }));
  const next = await invoke({});
  end();
  const underWay = await answers[0];
  expect(underWay?.FunctionError).toBeUndefined();
  expect([before.payload.here, underWay?.payload.here]).not.toContain(next.payload.here);
});

test('a burst of invocations waits for a few processes, and each is answered', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => invoke({ pause: 50 })));
  const processes = new Set(answers.map(({ payload }) => payload.here));
  expect(answers.every(({ FunctionError }) => FunctionError === undefined)).toBe(true);
  expect(processes.size).toBeLessThanOrEqual(2);
});

test('an invocation that waits too long for a process is throttled, and never starts', async () => {
  const both = await hold(['counted-1', 'counted-2']);
  both.end();
  const before = await Promise.all(both.answers);
  const { answers: busy, end } = await hold(['busy-1', 'busy-2']);
  await expect(invoke({})).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  end();
  const after = await Promise.all(busy);
  const calls = (answers: Awaited<ReturnType<typeof invoke>>[]) =>
    answers.reduce((sum, { payload }) => sum + payload.calls, 0);
  expect(calls(after)).toBe(calls(before) + 2);
});

test('invocations that wait for a process are counted until they run', async () => {
  const waiting = async () => (await control(emulator, 'load', {})).waitingInvocations;
  expect(await waiting()).toBe(0);
  const { answers, end } = await hold(['before-1', 'before-2']);
  answers.push(invoke({}), invoke({}));
  await eventually(async () => ((await waiting()) === 2 ? true : undefined));
  end();
  await Promise.all(answers);
  expect(await waiting()).toBe(0);
});

test('an answer does not wait for log lines, and every line is kept', async () => {
  let calls = 0;
  // A busy machine makes some pairs slow, a wait makes all slow.
  await eventually(async () => {
    const began = performance.now();
    await invoke({ kind: 'log' });
    await invoke({});
    const isQuick = performance.now() - began < 50;
    calls += 1;
    return (isQuick && calls >= 20) || undefined;
  });
  const logs = new CloudWatchLogsClient(access(emulator));
  const logged = await eventually(async () => {
    // Of a process that was slow to hand its lines over, they come with the next invocation.
    await invoke({});
    const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/scripted' }));
    const lines = events.map(({ message = '' }) => message).filter((line) => /^(one|two|three)$/.test(line));
    return lines.length >= calls * 3 ? lines : undefined;
  });
  expect(logged).toEqual(Array.from({ length: calls }, () => ['one', 'two', 'three']).flat());
  logs.destroy();
});

test('a function that times out is ended with its sandbox, and fails with Sandbox.Timedout', async () => {
  const before = await invoke({});
  await control(emulator, 'function-time', { role: 'functions', event: ['"kind":"slow"'], seconds: 1 });
  expect(await invoke({ kind: 'slow', pause: 3000 })).toMatchObject({
    FunctionError: 'Unhandled',
    payload: { errorType: 'Sandbox.Timedout', errorMessage: expect.stringContaining('Task timed out after') },
  });
  expect((await invoke({})).payload.here).not.toBe(before.payload.here);
});

test('a function’s policy and that of its version are two', async () => {
  const FunctionName = 'scripted';
  const { Version: Qualifier } = await lambda.send(new PublishVersionCommand({ FunctionName }));
  const permission = { FunctionName, Action: 'lambda:InvokeFunction', Principal: '999999999999' };
  await lambda.send(new AddPermissionCommand({ ...permission, StatementId: 'ofVersion', Qualifier }));
  await expect(lambda.send(new GetPolicyCommand({ FunctionName }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await lambda.send(new AddPermissionCommand({ ...permission, StatementId: 'own' }));
  const sids = async (of: object) => {
    const { Policy = '{}' } = await lambda.send(new GetPolicyCommand({ FunctionName, ...of }));
    return JSON.parse(Policy).Statement.map(({ Sid }: { Sid: string }) => Sid);
  };
  expect([await sids({}), await sids({ Qualifier })]).toEqual([['own'], ['ofVersion']]);
  await expect(
    lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: 'ofVersion' })),
  ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  await lambda.send(new RemovePermissionCommand({ FunctionName, StatementId: 'own' }));
  expect(await sids({ Qualifier })).toEqual(['ofVersion']);
});

test('the event history tells each permission to call a function, in pages', async () => {
  const cloudtrail = new CloudTrailClient(access(emulator));
  const permission = { FunctionName: 'scripted', StatementId: 'told' };
  await lambda.send(new AddPermissionCommand({ ...permission, Action: 'lambda:InvokeFunction', Principal: '*' }));
  await lambda.send(new RemovePermissionCommand(permission));
  const lookUp = async (AttributeValue: string, more: object = {}) => {
    const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue }];
    return await cloudtrail.send(new LookupEventsCommand({ LookupAttributes, ...more }));
  };
  const { Events: [event] = [], NextToken } = await lookUp('AddPermission20150331v2', { MaxResults: 1 });
  expect(JSON.parse(event?.CloudTrailEvent ?? '{}')).toMatchObject({
    eventName: 'AddPermission20150331v2',
    eventSource: 'lambda.amazonaws.com',
    requestParameters: { functionName: 'scripted', statementId: 'told', principal: '*' },
  });
  const older = await lookUp('AddPermission20150331v2', { NextToken });
  expect(older.Events?.map(({ EventId }) => EventId)).not.toContain(event?.EventId);
  cloudtrail.destroy();
});

describe('a rotation', () => {
  let secrets: SecretsManagerClient;
  let RotationLambdaARN: string | undefined;

  beforeAll(async () => {
    secrets = new SecretsManagerClient(access(emulator));
    await secrets.send(new CreateSecretCommand({ Name: 'rotated', SecretString: '1' }));
    const { FunctionArn } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'scripted' }));
    RotationLambdaARN = FunctionArn;
  });

  const rotate = (change: object = {}) =>
    secrets.send(
      new RotateSecretCommand({
        SecretId: 'rotated',
        RotationLambdaARN,
        ...{ RotationRules: { AutomaticallyAfterDays: 30 }, ...change },
      }),
    );
  const described = () => secrets.send(new DescribeSecretCommand({ SecretId: 'rotated' }));
  const stepsOf = async () => (await invoke({ kind: 'steps' })).payload;

  test('needs a function that Secrets Manager may call', async () => {
    await expect(rotate()).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('Ensure that the function policy grants access'),
    });
    await expect(rotate({ RotationLambdaARN: undefined })).rejects.toMatchObject({ name: 'InvalidRequestException' });
    await lambda.send(
      new AddPermissionCommand({
        FunctionName: 'scripted',
        StatementId: 'rotation',
        Action: 'lambda:InvokeFunction',
        Principal: 'secretsmanager.amazonaws.com',
        SourceAccount: emulator.accountId,
      }),
    );
  });

  test('calls its function in four steps, and begins anew when one fails', async () => {
    const { VersionId = '' } = await rotate();
    const all = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => `rotated ${step}`);
    await eventually(async () => (await stepsOf()).length === 6 || undefined);
    expect(await stepsOf()).toEqual([...all.slice(0, 2), ...all]);
    const empty = secrets.send(new GetSecretValueCommand({ SecretId: 'rotated', VersionStage: 'AWSPENDING' }));
    await expect(empty).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    const { VersionIdsToStages, LastRotatedDate } = await described();
    expect([VersionIdsToStages?.[VersionId], LastRotatedDate]).toEqual([['AWSPENDING'], undefined]);
  });

  test('that has not ended holds up the next one', async () => {
    await expect(rotate()).rejects.toMatchObject({ message: expect.stringContaining('will be reattempted') });
    const [[pending = '', current = ''] = []] = [
      Object.keys((await described()).VersionIdsToStages ?? {}).toReversed(),
    ];
    await secrets.send(
      new PutSecretValueCommand({
        ...{ SecretId: 'rotated', ClientRequestToken: pending, SecretString: '2', VersionStages: ['AWSPENDING'] },
      }),
    );
    await secrets.send(
      new UpdateSecretVersionStageCommand({
        ...{ SecretId: 'rotated', VersionStage: 'AWSCURRENT', MoveToVersionId: pending, RemoveFromVersionId: current },
      }),
    );
    const began = Date.now();
    await rotate({ ClientRequestToken: pending });
    // To the millisecond: a password may be set just after it. The attempt that the refusal speaks of may have ended before.
    await eventually(async () => ((await described()).LastRotatedDate?.getTime() ?? 0) >= began || undefined);
    expect(await rotate({ RotateImmediately: false })).toMatchObject({ Name: 'rotated' });
  });
});
