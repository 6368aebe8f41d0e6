import { DescribeServicesCommand, type ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';

export type Containers = Pick<ECSClient, 'send'>;

/** What keeps the service from serving, in words; undefined when it serves. */
function unsteady(service: Service): string | undefined {
  const { status, desiredCount = 0, runningCount = 0, deployments = [] } = service;
  if (status !== 'ACTIVE') return `it is ${status}`;
  if (desiredCount < 1) return 'it is scaled to nothing';
  if (runningCount < 1) return `none of its ${desiredCount} tasks is running`;
  if (deployments.every(({ rolloutState }) => rolloutState === 'FAILED')) return 'every deployment of it has failed';
  return undefined;
}

/**
 * A tenant gets no route to a service that serves nobody.
 *
 * One that is being scaled or deployed serves: its tasks are fewer than desired during each step of its scaling, and a
 * deployment keeps the tasks of the one before until its own are healthy, or is rolled back to it ("Deployment circuit
 * breaker"). Nothing that took half an hour to make is torn down for that.
 *
 * "Deployment" of the ECS API reference: `rolloutState` is IN_PROGRESS, then COMPLETED in the steady state, or FAILED.
 *
 * @throws PlatformError `TransientServiceUnsteady`; `ConfigurationInvalid` when the cell names a service that is not there
 */
export async function requireSteadyService(ecs: Containers, cell: CellDescriptor): Promise<void> {
  const name = cell.services[cell.liveColour];
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: cell.clusterName, services: [name] }));
  const service = services?.[0];
  if (!service) throw new PlatformError('ConfigurationInvalid', `cell ${cell.name} has no service ${name}`);
  const reason = unsteady(service);
  if (reason) throw new PlatformError('TransientServiceUnsteady', `service ${name}: ${reason}`);
}
