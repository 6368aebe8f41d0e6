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
import { access, control, eventually, launch, pause } from './aws';

const CODE = `
let calls = 0;
const here = process.pid;
const steps = [];
exports.handler = async ({ kind, pause = 0, Step, SecretId }) => {
  if (kind === 'steps') return steps;
  if (kind === 'folder') {
    const compiled = require('node:module').getCompileCacheDir();
    const kept = require('node:fs').readdirSync(compiled).length > 0;
    await new Promise((resolve) => setTimeout(resolve, pause));
    return { here, folder: __dirname, kept };
  }
  if (Step) {
    steps.push([SecretId.split(':').at(-1).slice(0, -7), Step].join(' '));
    if (Step === 'setSecret' && steps.length === 2) throw new Error('not now');
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

beforeAll(async () => {
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
        Timeout: 20,
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        VpcConfig: { SubnetIds: ['subnet-a'], SecurityGroupIds: ['sg-a'] },
        DeadLetterConfig: { TargetArn: DEAD_LETTERS },
        Code: { ZipFile: CODE },
      },
    },
  });
}, 60_000);
afterAll(() => emulator.stop());

async function invoke(event: object) {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName: 'scripted', Payload: JSON.stringify(event) }),
  );
  return { FunctionError, payload: JSON.parse(Buffer.from(Payload ?? []).toString() || 'null') };
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
  const answers = await Promise.all([invoke({ kind: 'folder', pause: 400 }), invoke({ kind: 'folder', pause: 400 })]);
  expect(new Set(answers.map(({ payload }) => payload.here)).size).toBe(2);
  const [{ payload }] = answers;
  expect(answers[1].payload.folder).toBe(payload.folder);
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
  const underWay = invoke({ pause: 1000 });
  await pause(300);
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'scripted', Description: 'newer' }));
  const next = await invoke({});
  expect(await underWay).toMatchObject({ FunctionError: undefined, payload: { here: before.payload.here } });
  expect(next.payload.here).not.toBe(before.payload.here);
});

test('a burst of invocations waits for a few processes, and each is answered', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => invoke({ pause: 50 })));
  const processes = new Set(answers.map(({ payload }) => payload.here));
  expect(answers.every(({ FunctionError }) => FunctionError === undefined)).toBe(true);
  expect(processes.size).toBeLessThanOrEqual(2);
});

test('an invocation that waits too long for a process is throttled, and never starts', async () => {
  const before = await Promise.all([invoke({ pause: 400 }), invoke({ pause: 400 })]);
  const busy = [invoke({ pause: 6000 }), invoke({ pause: 6000 })];
  await pause(200);
  await expect(invoke({})).rejects.toMatchObject({ name: 'TooManyRequestsException' });
  const after = await Promise.all(busy);
  const calls = (answers: Awaited<ReturnType<typeof invoke>>[]) =>
    answers.reduce((sum, { payload }) => sum + payload.calls, 0);
  expect(calls(after)).toBe(calls(before) + 2);
}, 20_000);

test('invocations that wait for a process are counted until they run', async () => {
  const waiting = async () => (await control(emulator, 'load', {})).waitingInvocations;
  expect(await waiting()).toBe(0);
  const asked = [1, 2, 3, 4].map(() => invoke({ pause: 500 }));
  await eventually(async () => ((await waiting()) === 2 ? true : undefined));
  await Promise.all(asked);
  expect(await waiting()).toBe(0);
});

test('an answer does not wait for log lines, and every line is kept', async () => {
  const times: number[] = [];
  for (let call = 0; call < 20; call++) {
    const began = performance.now();
    await invoke({ kind: 'log' });
    await invoke({});
    times.push(performance.now() - began);
  }
  // The quickest pair of many: a busy machine makes some slow, a wait makes all slow.
  expect(Math.min(...times)).toBeLessThan(50);
  const logs = new CloudWatchLogsClient(access(emulator));
  const { events = [] } = await logs.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/scripted' }));
  const logged = events.map(({ message = '' }) => message).filter((line) => /^(one|two|three)$/.test(line));
  expect(logged).toEqual(Array.from({ length: 20 }, () => ['one', 'two', 'three']).flat());
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
    const rotated = await eventually(async () => (await described()).LastRotatedDate);
    // To the millisecond: a password may be set just after it.
    expect(rotated.getTime()).toBeGreaterThanOrEqual(began);
    expect(await rotate({ RotateImmediately: false })).toMatchObject({ Name: 'rotated' });
  });
});
