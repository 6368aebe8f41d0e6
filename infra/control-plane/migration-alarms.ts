import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { serviceMetric } from '../constructs/metrics';
import { PER_MINUTE, platformAlarms } from '../constructs/platform-alarm';

export interface MigrationAlarmsProps {
  readonly config: Pick<StageConfig, 'runbookUrl'>;
  readonly topic: ITopic;
  readonly machine: StateMachine;
}

/**
 * How a migration may end badly, and a tenant that none has reached. The message of SettleMigration names
 * tenant, file and SQL state.
 */
export class MigrationAlarms extends Construct {
  constructor(scope: Construct, id: string, props: MigrationAlarmsProps) {
    super(scope, id);
    const { machine } = props;
    const badEnd = {
      impact: 'databases of a cell have different migrations, and no release that needs the newest can begin.',
      runbook: 'docs/runbook.md#migration-failed',
    } as const;
    platformAlarms(this, props, {
      MigrationFailed: { metric: machine.metricFailed(PER_MINUTE), ...badEnd },
      MigrationAborted: { metric: machine.metricAborted(PER_MINUTE), ...badEnd },
      MigrationTimedOut: { metric: machine.metricTimedOut(PER_MINUTE), ...badEnd },
      TenantBehind: {
        metric: serviceMetric('RequestsOfTenantsBehind', Duration.minutes(1)),
        impact: 'visitors of a tenant get 503: its database lacks a migration that the shared service needs.',
        runbook: 'docs/runbook.md#tenant-behind',
      },
    });
  }
}
