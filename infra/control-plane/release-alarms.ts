import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import type { EventFunction } from '../constructs/event-function';
import { PlatformAlarm } from '../constructs/platform-alarm';
import type { PlatformFunction } from '../constructs/platform-function';

export interface ReleaseAlarmsProps {
  readonly config: Pick<StageConfig, 'runbookUrl'>;
  readonly topic: ITopic;
  readonly machine: StateMachine;
  readonly deploymentSettled: EventFunction;
  readonly alarmRaised: EventFunction;
  readonly keepCells: PlatformFunction;
}

const PER_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' } as const;
const MOST_IN_A_MINUTE = { period: Duration.minutes(1), statistic: 'Maximum' } as const;

/** One alarm for each way in which a release can go wrong while nobody watches. */
export class ReleaseAlarms extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { config, topic, machine, deploymentSettled, alarmRaised, keepCells }: ReleaseAlarmsProps,
  ) {
    super(scope, id);
    new PlatformAlarm(this, 'ReleaseFailed', {
      config,
      topic,
      metric: machine.metricFailed(PER_MINUTE),
      impact: 'a release has not reached its tenants. It was returned, or it stopped with tenants on both versions.',
      runbook: 'docs/runbook.md#release-failed',
    });
    new PlatformAlarm(this, 'ReleaseAborted', {
      config,
      topic,
      metric: machine.metricAborted(PER_MINUTE),
      impact: 'somebody stopped a release: tenants are on both versions, and no other release can begin in the cell.',
      runbook: 'docs/runbook.md#release-failed',
    });
    new PlatformAlarm(this, 'DeploymentEventUndelivered', {
      config,
      topic,
      metric: deploymentSettled.undelivered.metricApproximateNumberOfMessagesVisible(MOST_IN_A_MINUTE),
      impact: 'a release waits for a deployment that has already ended. It goes on when KeepCells finds the end.',
      runbook: 'docs/runbook.md#keep-cells-failing',
    });
    new PlatformAlarm(this, 'AlarmEventUndelivered', {
      config,
      topic,
      metric: alarmRaised.undelivered.metricApproximateNumberOfMessagesVisible(MOST_IN_A_MINUTE),
      impact: 'an alarm rings in the bake of a release. The release returns when KeepCells finds the alarm.',
      runbook: 'docs/runbook.md#keep-cells-failing',
    });
    new PlatformAlarm(this, 'KeepCellsFailing', {
      config,
      topic,
      metric: keepCells.lambda.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }),
      impact: 'former versions keep running, and rules that a crash has left astray are not aligned.',
      runbook: 'docs/runbook.md#keep-cells-failing',
    });
  }
}
