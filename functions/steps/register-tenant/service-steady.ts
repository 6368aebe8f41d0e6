import { DescribeServicesCommand, type ECSClient, type Service } from '@aws-sdk/client-ecs';
import type { CellDescriptor } from '../../contract/cell';
import { OnboardingError } from '../../contract/errors';

export type Containers = Pick<ECSClient, 'send'>;

/** What keeps the service from being steady, in words; undefined when it is. */
function unsteady(service: Service): string | undefined {
  const { status, desiredCount = 0, runningCount = 0, deployments = [] } = service;
  if (status !== 'ACTIVE') return `it is ${status}`;
  if (desiredCount < 1) return 'it is scaled to nothing';
  if (runningCount < desiredCount) return `${runningCount} of ${desiredCount} tasks are running`;
  if (deployments.length !== 1) return `it has ${deployments.length} deployments`;
  const state = deployments[0]?.rolloutState;
  return state === 'COMPLETED' ? undefined : `its deployment is ${state}`;
}

/**
 * A tenant gets no route to a service that is being replaced: the deployment may yet be rolled back.
 *
 * "Service" of the ECS API reference: `rolloutState` is COMPLETED once a deployment has reached its steady state.
 *
 * @throws OnboardingError `TransientServiceUnsteady`; `ConfigurationInvalid` when the cell names a service that is not there
 */
export async function requireSteadyService(ecs: Containers, cell: CellDescriptor): Promise<void> {
  const name = cell.services[cell.liveColour];
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: cell.clusterName, services: [name] }));
  const service = services?.[0];
  if (!service) throw new OnboardingError('ConfigurationInvalid', `cell ${cell.name} has no service ${name}`);
  const reason = unsteady(service);
  if (reason) throw new OnboardingError('TransientServiceUnsteady', `service ${name}: ${reason}`);
}
