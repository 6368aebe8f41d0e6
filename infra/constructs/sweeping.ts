import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import type { OnboardingFunction } from './onboarding-function';

/** Every two minutes. A sweep that fails is made good by the next one: there is nothing to keep of it. */
export class Sweeping extends Construct {
  constructor(scope: Construct, id: string, props: { readonly sweep: OnboardingFunction }) {
    super(scope, id);
    new Rule(this, 'Schedule', {
      description: 'The sweep answers for what events should have told and did not',
      schedule: Schedule.rate(Duration.minutes(2)),
      targets: [new LambdaFunction(props.sweep.lambda, { retryAttempts: 0 })],
    });
  }
}
