import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { AslMachine } from '../constructs/asl-machine';
import type { PlatformFunction } from '../constructs/platform-function';

export interface SchedulesProps {
  readonly sweep: PlatformFunction;
  readonly orphans: PlatformFunction;
}

/** The functions that run on a schedule. A run that fails is not retried: the next one does its work. */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { sweep, orphans }: SchedulesProps) {
    super(scope, id);
    new Rule(this, 'Sweep', {
      description: 'The sweep answers for what events should have told and did not',
      schedule: Schedule.rate(Duration.minutes(2)),
      targets: [new LambdaFunction(sweep.lambda, { retryAttempts: 0 })],
    });
    new Rule(this, 'Orphans', {
      description: 'The search for what belongs to no living tenant',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(orphans.lambda, { retryAttempts: 0 })],
    });
  }
}

/**
 * Verifies every ACTIVE tenant once a day, at the hour with the fewest visitors. EventBridge tries for
 * a day to start the audit. An alarm tells when no audit has come to its end.
 */
export function auditDaily(audit: AslMachine): void {
  new Rule(audit, 'Daily', {
    description: 'Every ACTIVE tenant is verified again',
    schedule: Schedule.cron({ hour: '3', minute: '0' }),
    targets: [new SfnStateMachine(audit.machine)],
  });
}
