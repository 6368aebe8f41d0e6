import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { PlatformFunction } from '../constructs/platform-function';

export interface SweepingProps {
  readonly sweep: PlatformFunction;
  readonly orphans: PlatformFunction;
}

/** What is done by the clock. A turn that fails is made good by the next one: there is nothing to keep of it. */
export class Sweeping extends Construct {
  constructor(scope: Construct, id: string, { sweep, orphans }: SweepingProps) {
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
