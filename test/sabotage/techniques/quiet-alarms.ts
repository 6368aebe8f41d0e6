import {
  type CompositeAlarm,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  DisableAlarmActionsCommand,
  EnableAlarmActionsCommand,
  type MetricAlarm,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
} from '@aws-sdk/client-cloudwatch';
import {
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { tenantIdIn } from '../../../functions/contract/naming';
import { everyItem, pages } from '../../../functions/shared/paging';
import type { SharedScene, SharedTechnique } from '../surroundings-target';

/** An alarm that rings by others. A composite alarm has few settings: all of them are put back. */
async function compositeAlarm({ root: { cloudwatch } }: SharedScene) {
  const { CompositeAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmTypes: ['CompositeAlarm'] }));
  const [found] = CompositeAlarms ?? [];
  if (!found?.AlarmName) throw new Error('the cell has no composite alarm');
  const { AlarmName, AlarmRule, AlarmActions, OKActions, AlarmDescription } = found;
  const put = (change: Partial<CompositeAlarm>) =>
    cloudwatch.send(
      new PutCompositeAlarmCommand({
        ...{ AlarmName, AlarmRule, AlarmActions, OKActions, AlarmDescription, ActionsEnabled: true },
        ...change,
      }),
    );
  return { name: AlarmName, put, revert: () => put({}) };
}

/** Changes one of the platform's alarms that watches a metric by a statistic. */
const alarm = (name: string, change: Partial<MetricAlarm>, expectedEvidence: string): SharedTechnique => ({
  name,
  check: 'audit.alarms',
  detonate: async ({ surroundings: { topicArn }, root: { cloudwatch } }) => {
    const ask = (NextToken?: string) => cloudwatch.send(new DescribeAlarmsCommand({ NextToken }));
    const all = await everyItem(pages(ask, 'NextToken'), (page) => page.MetricAlarms);
    // Those of tenants' stacks are each tenant's question.
    const found = all.find(
      ({ AlarmName = '', AlarmActions = [], Statistic }) =>
        Statistic && AlarmActions.includes(topicArn) && tenantIdIn(AlarmName) === undefined,
    );
    const { AlarmName, AlarmDescription, ActionsEnabled, AlarmActions, OKActions, InsufficientDataActions } =
      found ?? {};
    const { MetricName, Namespace, Statistic, Dimensions, Period, EvaluationPeriods, DatapointsToAlarm } = found ?? {};
    const { Threshold, ComparisonOperator, TreatMissingData } = found ?? {};
    const before = {
      ...{ AlarmName, AlarmDescription, ActionsEnabled, AlarmActions, OKActions, InsufficientDataActions },
      ...{ MetricName, Namespace, Statistic, Dimensions, Period, EvaluationPeriods, DatapointsToAlarm },
      ...{ Threshold, ComparisonOperator, TreatMissingData },
    };
    await cloudwatch.send(new PutMetricAlarmCommand({ ...before, ...change }));
    return { expectedEvidence, revert: () => cloudwatch.send(new PutMetricAlarmCommand(before)) };
  },
});

/** Changes the target of the rule that starts onboardings. */
const target = (name: string, change: (target: Target) => Target, expectedEvidence: string): SharedTechnique => ({
  name,
  check: 'audit.rules',
  detonate: async ({ surroundings: { busName: EventBusName }, root: { events } }) => {
    const { Rules = [] } = await events.send(new ListRulesCommand({ EventBusName }));
    const Rule = Rules.find(({ Name = '' }) => Name.includes('SignupIntake'))?.Name;
    const { Targets = [] } = await events.send(new ListTargetsByRuleCommand({ Rule, EventBusName }));
    const put = (to: Target[]) => events.send(new PutTargetsCommand({ Rule, EventBusName, Targets: to }));
    await put(Targets.map(change));
    return { expectedEvidence, revert: () => put(Targets) };
  },
});

/** How alarms are kept from ringing, and signups from arriving, while rule and alarm are there and enabled. */
export const QUIET_ALARM_TECHNIQUES: readonly SharedTechnique[] = [
  {
    name: 'silence the alarm of a cell without a healthy task',
    check: 'audit.alarms',
    detonate: async (scene) => {
      const { cloudwatch } = scene.root;
      const { name } = await compositeAlarm(scene);
      await cloudwatch.send(new DisableAlarmActionsCommand({ AlarmNames: [name] }));
      return {
        expectedEvidence: `the actions of alarm ${name} are disabled`,
        revert: () => cloudwatch.send(new EnableAlarmActionsCommand({ AlarmNames: [name] })),
      };
    },
  },
  {
    name: 'have the alarm of a cell without a healthy task never ring',
    check: 'audit.alarms',
    detonate: async (scene) => {
      const { name, put, revert } = await compositeAlarm(scene);
      await put({ AlarmRule: 'FALSE' });
      return { expectedEvidence: `the rule of alarm ${name} is FALSE`, revert };
    },
  },
  {
    name: 'delete the alarm of a cell without a healthy task',
    check: 'audit.alarms',
    detonate: async (scene) => {
      const { name, revert } = await compositeAlarm(scene);
      await scene.root.cloudwatch.send(new DeleteAlarmsCommand({ AlarmNames: [name] }));
      return { expectedEvidence: `alarm ${name} does not exist`, revert };
    },
  },
  alarm('have an alarm watch a unit in which nothing reports', { Unit: 'Bytes' }, 'Unit of alarm'),
  alarm(
    'have an alarm watch a percentile that never rises',
    { Statistic: undefined, ExtendedStatistic: 'p1' },
    'ExtendedStatistic of alarm',
  ),
  target(
    'take the dead-letter queue from the rule of signups',
    ({ DeadLetterConfig: _, ...rest }) => rest,
    'with DeadLetterConfig',
  ),
  target(
    'try no signup a second time',
    (each) => ({ ...each, RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } }),
    '"MaximumRetryAttempts":0',
  ),
  target(
    'rewrite every signup on its way',
    ({ InputPath: _, ...each }) => ({
      ...each,
      InputTransformer: { InputPathsMap: { id: '$.id' }, InputTemplate: '{"detail":{"signupId":"<id>"}}' },
    }),
    'with InputTransformer',
  ),
];
