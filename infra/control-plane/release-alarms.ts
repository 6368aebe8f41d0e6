import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import type { EventFunction } from '../constructs/event-function';
import { waitingIn } from '../constructs/metrics';
import { PER_MINUTE, platformAlarms } from '../constructs/platform-alarm';
import type { PlatformFunction } from '../constructs/platform-function';

export interface ReleaseAlarmsProps {
  readonly config: Pick<StageConfig, 'runbookUrl'>;
  readonly topic: ITopic;
  readonly machine: StateMachine;
  readonly deploymentSettled: EventFunction;
  readonly alarmRaised: EventFunction;
  readonly keepCells: PlatformFunction;
}

/** One alarm for each way in which a release can go wrong while nobody watches. */
export class ReleaseAlarms extends Construct {
  constructor(scope: Construct, id: string, props: ReleaseAlarmsProps) {
    super(scope, id);
    const { machine, deploymentSettled, alarmRaised, keepCells } = props;
    platformAlarms(this, props, {
      ReleaseFailed: {
        metric: machine.metricFailed(PER_MINUTE),
        impact: 'a release has not reached its tenants. It was returned, or it stopped with tenants on both versions.',
        runbook: 'docs/runbook.md#release-failed',
      },
      ReleaseAborted: {
        metric: machine.metricAborted(PER_MINUTE),
        impact: 'somebody stopped a release: tenants are on both versions, and no other release can begin in the cell.',
        runbook: 'docs/runbook.md#release-failed',
      },
      ReleaseTimedOut: {
        metric: machine.metricTimedOut(PER_MINUTE),
        impact:
          'a release was held for a week and ended: tenants are on both versions, and no other release can begin.',
        runbook: 'docs/runbook.md#release-failed',
      },
      DeploymentEventUndelivered: {
        metric: waitingIn(deploymentSettled.undelivered),
        impact: 'a release waits for a deployment that has already ended. It goes on when KeepCells finds the end.',
        runbook: 'docs/runbook.md#keep-cells-failing',
      },
      AlarmEventUndelivered: {
        metric: waitingIn(alarmRaised.undelivered),
        impact: 'an alarm rings in the bake of a release. The release returns when KeepCells finds the alarm.',
        runbook: 'docs/runbook.md#keep-cells-failing',
      },
      KeepCellsFailing: {
        metric: keepCells.lambda.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }),
        impact: 'former versions keep running, and rules that a crash has left astray are not aligned.',
        runbook: 'docs/runbook.md#keep-cells-failing',
      },
    });
  }
}
