import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CELLS_PARAMETER_PATH } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { CONTROL_PLANE, cellStackName, DELIVERY } from '../../../infra/config/stack-names';
import { examineCells } from '../../../operations/client/cell-list';
import {
  alarmFindings,
  cellFindings,
  cellsWith,
  platformAlarms,
  ruleFindings,
  stackResources,
} from '../../../operations/client/doctor';
import { aCell, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const AlarmActions = ['arn:aws:sns:eu-central-1:111122223333:alarms'];
/** Part of a composite alarm: it tells nobody by itself. */
const IDLE = {
  AlarmName: 'TenantOnboarding-Cell-c1-GreenEmpty',
  AlarmDescription: 'Part of CellUnhealthy.',
  StateValue: 'ALARM',
  ActionsEnabled: true,
};

// The SDK's paginators take an instance of the service's client only.
const cloudFormationOf = ({ send }: FakeClient) => Object.assign(new CloudFormationClient(), { send });

/** CloudWatch with these alarms of the platform. As AWS does, it tells composite ones only when they are asked for. */
const fakeAlarms = (metric: readonly object[], composite: readonly object[] = []) => {
  const { send } = new FakeClient({
    DescribeAlarmsCommand: ({
      AlarmTypes = ['MetricAlarm'],
      AlarmNamePrefix = '',
    }: {
      AlarmTypes?: string[];
      AlarmNamePrefix?: string;
    }) => {
      const named = (alarms: readonly { AlarmName?: string }[]) =>
        alarms.filter(({ AlarmName = '' }) => AlarmName.startsWith(AlarmNamePrefix));
      return {
        MetricAlarms: AlarmTypes.includes('MetricAlarm') ? named(metric) : [],
        CompositeAlarms: AlarmTypes.includes('CompositeAlarm') ? named(composite) : [],
      };
    },
  });
  return Object.assign(new CloudWatchClient(), { send });
};

describe('alarms', () => {
  const findings = async (client: CloudWatchClient, made: Parameters<typeof alarmFindings>[1] = []) =>
    alarmFindings(await platformAlarms(client), made);

  it('that somebody has deleted are told, of whichever stack and kind', async () => {
    const [metric, composite, ofCell] = ['Late', 'Unhealthy', 'Errors'].map((name) => `${CONTROL_PLANE}-${name}`);
    const listed: Readonly<Record<string, readonly object[]>> = {
      [CONTROL_PLANE]: [
        { ResourceType: 'AWS::CloudWatch::Alarm', ResourceStatus: 'CREATE_COMPLETE', PhysicalResourceId: metric },
        { ResourceType: 'AWS::CloudWatch::Alarm', ResourceStatus: 'DELETE_COMPLETE', PhysicalResourceId: 'former' },
      ],
      [cellStackName('c1')]: [
        {
          ResourceType: 'AWS::CloudWatch::CompositeAlarm',
          ResourceStatus: 'UPDATE_COMPLETE',
          PhysicalResourceId: composite,
        },
        { ResourceType: 'AWS::CloudWatch::Alarm', ResourceStatus: 'CREATE_COMPLETE', PhysicalResourceId: ofCell },
      ],
    };
    const cloudformation = new FakeClient({
      ListStackResourcesCommand: ({ StackName }: { StackName: string }) =>
        listed[StackName] ? { StackResourceSummaries: listed[StackName] } : awsError('ValidationError'),
    });
    const there = { AlarmName: ofCell, StateValue: 'OK', ActionsEnabled: true, AlarmActions };
    const resources = stackResources(cloudFormationOf(cloudformation));
    const told = await findings(fakeAlarms([there]), await resources(['c1']));
    expect(told).toMatchObject([
      { subject: `alarm ${metric}`, verdict: 'failed', says: expect.stringContaining('runbook.md#surroundings') },
      { subject: `alarm ${composite}`, verdict: 'failed', says: expect.stringContaining('deleted') },
    ]);
  });

  it('are quiet in a healthy stage, although the alarm of the idle colour always rings', async () => {
    await expect(findings(fakeAlarms([IDLE]))).resolves.toEqual([
      { subject: 'alarms', verdict: 'ok', says: expect.stringContaining('none rings') },
    ]);
  });

  it('that somebody has silenced are told, although none rings', async () => {
    const late = { AlarmName: `${CONTROL_PLANE}-LateRuns`, StateValue: 'OK', ActionsEnabled: false, AlarmActions };
    const quiet = { AlarmName: `${CONTROL_PLANE}-HeldTenants`, StateValue: 'OK', ActionsEnabled: true, AlarmActions };
    await expect(findings(fakeAlarms([late, quiet]))).resolves.toEqual([
      {
        subject: `alarm ${CONTROL_PLANE}-LateRuns`,
        verdict: 'failed',
        says: expect.stringContaining('enable-alarm-actions'),
      },
    ]);
  });

  it('that ring are told with their description, composite ones, too', async () => {
    const late = {
      AlarmName: `${CONTROL_PLANE}-LateRuns`,
      AlarmDescription: 'Impact: late.',
      StateValue: 'ALARM',
      AlarmActions,
    };
    const unhealthy = {
      AlarmName: 'TenantOnboardingCellc1AlarmsCellUnhealthy',
      AlarmDescription: 'Impact: down.',
      StateValue: 'ALARM',
      AlarmActions,
    };
    await expect(findings(fakeAlarms([IDLE, late], [unhealthy]))).resolves.toEqual([
      { subject: `alarm ${CONTROL_PLANE}-LateRuns`, verdict: 'failed', says: 'Impact: late.' },
      { subject: 'alarm TenantOnboardingCellc1AlarmsCellUnhealthy', verdict: 'failed', says: 'Impact: down.' },
    ]);
  });
});

/** EventBridge with these rules on the default bus, found by the beginning of their names. */
const bus = (...rules: { Name: string; State: string }[]) =>
  new FakeClient({
    ListRulesCommand: ({ EventBusName, NamePrefix }: { EventBusName: string; NamePrefix: string }) => ({
      Rules: rules.filter(({ Name }) => EventBusName === 'default' && Name.startsWith(NamePrefix)),
    }),
  });

/** CloudFormation with the stacks of these rules, a rule a page. */
const stacks = (made: Readonly<Record<string, readonly string[]>>) => {
  const client = new FakeClient({
    ListStackResourcesCommand: ({ StackName, NextToken = '0' }: { StackName: string; NextToken?: string }) => {
      const rules = made[StackName];
      if (!rules) throw awsError('ValidationError');
      const next = Number(NextToken) + 1;
      return {
        StackResourceSummaries: [
          { ResourceType: 'AWS::SQS::Queue', PhysicalResourceId: 'a-queue' },
          ...rules.slice(next - 1, next).map((PhysicalResourceId) => ({
            ...{ ResourceType: 'AWS::Events::Rule', ResourceStatus: 'CREATE_COMPLETE', PhysicalResourceId },
          })),
        ],
        NextToken: next < rules.length ? `${next}` : undefined,
      };
    },
  });
  return stackResources(cloudFormationOf(client));
};
const WITHOUT_DELIVERY = stacks({ [CONTROL_PLANE]: [`${CONTROL_PLANE}-Sweep`] });

const aListedCell = { name: 'c1', capacity: 48, taken: 3, left: 45, liveColour: 'blue' } as const;

it.each([
  ['a cell with free slots', [aListedCell], { subject: 'cell c1', verdict: 'ok' }],
  ['a stage whose only cell is full', [{ ...aListedCell, left: 0 }], { subject: 'cell c1', verdict: 'failed' }],
  ['a stage without a cell', [], { subject: 'cells', verdict: 'failed' }],
])('%s', (_, cells, finding) => {
  expect(cellFindings(cells)).toMatchObject([finding]);
});

it('a full cell is no fault of a stage that has another one', () => {
  expect(
    cellFindings([
      { ...aListedCell, left: 0 },
      { ...aListedCell, name: 'c2' },
    ]),
  ).toMatchObject([
    { subject: 'cell c1', verdict: 'ok', says: expect.stringContaining('0 of 48 slots left') },
    { subject: 'cell c2', verdict: 'ok' },
  ]);
});

describe('cells of which somebody has deleted or damaged something', () => {
  const parameter = (name: string, Value = JSON.stringify(aCell({ name }))) => ({
    Name: `${CELLS_PARAMETER_PATH}/${name}`,
    Value,
  });
  const live = (name: string) => ({ ...itemKeys.liveColour(name), colour: 'blue', since: NOW });

  it('are told each, and hide no other one', async () => {
    const Parameters = [parameter('c1', '{'), parameter('c2'), parameter('c3')];
    const ssm = new FakeClient({ GetParametersByPathCommand: { Parameters } });
    const cells = await examineCells(new FakeTable(live('c1'), live('c3')), ssm, ['c1', 'c2', 'c3', 'c4']);
    expect(cellFindings(cells)).toMatchObject([
      { subject: 'cell c1', verdict: 'failed', says: expect.stringMatching(/not JSON; .*#surroundings/) },
      { subject: 'cell c2', verdict: 'failed', says: expect.stringContaining('runbook.md#live-colour') },
      { subject: 'cell c3', verdict: 'ok' },
      { subject: 'cell c4', verdict: 'failed', says: expect.stringContaining(`${CELLS_PARAMETER_PATH}/c4 not found`) },
    ]);
  });

  it('are known by the alarms of their stacks', () => {
    const names = ['TenantOnboarding-Cell-c1-Unhealthy1A', 'TenantOnboarding-Cell-c2-Errors', `${CONTROL_PLANE}-Late`];
    expect(cellsWith(names.map((AlarmName) => ({ AlarmName })))).toEqual(['c1', 'c2']);
  });

  it('are no fault when AWS tells nothing', async () => {
    const ssm = new FakeClient({ GetParametersByPathCommand: awsError('ThrottlingException') });
    await expect(examineCells(new FakeTable(), ssm, [])).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

it('a deleted rule is told, of whichever bus and stack', async () => {
  const Name = `${CONTROL_PLANE}-Sweep`;
  const made = stacks({
    [CONTROL_PLANE]: [Name, `tenant-onboarding|${CONTROL_PLANE}-Signup`],
    [DELIVERY]: [`${DELIVERY}-Push`],
  });
  await expect(ruleFindings(bus({ Name, State: 'ENABLED' }), 'tenant-onboarding', made)).resolves.toMatchObject([
    { verdict: 'failed', says: expect.stringContaining(`deleted: ${CONTROL_PLANE}-Signup, ${DELIVERY}-Push;`) },
  ]);
});

it.each(['DELETE_COMPLETE', 'CREATE_IN_PROGRESS', 'CREATE_FAILED'])(
  'a rule that is %s has been deleted by nobody',
  async (ResourceStatus) => {
    const rule = {
      ResourceType: 'AWS::Events::Rule',
      ResourceStatus,
      ...(ResourceStatus === 'DELETE_COMPLETE' && { PhysicalResourceId: 'former' }),
    };
    const client = new FakeClient({ ListStackResourcesCommand: { StackResourceSummaries: [rule] } });
    const made = stackResources(cloudFormationOf(client));
    const present = bus({ Name: `${CONTROL_PLANE}-Sweep`, State: 'ENABLED' });
    await expect(ruleFindings(present, 'tenant-onboarding', made)).resolves.toMatchObject([{ verdict: 'ok' }]);
  },
);

it('of rules that are all deleted it says what makes them again: a deployment does not', async () => {
  await expect(ruleFindings(bus(), 'tenant-onboarding', WITHOUT_DELIVERY)).resolves.toEqual([
    {
      ...{ subject: 'event rules', verdict: 'failed' },
      says: `deleted: ${CONTROL_PLANE}-Sweep; docs/runbook.md#surroundings says how the stack makes it again`,
    },
  ]);
});

it.each([CONTROL_PLANE, DELIVERY])('a disabled rule of %s is told', async (stack) => {
  const rules = [
    { Name: `${CONTROL_PLANE}-Sweep`, State: 'ENABLED' },
    { Name: `${stack}-Push`, State: 'DISABLED' },
  ];
  await expect(ruleFindings(bus(...rules), 'tenant-onboarding', WITHOUT_DELIVERY)).resolves.toMatchObject([
    { verdict: 'failed', says: expect.stringContaining(`disabled: ${stack}-Push`) },
  ]);
});

it('rules of others do not matter', async () => {
  const rules = [
    { Name: `${CONTROL_PLANE}-Sweep`, State: 'ENABLED' },
    { Name: 'Backup', State: 'DISABLED' },
  ];
  await expect(ruleFindings(bus(...rules), 'tenant-onboarding', WITHOUT_DELIVERY)).resolves.toMatchObject([
    { verdict: 'ok', says: '1 enabled' },
  ]);
});
