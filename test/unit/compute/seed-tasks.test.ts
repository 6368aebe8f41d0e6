import { seedTasks } from '../../../functions/compute/seed-tasks';
import { SeedTasksInput } from '../../../functions/contract/cell';
import { awsError, FakeClient } from '../../support/fake-client';

const TEMPLATE = 'arn:task-definition/cell-c1:7';
const template = {
  taskDefinitionArn: TEMPLATE,
  revision: 7,
  registeredAt: new Date(),
  family: 'cell-c1',
  cpu: '256',
  memory: '512',
  taskRoleArn: 'arn:role/task',
  containerDefinitions: [{ name: 'Service', image: 'repository:tag', environment: [{ name: 'PORT', value: '8080' }] }],
};

function aScene(...families: string[]) {
  const ecs = new FakeClient({
    DescribeTaskDefinitionCommand: ({ taskDefinition }: { taskDefinition: string }) => {
      if (taskDefinition === TEMPLATE) return { taskDefinition: template };
      if (families.includes(taskDefinition)) return { taskDefinition: { status: 'ACTIVE' } };
      return awsError('ClientException', 'Unable to describe task definition.');
    },
    RegisterTaskDefinitionCommand: {},
  });
  const run = (RequestType = 'Create') =>
    seedTasks.run(
      { ecs },
      SeedTasksInput.parse({ RequestType, ResourceProperties: { ClusterName: 'cell-c1', TaskDefinition: TEMPLATE } }),
    );
  return { run, registered: () => ecs.inputs('RegisterTaskDefinitionCommand') };
}

test('registers the task definition of the template in the family of each colour of a new cell', async () => {
  const { run, registered } = aScene();
  await run();
  expect(registered().map(({ family }) => family)).toEqual(['cell-c1-blue', 'cell-c1-green']);
  for (const definition of registered()) {
    expect(definition).toMatchObject({ cpu: '256', memory: '512', taskRoleArn: 'arn:role/task' });
    expect(definition).not.toHaveProperty('revision');
    expect(definition).not.toHaveProperty('registeredAt');
    expect(definition.containerDefinitions).toMatchObject([
      {
        image: 'repository:tag',
        environment: [
          { name: 'PORT', value: '8080' },
          { name: 'SERVICE_VERSION', value: 'repository:tag' },
        ],
      },
    ]);
  }
});

test.each(['Create', 'Update'])('registers nothing in a family that has a task definition (%s)', async (type) => {
  const { run, registered } = aScene('cell-c1-blue', 'cell-c1-green');
  await run(type);
  expect(registered()).toEqual([]);
});

test('a retry registers what a call that died had not registered', async () => {
  const { run, registered } = aScene('cell-c1-blue');
  await run();
  expect(registered()).toMatchObject([{ family: 'cell-c1-green' }]);
});

test('a Delete request changes nothing', async () => {
  const { run, registered } = aScene();
  await run('Delete');
  expect(registered()).toEqual([]);
});
