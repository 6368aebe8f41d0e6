import { DescribeServicesCommand, type ECSClient, type Service, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { Compute } from './compute';

export type Containers = Pick<ECSClient, 'send'>;

/** @returns why no task of the service can answer, in words; undefined when a task can */
function unhealthy(service: Service): string | undefined {
  const { status, desiredCount = 0, runningCount = 0, deployments = [] } = service;
  if (status !== 'ACTIVE') return `its status is ${status}`;
  if (desiredCount < 1) return 'its desired count is 0';
  if (runningCount < 1) return `none of its ${desiredCount} tasks is running`;
  if (deployments.every(({ rolloutState }) => rolloutState === 'FAILED')) return 'all its deployments have failed';
  return undefined;
}

/**
 * Each colour of a cell is an ECS service.
 *
 * A service that is being scaled or deployed counts as healthy. While it scales, it has fewer tasks
 * than desired. A deployment keeps the old tasks until the new tasks are healthy, or until it is
 * rolled back ("Deployment circuit breaker"). Neither is a reason to undo resources that took half
 * an hour to create.
 *
 * "Deployment" of the ECS API reference: `rolloutState` is IN_PROGRESS, then COMPLETED or FAILED.
 */
export const ecsServices = (ecs: Containers): Pick<Compute, 'requireHealthyService'> => ({
  requireHealthyService: async (cell, colour) => {
    const name = cell.services[colour];
    const { services } = await ecs.send(new DescribeServicesCommand({ cluster: cell.clusterName, services: [name] }));
    const service = services?.[0];
    if (!service) throw new PlatformError('ConfigurationInvalid', `ECS service ${name} of cell ${cell.name} not found`);
    const reason = unhealthy(service);
    if (reason) throw new PlatformError('TransientServiceUnsteady', `ECS service ${name}: ${reason}`);
  },
});

/** The service of one colour of a cell. */
export interface ServiceName {
  readonly cluster: string;
  readonly service: string;
}

/**
 * Changes the desired count of a service. Scaling continues from the new count.
 *
 * @param wanted returns the new desired count for the present one
 * @returns whether the count was changed
 * @throws PlatformError `ConfigurationInvalid` when the service does not exist
 */
export async function resize(
  ecs: Containers,
  { cluster, service }: ServiceName,
  wanted: (desired: number) => number,
): Promise<boolean> {
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
  const desired = services?.[0]?.desiredCount;
  if (desired === undefined)
    throw new PlatformError('ConfigurationInvalid', `ECS service ${service} not found in cluster ${cluster}`);
  const desiredCount = wanted(desired);
  if (desiredCount === desired) return false;
  await ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount }));
  return true;
}

/** The least number of tasks of a live colour. */
export const leastLive = ({ liveTasks }: Pick<CellDescriptor, 'liveTasks'>): number => liveTasks?.min ?? 1;

/**
 * Gives a colour the tasks that a live one has at least.
 *
 * @returns whether it had fewer
 * @throws PlatformError `ConfigurationInvalid` when the service does not exist
 */
export const fillLive = (
  ecs: Containers,
  cell: Pick<CellDescriptor, 'clusterName' | 'services' | 'liveTasks'>,
  colour: Colour,
): Promise<boolean> =>
  resize(ecs, { cluster: cell.clusterName, service: cell.services[colour] }, (desired) =>
    Math.max(desired, leastLive(cell)),
  );
