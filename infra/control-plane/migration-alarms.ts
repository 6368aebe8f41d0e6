import { Duration } from 'aws-cdk-lib';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { serviceMetric } from '../constructs/metrics';
import { PlatformAlarm } from '../constructs/platform-alarm';

export interface MigrationAlarmsProps {
  readonly config: Pick<StageConfig, 'runbookUrl'>;
  readonly topic: ITopic;
  readonly machine: StateMachine;
}

const PER_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' } as const;

/**
 * How a migration may end badly, and a tenant that none has reached. The message of SettleMigration names
 * tenant, file and SQL state.
 */
export class MigrationAlarms extends Construct {
  constructor(scope: Construct, id: string, { config, topic, machine }: MigrationAlarmsProps) {
    super(scope, id);
    const ends = {
      MigrationFailed: machine.metricFailed(PER_MINUTE),
      MigrationAborted: machine.metricAborted(PER_MINUTE),
      MigrationTimedOut: machine.metricTimedOut(PER_MINUTE),
    };
    for (const [name, metric] of Object.entries(ends))
      new PlatformAlarm(this, name, {
        ...{ config, topic, metric },
        impact: 'databases of a cell have different migrations, and no release that needs the newest can begin.',
        runbook: 'docs/runbook.md#migration-failed',
      });
    new PlatformAlarm(this, 'TenantBehind', {
      ...{ config, topic, metric: serviceMetric('RequestsOfTenantsBehind', Duration.minutes(1)) },
      impact: 'visitors of a tenant get 503: its database lacks a migration that the shared service needs.',
      runbook: 'docs/runbook.md#tenant-behind',
    });
  }
}
