import { Duration, Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type IWidget,
  LogQueryVisualizationType,
  LogQueryWidget,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { MetricName } from '../../functions/contract/metrics';
import { workflowNamed } from '../../functions/contract/workflows';
import type { StageConfig } from '../config/stages';
import { platformMetric } from '../constructs/metrics';
import { PlatformAlarm } from '../constructs/platform-alarm';
import type { PlatformFunction } from '../constructs/platform-function';
import { DASHBOARD_NAME } from '../constructs/platform-names';
import { runbookAddress } from '../constructs/runbook-link';
import { CAPACITY_ALARM_PERCENT, slotsUsedPercent } from './capacity';
import type { SavedQueries, SavedQuery } from './saved-queries';

export interface StageDashboardProps {
  readonly config: StageConfig;
  readonly onboarding: StateMachine;
  readonly release: StateMachine;
  readonly functions: readonly PlatformFunction[];
  /** Queues on which something waits for a person, by what waits. */
  readonly queues: Readonly<Record<string, Queue>>;
  readonly queries: SavedQueries['queries'];
}

const HOUR = Duration.hours(1);
const MINUTES = Duration.minutes(5);
/** The dashboard's grid has 24 columns. */
const FULL = 24;
const HALF = FULL / 2;
const THIRD = FULL / 3;

const graph = (title: string, left: readonly IMetric[], width = HALF): IWidget =>
  new GraphWidget({ title, left: [...left], width, height: 6, leftYAxis: { min: 0, showUnits: false } });

const ending = (machine: StateMachine) => {
  const sum = { period: HOUR, statistic: 'Sum' };
  return [
    machine.metricStarted({ ...sum, label: 'started' }),
    machine.metricSucceeded({ ...sum, label: 'succeeded' }),
    machine.metricFailed({ ...sum, label: 'failed' }),
    machine.metricTimedOut({ ...sum, label: 'timed out' }),
    machine.metricAborted({ ...sum, label: 'stopped' }),
  ];
};

/** Each action of an onboarding once: LaunchStack serves four states. */
const forwardActions = () => [...new Set(Object.values(workflowNamed('TenantOnboarding').forward))];

function durations(functions: readonly PlatformFunction[], statistic: string): IMetric[] {
  return forwardActions().flatMap((action) =>
    functions
      .filter(({ node }) => node.id === action)
      .map(({ lambda }) => lambda.metricDuration({ period: HOUR, statistic, label: action })),
  );
}

const greatest = (...names: MetricName[]) => names.map((name) => platformMetric(name, HOUR, 'Maximum'));

const list = (title: string, { commands, groups }: SavedQuery, view: LogQueryVisualizationType, width: number) =>
  new LogQueryWidget({
    title,
    logGroupNames: groups.map(({ logGroupName }) => logGroupName),
    queryLines: [...commands],
    view,
    width,
    height: 6,
  });

/**
 * One page about a stage: what happens to onboardings, how long they take, what runs short and what
 * waits for a person. The alarms are those of the control plane; each cell's are in its own stack.
 *
 * A duration of a function is its work alone. The table of states has the time with the wait for
 * stacks ("Logging in CloudWatch Logs").
 */
export class StageDashboard extends Construct {
  constructor(scope: Construct, id: string, props: StageDashboardProps) {
    super(scope, id);
    const { config, onboarding, release, functions, queues, queries } = props;
    const alarms = Stack.of(this)
      .node.findAll()
      .filter((found) => found instanceof PlatformAlarm);
    const { BAR, TABLE } = LogQueryVisualizationType;
    new Dashboard(this, 'Dashboard', {
      dashboardName: DASHBOARD_NAME,
      defaultInterval: Duration.days(7),
      widgets: [
        [
          new TextWidget({
            markdown: `# Tenant onboarding: ${config.domain}\nRunbook: ${runbookAddress(config)}. Queries: CloudWatch Logs Insights, folder \`tenant-onboarding\`.`,
            width: FULL,
            height: 2,
          }),
        ],
        [new AlarmStatusWidget({ title: 'Alarms', alarms: alarms.map(({ alarm }) => alarm), width: FULL, height: 5 })],
        [
          graph('Onboardings by outcome, per hour', ending(onboarding)),
          list('Failed onboardings by error', queries['failures by error'], BAR, HALF),
        ],
        [
          graph('Duration of each function, p50 (ms)', durations(functions, 'p50'), THIRD),
          graph('Duration of each function, p95 (ms)', durations(functions, 'p95'), THIRD),
          list('Duration of each state with waiting (s)', queries['step durations'], TABLE, THIRD),
        ],
        [
          new GraphWidget({
            title: 'Slots of all cells',
            left: [platformMetric('SlotsTaken', MINUTES, 'Maximum'), platformMetric('SlotsLeft', MINUTES, 'Minimum')],
            right: [slotsUsedPercent()],
            leftYAxis: { min: 0, showUnits: false },
            rightYAxis: { min: 0, max: 100, showUnits: false, label: 'percent used' },
            rightAnnotations: [{ value: CAPACITY_ALARM_PERCENT, label: 'alarm' }],
            width: HALF,
            height: 6,
          }),
          graph(
            'Messages that wait for a person',
            Object.entries(queues).map(([label, queue]) =>
              queue.metricApproximateNumberOfMessagesVisible({ period: MINUTES, statistic: 'Maximum', label }),
            ),
          ),
        ],
        [
          graph(
            'Drift, at each audit',
            greatest('TenantsDrifted', 'TenantsUnverified', 'SurroundingsFailing', 'SuspensionsHeld'),
          ),
          graph(
            'Runs and resources that need an operator',
            greatest(
              'LateRuns',
              'UnfinishedRuns',
              'TenantsHeldTooLong',
              'ApprovalsTooLate',
              'Orphans',
              'UnreadableItems',
            ),
          ),
        ],
        [
          graph('Releases by outcome, per hour', ending(release)),
          list('Returned releases', queries['returned releases'], TABLE, HALF),
        ],
      ],
    });
  }
}
