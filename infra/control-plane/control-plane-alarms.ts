import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import type { EventFunction } from '../constructs/event-function';
import { platformMetric } from '../constructs/metrics';
import { PlatformAlarm, type PlatformAlarmProps } from '../constructs/platform-alarm';

export interface ControlPlaneAlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly machine: StateMachine;
  readonly undeliveredSignups: Queue;
  readonly unmatchedEvents: Queue;
  readonly stackSettled: EventFunction;
  readonly watchdog: EventFunction;
}

type AlarmText = Omit<PlatformAlarmProps, 'topic'>;

const PER_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' } as const;

/** Everything that can go wrong with an onboarding without anybody watching it. */
export class ControlPlaneAlarms extends Construct {
  constructor(scope: Construct, id: string, props: ControlPlaneAlarmsProps) {
    super(scope, id);
    for (const [name, alarm] of Object.entries(texts(props))) {
      new PlatformAlarm(this, name, { ...alarm, topic: props.topic });
    }
  }
}

function texts(props: ControlPlaneAlarmsProps): Record<string, AlarmText> {
  const { config, machine, stackSettled, watchdog, undeliveredSignups, unmatchedEvents } = props;
  const waiting = (queue: Queue) =>
    queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1), statistic: 'Maximum' });
  return {
    OnboardingFailed: {
      metric: machine.metricFailed(PER_MINUTE),
      impact: 'a customer who signed up has no tenant; the run was rolled back or held.',
      runbook: 'docs/runbook.md#onboarding-failed',
    },
    OnboardingTimedOut: {
      metric: machine.metricTimedOut(PER_MINUTE),
      impact: 'a customer who signed up has no tenant, and nothing was rolled back: what exists costs money.',
      runbook: 'docs/runbook.md#onboarding-timed-out',
    },
    OnboardingAborted: {
      metric: machine.metricAborted(PER_MINUTE),
      impact: 'somebody stopped an onboarding, and nothing was rolled back: what exists costs money.',
      runbook: 'docs/runbook.md#onboarding-aborted',
    },
    OnboardingLate: {
      // Of runs that still run; AWS's own metric knows a run's time when it has ended.
      metric: platformMetric('LateRuns', Duration.minutes(5), 'Maximum'),
      impact: `an onboarding has been running for more than ${config.maxOnboardingMinutes} minutes; a customer waits longer than promised.`,
      runbook: 'docs/runbook.md#onboarding-late',
    },
    OnboardingThrottled: {
      metric: machine.metricThrottled(PER_MINUTE),
      impact: 'Step Functions slows the onboardings down; customers wait longer for their tenant.',
      runbook: 'docs/runbook.md#onboarding-throttled',
    },
    SignupUndelivered: {
      metric: waiting(undeliveredSignups),
      impact: 'a customer signed up and no onboarding was started; the event waits 14 days in the queue.',
      runbook: 'docs/runbook.md#signup-undelivered',
    },
    EventUnmatched: {
      metric: waiting(unmatchedEvents),
      impact:
        'an event on the bus matches no rule; if it was meant as a signup, a customer waits and nothing has begun.',
      runbook: 'docs/runbook.md#event-unmatched',
    },
    StackEventUndelivered: {
      metric: waiting(stackSettled.undelivered),
      impact: 'a run waits for the end of a stack that has ended, until the sweep answers for it.',
      runbook: 'docs/runbook.md#stack-event-undelivered',
    },
    StackSettledFailing: {
      metric: stackSettled.function.lambda.metricErrors(PER_MINUTE),
      impact: 'runs wait for the end of stacks that have ended, until the sweep answers for them.',
      runbook: 'docs/runbook.md#stack-settled-failing',
    },
    RunUnfinished: {
      metric: platformMetric('UnfinishedRuns', Duration.minutes(1)),
      impact: 'an onboarding ended outside its failure path, and nothing was rolled back: what exists costs money.',
      runbook: 'docs/runbook.md#run-ended-outside-its-failure-path',
    },
    WatchdogFailing: {
      metric: watchdog.function.lambda.metricErrors(PER_MINUTE),
      impact: 'runs that end outside their failure path go unrecorded, until the sweep notices them.',
      runbook: 'docs/runbook.md#watchdog-failing',
    },
    RunEventUndelivered: {
      metric: waiting(watchdog.undelivered),
      impact: 'the end of a run is unrecorded, until the sweep notices it.',
      runbook: 'docs/runbook.md#watchdog-failing',
    },
    SweepFailing: {
      metric: platformMetric('SweepsDone', Duration.minutes(5)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      withoutData: 'rings',
      impact:
        'no sweep has done its work for a quarter of an hour; lost events leave runs waiting, and late runs go unseen.',
      runbook: 'docs/runbook.md#sweep-failing',
    },
    LostStackEvents: {
      metric: platformMetric('LostStackEvents', Duration.minutes(5)),
      impact: 'an onboarding took minutes longer, because the end of its stack was learned by the sweep.',
      runbook: 'docs/runbook.md#lost-stack-events',
    },
    OrphansFound: {
      metric: platformMetric('Orphans', Duration.hours(1), 'Maximum'),
      impact: 'something that belongs to no living tenant is left; it costs money, or holds a name or a slot.',
      runbook: 'docs/runbook.md#orphans-found',
    },
    OrphanSearchFailing: {
      metric: platformMetric('OrphanSearchesDone', Duration.hours(1)),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      withoutData: 'rings',
      impact: 'what failed onboardings leave behind goes unseen.',
      runbook: 'docs/runbook.md#orphan-search-failing',
    },
  };
}
