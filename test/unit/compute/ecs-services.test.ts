import { ecsServices } from '../../../functions/compute/ecs-services';
import { aCell } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';

const healthy = {
  status: 'ACTIVE',
  desiredCount: 2,
  runningCount: 2,
  deployments: [{ status: 'PRIMARY', rolloutState: 'COMPLETED' }],
};

const cell = aCell();
const askOf = (...services: object[]) =>
  ecsServices(new FakeClient({ DescribeServicesCommand: { services } })).requireHealthyService(cell, 'blue');

test.each(['blue', 'green'] as const)('reads the service of the requested colour: %s', async (colour) => {
  const ecs = new FakeClient({ DescribeServicesCommand: { services: [healthy] } });
  await ecsServices(ecs).requireHealthyService(cell, colour);
  expect(ecs.inputs('DescribeServicesCommand')).toEqual([
    { cluster: cell.clusterName, services: [cell.services[colour]] },
  ]);
});

test.each([
  ['scaled to nothing', { ...healthy, desiredCount: 0, runningCount: 0 }],
  ['without a task', { ...healthy, runningCount: 0 }],
  ['draining', { ...healthy, status: 'DRAINING' }],
  ['nothing but a failed deployment', { ...healthy, deployments: [{ status: 'PRIMARY', rolloutState: 'FAILED' }] }],
])('a service that is %s cannot serve yet, which is a transient error', async (_, service) => {
  await expect(askOf(service)).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
});

test.each([
  ['being scaled', { ...healthy, desiredCount: 30, runningCount: 1 }],
  ['rolling out', { ...healthy, deployments: [{ status: 'PRIMARY', rolloutState: 'IN_PROGRESS' }] }],
  [
    'going back to the deployment before',
    { ...healthy, deployments: [{ status: 'PRIMARY', rolloutState: 'FAILED' }, ...healthy.deployments] },
  ],
])('a service that is %s can serve', async (_, service) => {
  await expect(askOf(service)).resolves.toBeUndefined();
});

test('a cell whose service does not exist is a configuration error', async () => {
  await expect(askOf()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
});
