import { Stack } from 'aws-cdk-lib';
import { Match, Rule } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import { type EventFunction, keptWhenUndelivered } from '../constructs/event-function';

/**
 * ECS publishes the end of each deployment on the default bus. This rule calls DeploymentSettled for
 * services of cells. The event names the service as its resource, and no cluster in its detail
 * ("Amazon ECS service deployment state change events").
 */
export class DeploymentEvents extends Construct {
  constructor(scope: Construct, id: string, props: { readonly deploymentSettled: EventFunction }) {
    super(scope, id);
    const { partition, region, account } = Stack.of(this);
    new Rule(this, 'Rule', {
      description: 'The end of a deployment completes the release that waits for it',
      eventPattern: {
        source: ['aws.ecs'],
        detailType: ['ECS Deployment State Change'],
        detail: { eventName: ['SERVICE_DEPLOYMENT_COMPLETED', 'SERVICE_DEPLOYMENT_FAILED'] },
        resources: Match.prefix(`arn:${partition}:ecs:${region}:${account}:service/cell-`),
      },
      targets: [keptWhenUndelivered(props.deploymentSettled)],
    });
  }
}
