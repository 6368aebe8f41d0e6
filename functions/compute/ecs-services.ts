import { DescribeServicesCommand, type ECSClient, type Service, UpdateServiceCommand } from '@aws-sdk/client-ecs';
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

/** Of a cell: its cluster, and the service of one colour. */
export interface ServiceName {
  readonly cluster: string;
  readonly service: string;
}

/**
 * Changes how many tasks the service wants, if that is another number. Scaling goes on from there.
 *
 * @param wanted the new number by the present one
 * @throws PlatformError `ConfigurationInvalid` when the service does not exist
 */
export async function resize(
  ecs: Containers,
  { cluster, service }: ServiceName,
  wanted: (desired: number) => number,
): Promise<void> {
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
  const desired = services?.[0]?.desiredCount;
  if (desired === undefined)
    throw new PlatformError('ConfigurationInvalid', `cluster ${cluster} has no service ${service}`);
  const desiredCount = wanted(desired);
  if (desiredCount !== desired) await ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount }));
}
