import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { PlatformAlarm } from '../constructs/platform-alarm';
import type { PlatformFunction } from '../constructs/platform-function';

export interface RotationAlarmProps {
  readonly config: Pick<StageConfig, 'runbookUrl'>;
  readonly topic: ITopic;
  readonly rotateMasterSecret: PlatformFunction;
}

/**
 * A step of a rotation that failed. Secrets Manager begins the rotation anew by itself. One that is not begun any
 * more is found by the audit (`secrets.rotation-function`).
 */
export class RotationAlarm extends Construct {
  constructor(scope: Construct, id: string, { config, topic, rotateMasterSecret }: RotationAlarmProps) {
    super(scope, id);
    new PlatformAlarm(this, 'RotationFailing', {
      ...{ config, topic },
      metric: rotateMasterSecret.lambda.metricErrors({ period: Duration.minutes(5), statistic: 'Sum' }),
      impact: 'a tenant keeps its old master password, or migrations of its database wait for the new one.',
      runbook: 'docs/runbook.md#rotation-failing',
    });
  }
}
