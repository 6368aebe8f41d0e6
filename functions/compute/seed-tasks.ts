import { DescribeTaskDefinitionCommand, ECSClient, RegisterTaskDefinitionCommand } from '@aws-sdk/client-ecs';
import { ColourSchema, SeedTasksInput, SeedTasksOutput } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { colourFamily } from '../contract/naming';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { answeringCloudFormation } from '../shared/custom-resource';
import { isNamed } from '../shared/is-named';
import type { Containers } from './ecs-services';
import { withImage } from './task-with-image';

export interface SeedTasksDeps {
  readonly ecs: Containers;
}

/** "DescribeTaskDefinition": ClientException for a family without an active definition. */
async function isThere(ecs: Containers, family: string): Promise<boolean> {
  try {
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: family }));
    return taskDefinition?.status === 'ACTIVE';
  } catch (thrown) {
    if (isNamed(thrown, 'ClientException')) return false;
    throw thrown;
  }
}

/**
 * Gives each colour of a new cell its first task definition. CloudFormation calls it as a custom
 * resource, before it makes the services. A service names the family of its colour, and no template
 * names what is in the family: after a release, the next deployment would bring the old image back.
 *
 * 1. Copy the definition that the cell's template has registered into the family of each colour that
 *    has none.
 *
 * A family that has a definition is never changed: what a colour runs is a release's to decide. A
 * changed template reaches the tasks with the next release. It has no undo.
 *
 * Throws `ConfigurationInvalid` when the template's definition has no container.
 * "AWS::ECS::Service": a service that names a family takes its latest active revision.
 */
export const seedTasks: Action<typeof SeedTasksInput, typeof SeedTasksOutput, SeedTasksDeps> = {
  name: 'SeedTasks',
  input: SeedTasksInput,
  output: SeedTasksOutput,
  run: async ({ ecs }, { RequestType, ResourceProperties }) => {
    if (RequestType === 'Delete') return undefined;
    const { ClusterName: clusterName, TaskDefinition } = ResourceProperties;
    const { taskDefinition } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition: TaskDefinition }));
    const image = taskDefinition?.containerDefinitions?.[0]?.image;
    if (!taskDefinition || !image)
      throw new PlatformError('ConfigurationInvalid', `task definition ${TaskDefinition} has no container`);
    for (const colour of ColourSchema.options) {
      const family = colourFamily({ clusterName }, colour);
      if (await isThere(ecs, family)) continue;
      await ecs.send(new RegisterTaskDefinitionCommand({ ...withImage(taskDefinition, image, image), family }));
    }
    return undefined;
  },
};

export const handler = answeringCloudFormation(actionHandler(seedTasks, { ecs: new ECSClient(clientOptions) }));
