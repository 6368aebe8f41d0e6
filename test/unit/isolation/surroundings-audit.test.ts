import { functionRoleName } from '../../../functions/contract/naming';
import { ACCOUNT_ID } from '../../support/builders';
import { BUS, type SurroundingsData as Data, surroundings } from '../../support/healthy-surroundings';
import { askSpoilt, type Breach, first, type Harmless, testRoom } from '../../support/surroundings-tests';

const lambda = ({ policies }: Data) => first(policies.functions);

/** An alarm that only another alarm asks for. */
const tellNobody = (stacks: Data['stacks'], { alarms }: Data['platform']) => {
  const properties = stacks.controlPlane.find(({ physicalId }) => physicalId === 'TenantDrifted')?.properties ?? {};
  Object.assign(properties, { AlarmActions: [] });
  const AlarmArn = `arn:aws:cloudwatch:eu-central-1:${ACCOUNT_ID}:alarm:TenantDrifted`;
  Object.assign(first(alarms.metric), { AlarmActions: [], AlarmArn });
};

const BREACHES: Breach[] = [
  [
    'audit.alarms',
    'watching another function',
    ({ platform }) => (first(first(platform.alarms.metric).Dimensions ?? []).Value = 'Other'),
    'dimension of alarm TenantDrifted: FunctionName Other is unexpected',
  ],
  [
    'audit.alarms',
    'with another formula',
    ({ platform }) => Object.assign(first(platform.alarms.metric[1]?.Metrics ?? []), { Expression: 'errors / 10000' }),
    'metric of alarm CellFails: ratio errors / 10000 is unexpected',
  ],
  [
    'audit.alarms',
    'with the errors of another cell',
    ({ platform }) =>
      Object.assign(platform.alarms.metric[1]?.Metrics?.[1]?.MetricStat?.Metric.Dimensions[0] ?? {}, {
        Value: 'cell9',
      }),
    'dimension of errors of alarm CellFails: Cell cell9 is unexpected',
  ],
  [
    'audit.alarms',
    'silenced',
    ({ platform }) => Object.assign(first(platform.alarms.metric), { ActionsEnabled: false }),
    'alarm TenantDrifted are disabled',
  ],
  [
    'audit.alarms',
    'deaf',
    ({ platform }) => Object.assign(first(platform.alarms.metric), { Threshold: 1000 }),
    'Threshold of alarm TenantDrifted is 1000',
  ],
  ['audit.alarms', 'gone', ({ platform }) => platform.alarms.metric.splice(0), 'alarm TenantDrifted does not exist'],
  [
    'audit.alarms',
    'without an action of its template, whose end a stranger hears',
    ({ stacks, platform }) => {
      tellNobody(stacks, platform);
      first(platform.alarms.metric).OKActions = ['arn:aws:sns:eu-central-1:999999999999:theirs'];
    },
    '999999999999:theirs hears when alarm TenantDrifted ends',
  ],
  [
    'audit.alarms',
    'whose end a stranger hears',
    ({ platform }) => (first(platform.alarms.metric).OKActions = [`arn:aws:sns:eu-central-1:999999999999:theirs`]),
    '999999999999:theirs hears when alarm TenantDrifted ends',
  ],
  [
    'audit.alarms',
    'told elsewhere',
    ({ platform }) => first(platform.alarms.metric).AlarmActions.push('arn:theirs'),
    'arn:theirs is unexpected',
  ],
  [
    'audit.code',
    'other code at the databases’ doors',
    ({ policies }) => Object.assign(policies.functions.at(-1) ?? {}, { CodeSha256: 'theirs' }),
    'the digest of the code of AskDatabase-cell1 is theirs',
  ],
  [
    'audit.code',
    'of one that verifies nobody',
    (data) => (lambda(data).CodeSha256 = 'theirs'),
    'of PerformAct is theirs',
  ],
  [
    'audit.alarms',
    'with another unit, in which nothing reports',
    ({ platform }) => Object.assign(first(platform.alarms.metric), { Unit: 'Bytes' }),
    'Unit of alarm TenantDrifted is Bytes, not undefined',
  ],
  [
    'audit.alarms',
    'with a percentile',
    ({ platform }) => Object.assign(first(platform.alarms.metric), { ExtendedStatistic: 'p1' }),
    'ExtendedStatistic of alarm TenantDrifted is p1',
  ],
  [
    'audit.alarms',
    'with the metric of another account',
    ({ platform }) => Object.assign(platform.alarms.metric[1]?.Metrics?.[1] ?? {}, { AccountId: '999999999999' }),
    'of 999999999999 is unexpected',
  ],
  [
    'audit.alarms',
    'that returns another expression',
    ({ platform }) => Object.assign(platform.alarms.metric[1]?.Metrics?.[0] ?? {}, { ReturnData: false }),
    'for another expression is unexpected',
  ],
  [
    'audit.alarms',
    'gone, of several',
    ({ platform }) => platform.alarms.composite.splice(0),
    'alarm CellUnhealthy does not exist',
  ],
  [
    'audit.alarms',
    'of several, by another rule',
    ({ platform }) => (first(platform.alarms.composite).AlarmRule = 'FALSE'),
    'the rule of alarm CellUnhealthy is FALSE',
  ],
  [
    'audit.alarms',
    'of several, kept quiet by another',
    ({ platform }) => (first(platform.alarms.composite).ActionsSuppressor = 'theirs'),
    'alarm theirs keeps alarm CellUnhealthy quiet',
  ],
  [
    'audit.alarms',
    'of several, silenced',
    ({ platform }) => (first(platform.alarms.composite).ActionsEnabled = false),
    'the actions of alarm CellUnhealthy are disabled',
  ],
  [
    'audit.machines',
    'another function',
    ({ policies: { machine } }) => (machine.definition = machine.definition.replace('lambda:1', 'lambda:2')),
    'another definition',
  ],
  [
    'audit.machines',
    'under a stranger’s key',
    ({ policies }) => (policies.machine.encryptionConfiguration.kmsKeyId = 'arn:aws:kms:r:999999999999:key/theirs'),
    'is arn:aws:kms:r:999999999999:key/theirs, not undefined',
  ],
  [
    'audit.machines',
    'another machine in a role of the platform',
    ({ policies }) => {
      policies.machines.push('arn:aws:states:r:1:stateMachine:theirs');
      policies.machineRole = `arn:aws:iam::${ACCOUNT_ID}:role/${functionRoleName('PerformAct')}`;
    },
    'state machine arn:aws:states:r:1:stateMachine:theirs, which no template makes, runs as',
  ],
  ['audit.machines', 'as another role', ({ policies }) => (policies.machine.roleArn = 'arn:theirs'), 'is arn:theirs'],
  [
    'audit.machines',
    'logging nothing',
    ({ policies }) => (policies.machine.loggingConfiguration.level = 'OFF'),
    'logs OFF, not ERROR',
  ],
  [
    'audit.machines',
    'logging inputs and outputs',
    ({ policies }) => (policies.machine.loggingConfiguration.includeExecutionData = true),
    'logs the inputs and outputs of its states',
  ],
  [
    'audit.machines',
    'logging elsewhere',
    ({ policies }) =>
      policies.machine.loggingConfiguration.destinations.push({
        cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:r:1:log-group:theirs:*' },
      }),
    'logs to arn:aws:logs:r:1:log-group:theirs',
  ],
  ...[
    ['of everything', {}, 'arn:aws:events:r:999999999999:event-bus/theirs'],
    ['of workflows', { source: ['aws.states'] }, 'arn:aws:events:r:999999999999:event-bus/theirs'],
    ['of all services', { source: [{ prefix: 'aws.' }] }, `arn:aws:events:r:${ACCOUNT_ID}:api-destination/theirs/1`],
  ].map(
    ([what, pattern, Arn]): Breach => [
      'audit.rules',
      `a rule ${what} that sends events away`,
      ({ policies }) =>
        policies.rulesOfOthers.push({ Name: 'theirs', EventPattern: JSON.stringify(pattern), Arn: String(Arn) }),
      `rule theirs sends the executions’ events, with their inputs, to ${Arn}`,
    ],
  ),
  ['audit.rules', 'disabled', ({ policies }) => (first(policies.rules).State = 'DISABLED'), 'is DISABLED'],
  [
    'audit.rules',
    'once a year',
    ({ policies }) => (first(policies.rules).ScheduleExpression = 'rate(365 days)'),
    '365',
  ],
  [
    'audit.rules',
    'one more on the bus',
    ({ policies }) => policies.rules.push({ Name: 'theirs', State: 'ENABLED', EventPattern: '{}' }),
    `rule theirs of ${BUS}`,
  ],
  [
    'audit.rules',
    'an archive of the bus',
    ({ policies }) =>
      policies.rules.push({
        ...{ Name: 'Events-Archive-support', State: 'ENABLED', EventPattern: '{}' },
        ManagedBy: 'prod.vhs.events.aws.internal',
      }),
    `archive support keeps the events of ${BUS}`,
  ],
  [
    'audit.rules',
    'a global endpoint that replicates the events',
    ({ policies }) =>
      policies.rules.push({
        ...{ Name: 'GlobalEndpointManagedRule-1', State: 'ENABLED', EventPattern: '{}' },
        ManagedBy: 'events.amazonaws.com',
      }),
    `replicates the events of ${BUS} to another Region`,
  ],
  [
    'audit.rules',
    'one more target',
    ({ policies }) => policies.targets.push({ Id: '2', Arn: 'arn:theirs', RoleArn: 'arn:theirs' }),
    'arn:theirs as arn:theirs is unexpected',
  ],
  [
    'audit.rules',
    'another input, by a template',
    ({ policies }) => Object.assign(first(policies.targets), { InputTransformer: { InputTemplate: '{"plan":"x"}' } }),
    'with InputTransformer {"InputTemplate":"{\\"plan\\":\\"x\\"}"} is unexpected',
  ],
  [
    'audit.rules',
    'no second attempt',
    ({ policies }) => Object.assign(first(policies.targets), { RetryPolicy: { MaximumRetryAttempts: 0 } }),
    'with RetryPolicy {"MaximumRetryAttempts":0} is unexpected',
  ],
  [
    'audit.rules',
    'no dead-letter queue',
    ({ policies }) => Object.assign(first(policies.targets), { DeadLetterConfig: undefined }),
    'with DeadLetterConfig {"Arn":"arn:aws:sqs:r:1:queue"} is missing',
  ],
];

const HARMLESS: Harmless[] = [
  [
    'audit.alarms',
    'an alarm without an action of its template, whose end the account hears',
    ({ stacks, platform }) => {
      tellNobody(stacks, platform);
      first(platform.alarms.metric).OKActions = [`arn:aws:sns:eu-central-1:${ACCOUNT_ID}:own`];
    },
  ],
  ...[
    [
      'of health events that go to another account',
      { source: ['aws.health'] },
      'arn:aws:events:r:999999999999:event-bus/o',
    ],
    ['of tasks’ events that go away', { source: [{ prefix: 'aws.ecs' }] }, 'arn:aws:events:r:999999999999:event-bus/o'],
    [
      'of the machines’ own services',
      { source: ['aws.states'], 'detail-type': ['Step Functions State Machine Deleted'] },
      'arn:aws:events:r:999999999999:event-bus/o',
    ],
    ['of everything that the organization sends', {}, surroundings.placed.eventTargets[0]],
    ['of workflows, for a queue of the account', { source: ['aws.states'] }, `arn:aws:sqs:r:${ACCOUNT_ID}:team`],
  ].map(
    ([what, pattern, Arn]): Harmless => [
      'audit.rules',
      `a rule ${what}`,
      ({ policies }) =>
        policies.rulesOfOthers.push({ Name: 'organization', EventPattern: JSON.stringify(pattern), Arn: String(Arn) }),
    ],
  ),
  [
    'audit.rules',
    'the rule by which EventBridge discovers schemas',
    ({ policies }) =>
      policies.rules.push({
        ...{ Name: 'Schemas-events-discoverer', State: 'ENABLED', EventPattern: '{}' },
        ManagedBy: 'schemas.amazonaws.com',
      }),
  ],
  [
    'audit.alarms',
    'an alarm of an operator, who has disabled it',
    ({ platform }) =>
      platform.alarms.metric.push({
        AlarmName: 'support',
        ActionsEnabled: false,
        AlarmActions: [surroundings.topicArn],
      }),
  ],
  [
    'audit.machines',
    'a machine of another team, in a role of its own',
    ({ policies }) => policies.machines.push('arn:aws:states:r:1:stateMachine:team'),
  ],
  [
    'audit.machines',
    'a machine of another team that was deleted since the list',
    ({ policies }) => {
      policies.machines.push('arn:aws:states:r:1:stateMachine:team');
      policies.machineRole = undefined;
    },
  ],
  [
    'audit.alarms',
    'a metric that says it is of the own account',
    ({ platform }) => {
      Object.assign(platform.alarms.metric[1] ?? {}, { AlarmArn: 'arn:aws:cloudwatch:r:1:alarm:CellFails' });
      Object.assign(platform.alarms.metric[1]?.Metrics?.[1] ?? {}, { AccountId: '1' });
    },
  ],
  [
    'audit.alarms',
    'somebody of this account who is told, too',
    ({ platform }) =>
      first(platform.alarms.metric).AlarmActions.push(`arn:aws:sns:eu-central-1:${ACCOUNT_ID}:security`),
  ],
  [
    'audit.rules',
    'a rule of an AWS service',
    ({ policies }) =>
      policies.rules.push({
        Name: 'managed',
        State: 'ENABLED',
        EventPattern: '{}',
        ManagedBy: 'schemas.amazonaws.com',
      }),
  ],
];

testRoom('audit', BREACHES, HARMLESS);

test('code cannot be judged by the template of an earlier release', async () => {
  const spoil = ({ stacks }: Data) => {
    for (const each of stacks.controlPlane) Object.assign(each, { metadata: undefined });
  };
  await expect(askSpoilt('audit.code', spoil)).rejects.toThrow('names no digest of the code of');
});
