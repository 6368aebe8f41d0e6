import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { OnboardingAlarm, type RunbookLink } from './onboarding-alarm';
import type { OnboardingFunction } from './onboarding-function';

export interface ControlPlaneAlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly machine: StateMachine;
  readonly undeliveredSignups: Queue;
  readonly stackSettled: OnboardingFunction;
  readonly undeliveredStackEvents: Queue;
}

interface AlarmText {
  readonly metric: IMetric;
  readonly threshold?: number;
  readonly impact: string;
  readonly runbook: RunbookLink;
}

const PER_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' } as const;

/** Everything that can go wrong with an onboarding without anybody watching it. */
export class ControlPlaneAlarms extends Construct {
  constructor(scope: Construct, id: string, props: ControlPlaneAlarmsProps) {
    super(scope, id);
    for (const [name, alarm] of Object.entries(texts(props))) {
      new OnboardingAlarm(this, name, { ...alarm, topic: props.topic });
    }
  }
}

function texts(props: ControlPlaneAlarmsProps): Record<string, AlarmText> {
  const { config, machine, stackSettled, undeliveredSignups, undeliveredStackEvents } = props;
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
      // Known when a run ends; one that hangs ends by the timeout of its state.
      metric: machine.metricTime({ period: Duration.minutes(1), statistic: 'Maximum' }),
      threshold: Duration.minutes(config.maxOnboardingMinutes).toMilliseconds(),
      impact: `an onboarding took more than ${config.maxOnboardingMinutes} minutes; customers wait longer than promised.`,
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
    StackEventUndelivered: {
      metric: waiting(undeliveredStackEvents),
      impact: 'a run waits for the end of a stack that has ended, until its state times out.',
      runbook: 'docs/runbook.md#stack-event-undelivered',
    },
    StackSettledFailing: {
      metric: stackSettled.lambda.metricErrors(PER_MINUTE),
      impact: 'runs wait for the end of stacks that have ended, until their states time out.',
      runbook: 'docs/runbook.md#stack-settled-failing',
    },
  };
}
