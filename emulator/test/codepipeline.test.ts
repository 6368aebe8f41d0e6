import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import {
  CodePipelineClient,
  CreatePipelineCommand,
  type ExecutionMode,
  GetPipelineStateCommand,
  ListPipelineExecutionsCommand,
  PutApprovalResultCommand,
  RetryStageExecutionCommand,
  StartPipelineExecutionCommand,
  StopPipelineExecutionCommand,
} from '@aws-sdk/client-codepipeline';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateStateMachineCommand, DescribeExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Emulator, startEmulator } from '../emulator';
import { pushImage } from '../image-registry';
import { access, eventually, launch } from './aws';

const REPOSITORY = 'shared/service';

let emulator: Emulator;
let pipelines: CodePipelineClient;
let events: EventBridgeClient;
let machineArn: string;
let roleArn: string;

async function role(name: string, service: string, Action: string | string[]): Promise<string> {
  const iam = new IAMClient(access(emulator));
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  };
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] };
  await iam.send(
    new PutRolePolicyCommand({ RoleName: name, PolicyName: 'grants', PolicyDocument: JSON.stringify(policy) }),
  );
  return Role?.Arn ?? '';
}

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  const aws = access(emulator);
  pipelines = new CodePipelineClient(aws);
  events = new EventBridgeClient(aws);
  await new ECRClient(aws).send(new CreateRepositoryCommand({ repositoryName: REPOSITORY }));
  roleArn = await role('pipeline', 'codepipeline.amazonaws.com', ['ecr:DescribeImages', 'states:*', 'sns:Publish']);
  /** Fails when its input says so. */
  const definition = {
    StartAt: 'Fails',
    States: {
      Fails: { Type: 'Choice', Choices: [{ Variable: '$.fails', BooleanEquals: true, Next: 'No' }], Default: 'Yes' },
      No: { Type: 'Fail', Error: 'ReleaseUnhealthy', Cause: 'it is sick' },
      Yes: { Type: 'Succeed' },
    },
  };
  const { stateMachineArn } = await new SFNClient(aws).send(
    new CreateStateMachineCommand({ name: 'release', roleArn, definition: JSON.stringify(definition) }),
  );
  machineArn = stateMachineArn ?? '';
}, 60_000);
afterAll(() => emulator?.stop());

interface Declared {
  readonly mode?: ExecutionMode;
  readonly fails?: boolean;
  readonly approval?: boolean;
  readonly roleArn?: string;
  /** Topic that is told of the approval. */
  readonly tells?: string;
}

const stagesOf = ({ approval = true, fails = false, tells }: Declared) => [
  {
    name: 'Source',
    actions: [
      {
        name: 'Image',
        actionTypeId: { category: 'Source' as const, owner: 'AWS' as const, provider: 'ECR', version: '1' },
        configuration: { RepositoryName: REPOSITORY },
        namespace: 'Image',
        outputArtifacts: [{ name: 'Image' }],
      },
    ],
  },
  ...(approval
    ? [
        {
          name: 'Approval',
          actions: [
            {
              name: 'Approve',
              actionTypeId: { category: 'Approval' as const, owner: 'AWS' as const, provider: 'Manual', version: '1' },
              ...(tells && {
                configuration: { NotificationArn: tells, CustomData: 'image #{Image.ImageDigest}' },
              }),
            },
          ],
        },
      ]
    : []),
  {
    name: 'Release',
    actions: [
      {
        name: 'c1',
        actionTypeId: { category: 'Invoke' as const, owner: 'AWS' as const, provider: 'StepFunctions', version: '1' },
        inputArtifacts: [{ name: 'Image' }],
        configuration: {
          StateMachineArn: machineArn,
          InputType: 'Literal',
          Input: JSON.stringify({
            digest: '#{Image.ImageDigest}',
            releaseId: 'p-#{codepipeline.PipelineExecutionId}',
            fails,
          }),
        },
      },
    ],
  },
];

/** Makes a pipeline. Its first execution, which nobody asked for, finds no image with the tag `latest`. */
async function make(name: string, declared: Declared = {}): Promise<void> {
  await pipelines.send(
    new CreatePipelineCommand({
      pipeline: {
        ...{ name, roleArn: declared.roleArn ?? roleArn, pipelineType: 'V2', executionMode: declared.mode ?? 'QUEUED' },
        artifactStore: { type: 'S3', location: 'artifacts' },
        stages: stagesOf(declared),
      },
    }),
  );
  await eventually(async () => (await executions(name)).every(({ status }) => status === 'Failed') || undefined);
}

async function executions(pipelineName: string) {
  const { pipelineExecutionSummaries = [] } = await pipelines.send(new ListPipelineExecutionsCommand({ pipelineName }));
  return pipelineExecutionSummaries;
}

const push = (version: string) =>
  pushImage(emulator.endpointUrl, { repository: REPOSITORY, bundle: Buffer.from(`// ${version}`) });

async function start(name: string, digest: string): Promise<string> {
  const revision = { actionName: 'Image', revisionType: 'IMAGE_DIGEST', revisionValue: digest } as const;
  const { pipelineExecutionId } = await pipelines.send(
    new StartPipelineExecutionCommand({ name, sourceRevisions: [revision] }),
  );
  return pipelineExecutionId ?? '';
}

async function stage(name: string, stageName: string) {
  const { stageStates = [] } = await pipelines.send(new GetPipelineStateCommand({ name }));
  const found = stageStates.find((each) => each.stageName === stageName);
  return { ...found, action: found?.actionStates?.[0]?.latestExecution };
}

/** The token of the approval that waits, of one execution. */
const token = (name: string, execution?: string) =>
  eventually(async () => {
    const { action, latestExecution } = await stage(name, 'Approval');
    const is = !execution || latestExecution?.pipelineExecutionId === execution;
    return is ? action?.token : undefined;
  });

/** Waits until the execution, and no other, waits before the approval. */
const arrived = (name: string, execution: string | undefined) =>
  eventually(async () => {
    const { inboundExecutions = [] } = await stage(name, 'Approval');
    return inboundExecutions.map((each) => each.pipelineExecutionId).join() === execution || undefined;
  });

const answer = (pipelineName: string, token: string, status: 'Approved' | 'Rejected', summary = 'seen') =>
  pipelines.send(
    new PutApprovalResultCommand({
      ...{ pipelineName, stageName: 'Approval', actionName: 'Approve', token, result: { status, summary } },
    }),
  );

const ended = (name: string, execution: string) =>
  eventually(async () => {
    const found = (await executions(name)).find(({ pipelineExecutionId }) => pipelineExecutionId === execution);
    return found && !['InProgress', 'Stopping'].includes(found.status ?? '') ? found.status : undefined;
  });

async function startOnPush(name: string, starterArn: string): Promise<void> {
  const detail = { 'action-type': ['PUSH'], result: ['SUCCESS'], 'repository-name': [REPOSITORY] };
  const EventPattern = JSON.stringify({ source: ['aws.ecr'], 'detail-type': ['ECR Image Action'], detail });
  await events.send(new PutRuleCommand({ Name: name, EventPattern }));
  const InputTemplate =
    '{"sourceRevisions":[{"actionName":"Image","revisionType":"IMAGE_DIGEST","revisionValue":"<digest>"}]}';
  const Arn = `arn:aws:codepipeline:${emulator.region}:${emulator.accountId}:${name}`;
  const InputTransformer = { InputPathsMap: { digest: '$.detail.image-digest' }, InputTemplate };
  const target = { Id: 'pipeline', Arn, RoleArn: starterArn, InputTransformer };
  await events.send(new PutTargetsCommand({ Rule: name, Targets: [target] }));
}

test('a pushed image starts the pipeline, which releases the digest of that push after an approval', async () => {
  await make('pushed');
  await startOnPush('pushed', await role('starter', 'events.amazonaws.com', 'codepipeline:StartPipelineExecution'));
  const digest = await push('pushed');
  const waits = await token('pushed');
  expect((await stage('pushed', 'Release')).action).toBeUndefined();
  await answer('pushed', waits, 'Approved');
  const [{ pipelineExecutionId = '' } = {}] = await executions('pushed');
  expect(await ended('pushed', pipelineExecutionId)).toBe('Succeeded');
  const [told] = await executions('pushed');
  expect(told).toMatchObject({
    trigger: { triggerType: 'CloudWatchEvent', triggerDetail: expect.stringMatching(/rule\/pushed$/) },
    sourceRevisions: [{ actionName: 'Image', revisionId: digest }],
  });
  const { action } = await stage('pushed', 'Release');
  const run = await new SFNClient(access(emulator)).send(
    new DescribeExecutionCommand({ executionArn: action?.externalExecutionId }),
  );
  expect(run.name).toBe(action?.actionExecutionId);
  expect(JSON.parse(run.input ?? '')).toEqual({ digest, releaseId: `p-${pipelineExecutionId}`, fails: false });
  expect((await stage('pushed', 'Approval')).action).toMatchObject({
    status: 'Succeeded',
    summary: 'seen',
    lastUpdatedBy: expect.stringContaining(':root'),
  });
});

test('an approval that waits is told to its topic, with what the template says of the image', async () => {
  const aws = access(emulator);
  const [sns, sqs] = [new SNSClient(aws), new SQSClient(aws)];
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'operators' }));
  const Endpoint = `arn:aws:sqs:${emulator.region}:${emulator.accountId}:mail`;
  const sending = { Effect: 'Allow', Principal: { Service: 'sns.amazonaws.com' }, Action: 'sqs:SendMessage' };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [{ ...sending, Resource: Endpoint }] });
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'mail', Attributes: { Policy } }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
  await make('told', { tells: TopicArn });
  const digest = await push('told');
  await start('told', digest);
  const waits = await token('told');
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 }));
  const { approval } = JSON.parse(JSON.parse(Messages[0]?.Body ?? '{}').Message);
  expect(approval).toMatchObject({
    ...{ pipelineName: 'told', stageName: 'Approval', actionName: 'Approve', token: waits },
    customData: `image ${digest}`,
  });
  await answer('told', waits, 'Rejected');
});

test('a rule whose role may not start the pipeline starts nothing', async () => {
  await make('unstarted');
  await startOnPush('unstarted', await role('idle', 'events.amazonaws.com', 'codepipeline:GetPipeline'));
  const before = await executions('pushed');
  await push('unstarted');
  await eventually(async () => (await executions('pushed')).length > before.length || undefined);
  expect(await executions('unstarted')).toHaveLength(1);
});

test('a rejected approval fails the execution, and a token is good for one answer', async () => {
  await make('rejected');
  const execution = await start('rejected', await push('rejected'));
  const waits = await token('rejected');
  await expect(answer('rejected', 'another', 'Approved')).rejects.toThrow(
    expect.objectContaining({ name: 'InvalidApprovalTokenException' }),
  );
  await answer('rejected', waits, 'Rejected', 'not on a Friday');
  expect(await ended('rejected', execution)).toBe('Failed');
  expect((await stage('rejected', 'Approval')).action).toMatchObject({
    status: 'Failed',
    errorDetails: { message: 'not on a Friday' },
  });
  expect((await stage('rejected', 'Release')).latestExecution).toBeUndefined();
  await expect(answer('rejected', waits, 'Approved')).rejects.toThrow(
    expect.objectContaining({ name: 'ApprovalAlreadyCompletedException' }),
  );
});

test('in QUEUED mode an execution waits for the one before; in SUPERSEDED mode the newest wins', async () => {
  const [first, second, third] = await Promise.all(['one', 'two', 'three'].map(push));
  await make('queued');
  const queued = [await start('queued', first ?? ''), await start('queued', second ?? '')];
  const waits = await token('queued', queued[0]);
  await arrived('queued', queued[1]);
  await answer('queued', waits, 'Approved');
  await answer('queued', await token('queued', queued[1]), 'Approved');
  expect([await ended('queued', queued[0] ?? ''), await ended('queued', queued[1] ?? '')]).toEqual([
    'Succeeded',
    'Succeeded',
  ]);
  await make('superseded', { mode: 'SUPERSEDED' });
  const oldest = await start('superseded', first ?? '');
  const held = await token('superseded', oldest);
  const older = await start('superseded', second ?? '');
  await arrived('superseded', older);
  const newest = await start('superseded', third ?? '');
  expect(await ended('superseded', older)).toBe('Superseded');
  await answer('superseded', held, 'Approved');
  await answer('superseded', await token('superseded', newest), 'Approved');
  expect(await ended('superseded', newest)).toBe('Succeeded');
});

test('a stopped execution is Stopped, with its action Abandoned, and the next one goes on', async () => {
  await make('stopped');
  const digest = await push('stopped');
  const [held, next] = [await start('stopped', digest), await start('stopped', digest)];
  await token('stopped', held);
  const request = { pipelineName: 'stopped', pipelineExecutionId: held, reason: 'wrong image' };
  await pipelines.send(new StopPipelineExecutionCommand(request));
  await expect(pipelines.send(new StopPipelineExecutionCommand(request))).rejects.toThrow(
    expect.objectContaining({ name: 'DuplicatedStopRequestException' }),
  );
  await pipelines.send(new StopPipelineExecutionCommand({ ...request, abandon: true }));
  expect(await ended('stopped', held)).toBe('Stopped');
  expect((await executions('stopped')).find((each) => each.pipelineExecutionId === held)).toMatchObject({
    stopTrigger: { reason: 'wrong image' },
  });
  await answer('stopped', await token('stopped', next), 'Approved');
  expect(await ended('stopped', next)).toBe('Succeeded');
  await expect(pipelines.send(new StopPipelineExecutionCommand({ ...request, abandon: true }))).rejects.toThrow(
    expect.objectContaining({ name: 'PipelineExecutionNotStoppableException' }),
  );
});

test('a failed execution of the machine fails the action, and a retried stage starts a second one', async () => {
  await make('failed', { approval: false, fails: true });
  const execution = await start('failed', await push('failed'));
  expect(await ended('failed', execution)).toBe('Failed');
  const { action: first } = await stage('failed', 'Release');
  expect(first?.errorDetails).toMatchObject({ message: expect.stringContaining('ReleaseUnhealthy it is sick') });
  const request = { pipelineName: 'failed', pipelineExecutionId: execution, retryMode: 'FAILED_ACTIONS' } as const;
  await pipelines.send(new RetryStageExecutionCommand({ ...request, stageName: 'Release' }));
  const second = await eventually(async () => {
    const { action } = await stage('failed', 'Release');
    return action?.status === 'Failed' && action.actionExecutionId !== first?.actionExecutionId ? action : undefined;
  });
  expect(second.externalExecutionId).not.toBe(first?.externalExecutionId);
  await expect(pipelines.send(new RetryStageExecutionCommand({ ...request, stageName: 'Source' }))).rejects.toThrow(
    expect.objectContaining({ name: 'StageNotRetryableException' }),
  );
});

test('a call that the role does not allow fails the action', async () => {
  await make('denied', {
    approval: false,
    roleArn: await role('reader', 'codepipeline.amazonaws.com', 'ecr:DescribeImages'),
  });
  expect(await ended('denied', await start('denied', await push('denied')))).toBe('Failed');
  expect((await stage('denied', 'Release')).action?.errorDetails?.message).toContain(
    'not authorized to perform: states:DescribeStateMachine',
  );
});

test('a pipeline made by CloudFormation begins an execution at once, and goes with its stack', async () => {
  const capitalized = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(capitalized);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        `${key.charAt(0).toUpperCase()}${key.slice(1)}`,
        key === 'configuration' ? each : capitalized(each),
      ]),
    );
  };
  const Properties = {
    ...{ RoleArn: roleArn, PipelineType: 'V2', ExecutionMode: 'QUEUED', Stages: capitalized(stagesOf({})) },
    ArtifactStore: { Type: 'S3', Location: 'artifacts' },
  };
  const { outputs } = await launch(
    emulator,
    'delivery',
    { Pipeline: { Type: 'AWS::CodePipeline::Pipeline', Properties } },
    { Name: { Ref: 'Pipeline' } },
  );
  const name = outputs.Name ?? '';
  expect(await executions(name)).toMatchObject([{ trigger: { triggerType: 'CreatePipeline' } }]);
  const cloudformation = new CloudFormationClient(access(emulator));
  await cloudformation.send(new DeleteStackCommand({ StackName: 'delivery' }));
  await eventually(async () => {
    const gone = await executions(name).catch(({ name }: Error) => name);
    return gone === 'PipelineNotFoundException' ? gone : undefined;
  });
});
