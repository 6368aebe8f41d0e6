import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction, SfnStateMachine } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { AslMachine } from '../constructs/asl-machine';
import type { PlatformFunction } from '../constructs/platform-function';

export interface SchedulesProps {
  readonly sweep: PlatformFunction;
  readonly orphans: PlatformFunction;
  readonly keepCells: PlatformFunction;
}

/**
 * The functions that run on a schedule. A failed call is not retried: the next call does the work.
 */
export class Schedules extends Construct {
  constructor(scope: Construct, id: string, { sweep, orphans, keepCells }: SchedulesProps) {
    super(scope, id);
    new Rule(this, 'Sweep', {
      description: 'Starts the sweep, which finds ended stacks and runs whose events were lost',
      schedule: Schedule.rate(Duration.minutes(2)),
      targets: [new LambdaFunction(sweep.lambda, { retryAttempts: 0 })],
    });
    new Rule(this, 'Cells', {
      description: 'Starts what keeps cells as their live colour and their release say',
      schedule: Schedule.rate(Duration.minutes(2)),
      targets: [new LambdaFunction(keepCells.lambda, { retryAttempts: 0 })],
    });
    new Rule(this, 'Orphans', {
      description: 'Starts the search for resources that belong to no living tenant',
      schedule: Schedule.rate(Duration.hours(1)),
      targets: [new LambdaFunction(orphans.lambda, { retryAttempts: 0 })],
    });
  }
}

/**
 * Starts the audit of every ACTIVE tenant once a day, at the hour with the fewest visitors.
 * EventBridge tries for a day to start the audit. An alarm goes off when no audit has ended for two
 * days.
 */
export function auditDaily(audit: AslMachine): void {
  new Rule(audit, 'Daily', {
    description: 'Starts the audit, which verifies every ACTIVE tenant again',
    schedule: Schedule.cron({ hour: '3', minute: '0' }),
    targets: [new SfnStateMachine(audit.machine)],
  });
}
