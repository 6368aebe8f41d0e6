import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import type { EventFunction } from '../constructs/event-function';
import { platformMetric, waitingIn } from '../constructs/metrics';
import { type AlarmTable, PER_MINUTE, platformAlarms } from '../constructs/platform-alarm';
import type { BreakGlass } from './break-glass';
import { CAPACITY_ALARM_PERCENT, slotsUsedPercent } from './capacity';
import type { UnmatchedEvents } from './unmatched-events';

export interface ControlPlaneAlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly machine: StateMachine;
  readonly undeliveredSignups: Queue;
  readonly unmatched: UnmatchedEvents;
  readonly breakGlass: BreakGlass;
  readonly stackSettled: EventFunction;
  readonly watchdog: EventFunction;
}

/** One alarm for each way in which an onboarding can go wrong while nobody watches. */
export class ControlPlaneAlarms extends Construct {
  constructor(scope: Construct, id: string, props: ControlPlaneAlarmsProps) {
    super(scope, id);
    platformAlarms(this, props, { ...alarms(props), ...certificateAlarms(props.config) });
  }
}

/**
 * ACM renews a certificate at least 45 days before it expires ("Managed certificate renewal"). So
 * a certificate with 30 days left has not been renewed. ACM reports the metric only until the
 * certificate expires.
 */
const DAYS_LEFT = 30;

function certificateAlarms({ certificateArn }: StageConfig): AlarmTable {
  if (!certificateArn) return {};
  return {
    CertificateExpiring: {
      metric: new Metric({
        namespace: 'AWS/CertificateManager',
        metricName: 'DaysToExpiry',
        dimensionsMap: { CertificateArn: certificateArn },
        period: Duration.days(1),
        statistic: 'Minimum',
      }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: DAYS_LEFT,
      withoutData: 'rings',
      impact: `the certificate of all tenants' pages ends in less than ${DAYS_LEFT} days. After that browsers refuse every page.`,
      runbook: 'docs/runbook.md#certificate-expiring',
    },
  };
}

function alarms(props: ControlPlaneAlarmsProps): AlarmTable {
  const { config, machine, stackSettled, watchdog, undeliveredSignups, unmatched, breakGlass } = props;
  return {
    OnboardingFailed: {
      metric: machine.metricFailed(PER_MINUTE),
      impact:
        'a customer has signed up and has no tenant, or (SignupConflict) has one that differs from the new signup. ' +
        'The run was rolled back, is held, or has changed nothing.',
      runbook: 'docs/runbook.md#onboarding-failed',
    },
    OnboardingTimedOut: {
      metric: machine.metricTimedOut(PER_MINUTE),
      impact:
        'a customer has signed up and has no tenant. Nothing was rolled back: the resources that exist cost money.',
      runbook: 'docs/runbook.md#onboarding-timed-out',
    },
    OnboardingAborted: {
      metric: machine.metricAborted(PER_MINUTE),
      impact: 'somebody stopped an onboarding. Nothing was rolled back: the resources that exist cost money.',
      runbook: 'docs/runbook.md#onboarding-aborted',
    },
    OnboardingLate: {
      // This metric counts runs that have not ended. AWS's own metric has a run's time only after
      // its end.
      metric: platformMetric('LateRuns', Duration.minutes(5), 'Maximum'),
      impact: `an onboarding has run for more than ${config.maxOnboardingMinutes} minutes: a customer waits longer than promised.`,
      runbook: 'docs/runbook.md#onboarding-late',
    },
    OnboardingThrottled: {
      metric: machine.metricThrottled(PER_MINUTE),
      impact: 'Step Functions throttles the onboardings: customers wait longer for their tenants.',
      runbook: 'docs/runbook.md#onboarding-throttled',
    },
    SignupUndelivered: {
      metric: waitingIn(undeliveredSignups),
      impact: 'a customer has signed up and no onboarding has started. The queue keeps the event for 14 days.',
      runbook: 'docs/runbook.md#signup-undelivered',
    },
    EventUnmatched: {
      metric: waitingIn(unmatched.queue),
      impact:
        'an event on the bus matches no rule; if it was meant as a signup, a customer waits and nothing has begun.',
      runbook: 'docs/runbook.md#event-unmatched',
    },
    UnmatchedEventUndelivered: {
      metric: waitingIn(unmatched.undelivered),
      impact: 'an event on the bus matches no rule and could not be kept on its queue; a customer may be waiting.',
      runbook: 'docs/runbook.md#event-unmatched',
    },
    BreakGlassUsed: {
      metric: waitingIn(breakGlass.uses),
      impact: "a person has used, or tried to use, the role that can restore any tenant's database and read from it.",
      runbook: 'docs/runbook.md#break-glass-used',
    },
    BreakGlassUseUndelivered: {
      metric: waitingIn(breakGlass.undelivered),
      impact: 'a use of the break-glass role could not be kept on its queue: nobody may have looked at it.',
      runbook: 'docs/runbook.md#break-glass-used',
    },
    StackEventUndelivered: {
      metric: waitingIn(stackSettled.undelivered),
      impact: 'a run waits for a stack that has already ended. It goes on when the sweep finds the stack.',
      runbook: 'docs/runbook.md#stack-event-undelivered',
    },
    StackSettledFailing: {
      metric: stackSettled.function.lambda.metricErrors(PER_MINUTE),
      impact: 'runs wait for stacks that have already ended. They go on when the sweep finds the stacks.',
      runbook: 'docs/runbook.md#stack-settled-failing',
    },
    RunUnfinished: {
      metric: platformMetric('UnfinishedRuns', Duration.minutes(1)),
      impact:
        'an onboarding, a release or a migration ended outside its failure path. Resources of an onboarding cost money.',
      runbook: 'docs/runbook.md#run-ended-outside-its-failure-path',
    },
    WatchdogFailing: {
      metric: watchdog.function.lambda.metricErrors(PER_MINUTE),
      impact: 'runs that end outside their failure path are not recorded until the sweep finds them.',
      runbook: 'docs/runbook.md#watchdog-failing',
    },
    RunEventUndelivered: {
      metric: waitingIn(watchdog.undelivered),
      impact: 'the end of a run is not recorded until the sweep finds it.',
      runbook: 'docs/runbook.md#watchdog-failing',
    },
    SweepFailing: {
      metric: platformMetric('SweepsDone', Duration.minutes(5)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      withoutData: 'rings',
      impact:
        'no sweep has succeeded for 15 minutes. Runs whose events were lost keep waiting, and late runs are not noticed.',
      runbook: 'docs/runbook.md#sweep-failing',
    },
    ItemUnreadable: {
      metric: platformMetric('UnreadableItems', Duration.minutes(5), 'Maximum'),
      impact: 'an item of the tenants table is damaged: nobody watches over its tenant, and its onboarding may hang.',
      runbook: 'docs/runbook.md#item-unreadable',
    },
    TenantHeld: {
      metric: platformMetric('TenantsHeldTooLong', Duration.minutes(5), 'Maximum'),
      impact:
        'a failed onboarding has been held for more than a day: a customer has no tenant, and its resources cost money.',
      runbook: 'docs/runbook.md#tenant-held',
    },
    ApprovalLate: {
      metric: platformMetric('ApprovalsTooLate', Duration.minutes(5), 'Maximum'),
      impact:
        'a pushed image waits for its approval for more than a day: no tenant gets it, and the images pushed after it wait, too.',
      runbook: 'docs/runbook.md#approval-late',
    },
    LostStackEvents: {
      metric: platformMetric('LostStackEvents', Duration.minutes(5)),
      impact: 'an onboarding took minutes longer: the event of a stack was lost, and the sweep had to find its end.',
      runbook: 'docs/runbook.md#lost-stack-events',
    },
    SlotSetAside: {
      metric: platformMetric('SlotsSetAside', Duration.minutes(5)),
      impact: 'a cell has one slot less: somebody has made a listener rule with the priority of a slot.',
      runbook: 'docs/runbook.md#slot-set-aside',
    },
    CapacityLow: {
      metric: slotsUsedPercent(),
      threshold: CAPACITY_ALARM_PERCENT,
      withoutData: 'as-before',
      impact: `${CAPACITY_ALARM_PERCENT} % or more of all slots are taken. When none is left, every signup fails with CapacityExhausted.`,
      runbook: 'docs/runbook.md#capacity-low',
    },
    OrphansFound: {
      metric: platformMetric('Orphans', Duration.hours(1), 'Maximum'),
      impact: 'resources exist that belong to no living tenant. They cost money, or hold a name or a slot.',
      runbook: 'docs/runbook.md#orphans-found',
    },
    OrphanSearchFailing: {
      metric: platformMetric('OrphanSearchesDone', Duration.hours(1)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      withoutData: 'rings',
      impact: 'nobody notices resources that a failed onboarding has left behind.',
      runbook: 'docs/runbook.md#orphan-search-failing',
    },
  };
}
