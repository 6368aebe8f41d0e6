import type { RegisterTaskDefinitionCommandInput, TaskDefinition } from '@aws-sdk/client-ecs';

/**
 * A definition with another image and the version that the service tells. What ECS itself has added
 * to the definition is left out ("RegisterTaskDefinition").
 */
export function withImage(
  template: TaskDefinition,
  image: string,
  version: string,
): Omit<RegisterTaskDefinitionCommandInput, 'family'> {
  const { containerDefinitions = [], volumes, taskRoleArn, executionRoleArn, networkMode } = template;
  const { cpu, memory, runtimePlatform, requiresCompatibilities } = template;
  const [service, ...others] = containerDefinitions;
  const environment = [
    ...(service?.environment ?? []).filter(({ name }) => name !== 'SERVICE_VERSION'),
    { name: 'SERVICE_VERSION', value: version },
  ];
  return {
    containerDefinitions: [{ ...service, image, environment }, ...others],
    ...{ volumes, taskRoleArn, executionRoleArn, networkMode, cpu, memory, runtimePlatform, requiresCompatibilities },
  };
}
