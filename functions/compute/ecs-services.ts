import { DescribeServicesCommand, type ECSClient, type Service } from '@aws-sdk/client-ecs';
import { PlatformError } from '../contract/errors';
import type { Compute } from './compute';

export type Containers = Pick<ECSClient, 'send'>;

/** What keeps the service from serving, in words; undefined when it serves. */
function unhealthy(service: Service): string | undefined {
  const { status, desiredCount = 0, runningCount = 0, deployments = [] } = service;
  if (status !== 'ACTIVE') return `it is ${status}`;
  if (desiredCount < 1) return 'it is scaled to nothing';
  if (runningCount < 1) return `none of its ${desiredCount} tasks is running`;
  if (deployments.every(({ rolloutState }) => rolloutState === 'FAILED')) return 'every deployment of it has failed';
  return undefined;
}

/**
 * Each colour of a cell is a service of ECS.
 *
 * A service that is being scaled or deployed serves: its tasks are fewer than desired during each step of its scaling, and
 * a deployment keeps the tasks of the one before until its own are healthy, or is rolled back to it ("Deployment circuit
 * breaker"). Nothing that took half an hour to make is torn down for that.
 *
 * "Deployment" of the ECS API reference: `rolloutState` is IN_PROGRESS, then COMPLETED in the steady state, or FAILED.
 */
export const ecsServices = (ecs: Containers): Pick<Compute, 'requireHealthyService'> => ({
  requireHealthyService: async (cell, colour) => {
    const name = cell.services[colour];
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: cell.clusterName, services: [name] }));
    const service = services?.[0];
    if (!service) throw new PlatformError('ConfigurationInvalid', `cell ${cell.name} has no service ${name}`);
    const reason = unhealthy(service);
    if (reason) throw new PlatformError('TransientServiceUnsteady', `service ${name}: ${reason}`);
  },
});
