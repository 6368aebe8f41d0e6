import type { ContainerDefinition, Service, TaskDefinition } from '@aws-sdk/client-ecs';
import * as z from 'zod';
import { SERVICE_REPOSITORY } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { expectEqual, expectExactly } from '../check';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType } from './expected-of';
import type { SurroundingsFacts } from './surroundings-facts';

const ServiceSchema = z.object({
  ServiceName: z.string(),
  LoadBalancers: z.array(z.object({ TargetGroupArn: z.string(), ContainerPort: z.number() })).default([]),
  NetworkConfiguration: z.object({
    AwsvpcConfiguration: z.object({
      AssignPublicIp: z.string().default('DISABLED'),
      SecurityGroups: z.array(z.string()),
      Subnets: z.array(z.string()),
    }),
  }),
});

const ContainerSchema = z.looseObject({
  Name: z.string(),
  Image: z.string(),
  Environment: z.array(z.object({ Name: z.string(), Value: z.string() })).default([]),
  LogConfiguration: z
    .object({ LogDriver: z.string(), Options: z.record(z.string(), z.coerce.string()).default({}) })
    .optional(),
  ReadonlyRootFilesystem: z.boolean().default(false),
});
const DefinitionSchema = z.looseObject({
  TaskRoleArn: z.string(),
  ExecutionRoleArn: z.string(),
  ContainerDefinitions: z.array(ContainerSchema),
});

export const repositoryOf = (image = '') => image.replace(/[@:][^/]*$/, '');

/** A release registers images of the platform's own repository, by their digest. */
const isReleased = (image: string | undefined, ofTemplate: string) =>
  [repositoryOf(ofTemplate), `${ofTemplate.split('/')[0]}/${SERVICE_REPOSITORY}`].includes(repositoryOf(image));

const optionsIn = (options: Readonly<Record<string, string>> = {}) =>
  Object.entries(options).map(([name, value]) => `${name}=${value}`);

/** Where the container's log goes: visitors' addresses and paths are in it. */
function logViolations(
  { logConfiguration }: ContainerDefinition,
  { LogConfiguration }: z.output<typeof ContainerSchema>,
  family: string | undefined,
): string[] {
  return [
    ...expectEqual(`the log driver of ${family}`, logConfiguration?.logDriver, LogConfiguration?.LogDriver),
    ...expectExactly(
      `log option of ${family}:`,
      optionsIn(logConfiguration?.options),
      optionsIn(LogConfiguration?.Options),
    ),
  ];
}

/** What brings further variables, files or rights into a container. The template has none of them. */
function additionsTo({ family, pidMode, ipcMode, volumes = [] }: TaskDefinition): string[] {
  return [
    ...volumes.map(({ name, efsVolumeConfiguration }) =>
      [`${family} has the volume ${name}`, efsVolumeConfiguration?.fileSystemId].filter(Boolean).join(' of '),
    ),
    ...[pidMode, ipcMode].flatMap((mode) => (mode ? [`tasks of ${family} share ${mode}`] : [])),
  ];
}

function containerAdditions(container: ContainerDefinition, family: string | undefined): string[] {
  const { environmentFiles = [], mountPoints = [], volumesFrom = [], linuxParameters, privileged } = container;
  return [
    ...environmentFiles.map(({ value }) => `${family} reads variables from ${value}`),
    ...mountPoints.map(({ sourceVolume }) => `${family} mounts the volume ${sourceVolume}`),
    ...volumesFrom.map(({ sourceContainer }) => `${family} mounts the volumes of ${sourceContainer}`),
    ...(linuxParameters?.capabilities?.add ?? []).map((each) => `${family} has the capability ${each}`),
    ...(privileged ? [`${family} is privileged`] : []),
  ];
}

/** What is compared by itself, with its own words, or is of no revision in particular. */
const COMPARED_APART = [
  ...['name', 'image', 'environment', 'environmentFiles', 'logConfiguration', 'readonlyRootFilesystem', 'secrets'],
  ...['mountPoints', 'volumesFrom', 'privileged', 'command', 'entryPoint'],
  ...['taskDefinitionArn', 'containerDefinitions', 'family', 'taskRoleArn', 'executionRoleArn', 'revision', 'status'],
  ...['requiresAttributes', 'compatibilities', 'registeredAt', 'registeredBy', 'deregisteredAt', 'volumes'],
  ...['pidMode', 'ipcMode'],
];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
/** ECS answers empty lists and objects, and nothing, where nothing is set ("ContainerDefinition"). */
const isUnset = (value: unknown): boolean =>
  [undefined, null, '', 0, false].some((each) => each === value) ||
  (isObject(value) && Object.values(value).every(isUnset));
const inTemplate = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** Whether a value has all that the template's has. ECS adds its defaults within, e.g. a port's protocol. */
function hasAll(actual: unknown, expected: unknown): boolean {
  if (!isObject(expected)) return isUnset(expected) ? isUnset(actual) : String(actual) === String(expected);
  if (!isObject(actual)) return isUnset(expected);
  if (Array.isArray(expected) && Array.isArray(actual) && actual.length !== expected.length) return false;
  const values = new Map(Object.entries(actual).map(([name, each]) => [inTemplate(name), each]));
  return Object.entries(expected).every(([name, each]) => hasAll(values.get(inTemplate(name)), each));
}

/**
 * Properties that are not as in the template, and those that it does not set: a user, a health check that runs
 * something, settings of the kernel, less memory, whatever ECS may have.
 */
function propertiesThatDiffer(what: string, actual: object, expected: Readonly<Record<string, unknown>>): string[] {
  const set = new Map<string, unknown>(Object.entries(actual));
  const names = new Set([
    ...set.keys(),
    ...Object.keys(expected).map((name) => name.charAt(0).toLowerCase() + name.slice(1)),
  ]);
  return [...names]
    .filter((name) => !COMPARED_APART.includes(name) && name !== 'tags')
    .filter((name) => {
      const should = expected[inTemplate(name)];
      return isUnset(should) ? !isUnset(set.get(name)) : !hasAll(set.get(name), should);
    })
    .map((name) => `${name} of ${what} is ${JSON.stringify(set.get(name)) ?? 'absent'}, not as in the template`);
}

function containerViolations(
  actual: ContainerDefinition,
  expected: z.output<typeof ContainerSchema> | undefined,
  { family, isBehind }: { readonly family: string | undefined; readonly isBehind: boolean },
): string[] {
  if (!expected) return [`${family} has the container ${actual.name}, which is no part of the template`];
  const named = (variables: readonly { name?: string | undefined; value?: string | undefined }[] = []) =>
    variables.map(({ name, value }) => `${name}=${value}`);
  const variables = expected.Environment.map(({ Name, Value }) => `${Name}=${Value}`);
  const released = named(actual.environment).filter((each) => !each.startsWith('SERVICE_VERSION='));
  return [
    ...(isReleased(actual.image, expected.Image) ? [] : [`${family} runs the image ${actual.image}`]),
    ...(isBehind
      ? []
      : [
          ...expectExactly(`variable of ${family}`, released, variables),
          ...logViolations(actual, expected, family),
          ...(expected.ReadonlyRootFilesystem && !actual.readonlyRootFilesystem
            ? [`the files of ${family} can be changed`]
            : []),
          ...propertiesThatDiffer(`container ${actual.name} of ${family}`, actual, expected),
        ]),
    ...containerAdditions(actual, family),
    ...(actual.secrets ?? []).map(({ name }) => `${family} gets the secret ${name}`),
    ...(actual.command?.length || actual.entryPoint?.length ? [`${family} runs another command than its image’s`] : []),
  ];
}

/**
 * A release takes the variables of its time from the stack's definition. A later deployment of the
 * stack may have other variables, which the next release brings: until then the service is behind,
 * and no stranger has changed it.
 */
function definitionViolations(
  actual: TaskDefinition,
  expected: z.output<typeof DefinitionSchema>,
  updatedAt: Date | undefined,
): string[] {
  const isBehind = Number(actual.registeredAt) < Number(updatedAt);
  const { family, taskRoleArn, executionRoleArn, containerDefinitions = [] } = actual;
  const names = expected.ContainerDefinitions.map(({ Name }) => Name);
  return [
    ...expectEqual(`the task role of ${family}`, taskRoleArn, expected.TaskRoleArn),
    ...expectEqual(`the execution role of ${family}`, executionRoleArn, expected.ExecutionRoleArn),
    ...additionsTo(actual),
    ...(isBehind ? [] : propertiesThatDiffer(String(family), actual, expected)),
    ...names.flatMap((name) =>
      containerDefinitions.some((each) => each.name === name) ? [] : [`${family} lacks the container ${name}`],
    ),
    ...containerDefinitions.flatMap((each) => {
      const ofTemplate = expected.ContainerDefinitions.find(({ Name }) => Name === each.name);
      return containerViolations(each, ofTemplate, { family, isBehind });
    }),
  ];
}

/** Where a service registers its tasks: whoever has the target group has their requests. */
const registeredAt = (group: string | undefined, port: number | undefined) => `${group} (port ${port})`;

/** "Amazon ECS clusters for Fargate": on any other one somebody may be root of the server, and has the tasks' credentials. */
const OF_AWS = ['FARGATE', 'FARGATE_SPOT'];

/** "UpdateService": a service may be moved to an Auto Scaling group, whatever it was made for. */
export const placesOf = ({
  launchType,
  capacityProviderStrategy = [],
}: Pick<Service, 'launchType' | 'capacityProviderStrategy'>) =>
  [launchType, ...capacityProviderStrategy.map(({ capacityProvider }) => capacityProvider)].flatMap((each) =>
    each && !OF_AWS.includes(each) ? [each] : [],
  );

function settingViolations(service: Service, templates: z.output<typeof ServiceSchema>[]): string[] {
  const { serviceName, networkConfiguration, loadBalancers = [], serviceRegistries = [], deployments = [] } = service;
  const { lifecycleHooks = [] } = service.deploymentConfiguration ?? {};
  const expected = templates.find(({ ServiceName }) => ServiceName === serviceName);
  const is = networkConfiguration?.awsvpcConfiguration;
  if (!expected) return [`service ${serviceName} is no part of the cell’s stack`];
  const should = expected.NetworkConfiguration.AwsvpcConfiguration;
  return [
    ...expectExactly(`security group of ${serviceName}`, is?.securityGroups ?? [], should.SecurityGroups),
    ...expectExactly(`subnet of ${serviceName}`, is?.subnets ?? [], should.Subnets),
    ...expectEqual(`a public address of ${serviceName}`, is?.assignPublicIp ?? 'DISABLED', should.AssignPublicIp),
    ...expectExactly(
      `target group of ${serviceName}:`,
      loadBalancers.map(({ targetGroupArn, containerPort }) => registeredAt(targetGroupArn, containerPort)),
      expected.LoadBalancers.map(({ TargetGroupArn, ContainerPort }) => registeredAt(TargetGroupArn, ContainerPort)),
    ),
    ...deployments.flatMap(({ serviceConnectConfiguration, vpcLatticeConfigurations = [] }) => [
      ...(serviceConnectConfiguration?.enabled
        ? [`${serviceName} is reached by Service Connect in ${serviceConnectConfiguration.namespace}`]
        : []),
      ...vpcLatticeConfigurations.map(
        ({ targetGroupArn }) => `${serviceName} registers its tasks at ${targetGroupArn}`,
      ),
    ]),
    // "DeploymentLifecycleHook": a function that ECS calls, and that decides whether a deployment goes on.
    ...lifecycleHooks.map(({ hookTargetArn }) => `${serviceName} calls ${hookTargetArn} at each of its deployments`),
    ...deployments.flatMap(({ volumeConfigurations = [] }) =>
      volumeConfigurations.map(({ name }) => `${serviceName} gives its tasks the volume ${name}`),
    ),
    ...placesOf(service).map((place) => `${serviceName} runs its tasks on servers of ${place}`),
    ...serviceRegistries.map(({ registryArn }) => `${serviceName} registers its tasks at ${registryArn}`),
  ];
}

/** What the cell's template makes of its task definition, and when it did last. */
export const definitionOfTemplate = (resources: readonly ExpectedResource[]) =>
  ofType(resources, 'AWS::ECS::TaskDefinition').map(({ properties, updatedAt }) => ({
    expected: DefinitionSchema.parse(properties),
    updatedAt,
  }))[0];

/** How the services and what they run differ from the cell's template. A release changes the image alone. */
export async function serviceViolations({ cell, stacks }: SurroundingsFacts): Promise<string[]> {
  const [services, definitions, resources] = await settled([cell.services(), cell.definitions(), stacks.cell()]);
  const templates = ofType(resources, 'AWS::ECS::Service').map(({ properties }) => ServiceSchema.parse(properties));
  const definition = definitionOfTemplate(resources);
  return [
    ...services.flatMap((service) => settingViolations(service, templates)),
    ...(definition
      ? definitions.flatMap((each) => definitionViolations(each, definition.expected, definition.updatedAt))
      : []),
  ];
}
