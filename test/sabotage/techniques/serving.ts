import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  type Action,
  DeregisterTargetsCommand,
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  ModifyListenerAttributesCommand,
  ModifyListenerCommand,
  ModifyTargetGroupAttributesCommand,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { pushImage } from '../../../emulator/image-registry';
import type { CellDescriptor, Colour } from '../../../functions/contract/cell';
import { CELLS_PARAMETER_PATH, SERVICE_REPOSITORY } from '../../../functions/contract/naming';
import type { SharedTechnique } from '../surroundings-target';

const STRANGERS_SERVER = '203.0.113.5';

const BUNDLE = Buffer.from(
  "require('node:http').createServer((_, answer) => answer.end()).listen(process.env.PORT, process.env.HOST);",
);

/**
 * Pushes an image and runs it on the colour that serves nobody, with everything else of the template.
 *
 * @param repositoryOf where it is pushed to, by the repository of the template's image
 */
const image = (name: string, repositoryOf: (ofTemplate: string) => string): SharedTechnique => ({
  name,
  check: 'platform.images',
  detonate: async ({ surroundings, registry, root: { ecs } }) => {
    const { clusterName: cluster, services } = surroundings.cell;
    const service = services.green;
    const { services: [before] = [] } = await ecs.send(new DescribeServicesCommand({ cluster, services: [service] }));
    const { taskDefinition: made = {} } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: before?.taskDefinition }),
    );
    const [container] = made.containerDefinitions ?? [];
    const [, host, ofTemplate = ''] = /^([^/]+)\/([^@:]+)/.exec(container?.image ?? '') ?? [];
    const repository = repositoryOf(ofTemplate);
    const pushed = `${host}/${repository}@${await pushImage(registry, { repository, bundle: BUNDLE })}`;
    const { family, cpu, memory, networkMode, requiresCompatibilities, runtimePlatform } = made;
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({
        ...{ family, cpu, memory, networkMode, requiresCompatibilities, runtimePlatform },
        ...{ taskRoleArn: made.taskRoleArn, executionRoleArn: made.executionRoleArn },
        containerDefinitions: [{ ...container, image: pushed }],
      }),
    );
    const run = (definition: string | undefined, desiredCount: number | undefined) =>
      ecs.send(new UpdateServiceCommand({ cluster, service, taskDefinition: definition, desiredCount }));
    await run(taskDefinition?.taskDefinitionArn, 1);
    return {
      expectedEvidence: `runs ${pushed}, which no release has brought here`,
      revert: () => run(before?.taskDefinition, before?.desiredCount),
    };
  },
});

const target = (name: string, colour: Colour, Id: string): SharedTechnique => ({
  name,
  check: 'routing.targets',
  detonate: async ({ surroundings, root: { elb } }) => {
    const targets = { TargetGroupArn: surroundings.cell.targetGroupArns[colour], Targets: [{ Id, Port: 8080 }] };
    await elb.send(new RegisterTargetsCommand(targets));
    return {
      expectedEvidence: `${Id} is a target of ${colour}`,
      revert: () => elb.send(new DeregisterTargetsCommand(targets)),
    };
  },
});

const sticky = (name: string, colour: Colour, type: string): SharedTechnique => ({
  name,
  check: 'routing.group-attributes',
  detonate: async ({ surroundings, root: { elb } }) => {
    const TargetGroupArn = surroundings.cell.targetGroupArns[colour];
    const set = (enabled: string, Value: string) =>
      elb.send(
        new ModifyTargetGroupAttributesCommand({
          TargetGroupArn,
          Attributes: [
            { Key: 'stickiness.enabled', Value: enabled },
            { Key: 'stickiness.type', Value },
          ],
        }),
      );
    await set('true', type);
    return { expectedEvidence: `${colour}: stickiness.enabled is true`, revert: () => set('false', 'lb_cookie') };
  },
});

const listenerAttribute = (name: string, Key: string, Value: string, fallback = ''): SharedTechnique => ({
  name,
  check: 'routing.listener-attributes',
  detonate: async ({ surroundings, root: { elb } }) => {
    const { listenerArn: ListenerArn } = surroundings.cell;
    const { Attributes = [] } = await elb.send(new DescribeListenerAttributesCommand({ ListenerArn }));
    const set = (to: string) =>
      elb.send(new ModifyListenerAttributesCommand({ ListenerArn, Attributes: [{ Key, Value: to }] }));
    await set(Value);
    const before = Attributes.find((each) => each.Key === Key)?.Value ?? fallback;
    return { expectedEvidence: `the listener has ${Key}: ${Value}`, revert: () => set(before) };
  },
});

const descriptor = (
  name: string,
  change: (cell: CellDescriptor) => Partial<CellDescriptor>,
  expectedEvidence: string,
): SharedTechnique => ({
  name,
  check: 'cell.descriptor',
  detonate: async ({ surroundings: { cell }, root: { ssm } }) => {
    const Name = `${CELLS_PARAMETER_PATH}/${cell.name}`;
    const before = (await ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value ?? '';
    const put = (Value: string) => ssm.send(new PutParameterCommand({ Name, Value, Type: 'String', Overwrite: true }));
    await put(JSON.stringify({ ...JSON.parse(before), ...change(cell) }));
    return { expectedEvidence, revert: () => put(before) };
  },
});

const STRANGERS_GROUP = 'arn:aws:elasticloadbalancing:eu-central-1:999999999999:targetgroup/theirs/1';

export const SERVING_TECHNIQUES: readonly SharedTechnique[] = [
  {
    name: 'show a stranger’s page under names of nobody',
    check: 'routing.listeners',
    detonate: async ({ surroundings: { cell }, root: { elb } }) => {
      const { listenerArn: ListenerArn } = cell;
      const { Listeners } = await elb.send(new DescribeListenersCommand({ ListenerArns: [ListenerArn] }));
      const put = (DefaultActions: Action[] | undefined) =>
        elb.send(new ModifyListenerCommand({ ListenerArn, DefaultActions }));
      const MessageBody = '<script src="https://stranger.example"></script>';
      const FixedResponseConfig = { StatusCode: '404', ContentType: 'text/html', MessageBody };
      await put([{ Type: 'fixed-response', FixedResponseConfig }]);
      return { expectedEvidence: 'stranger.example', revert: () => put(Listeners?.[0]?.DefaultActions) };
    },
  },
  target('register a stranger’s server in the live target group', 'blue', STRANGERS_SERVER),
  target('register a stranger’s server in the idle target group', 'green', STRANGERS_SERVER),
  target('register an address of the cell’s network that no task has', 'blue', '10.0.0.99'),
  sticky('make the live target group sticky', 'blue', 'lb_cookie'),
  sticky('make the idle target group sticky', 'green', 'lb_cookie'),
  sticky('keep visitors where a cookie of their own says', 'blue', 'app_cookie'),
  listenerAttribute(
    'let scripts of every origin read tenants’ pages, by the listener',
    'routing.http.response.access_control_allow_origin.header_value',
    '*',
  ),
  listenerAttribute(
    'let tenants’ pages into frames of others',
    'routing.http.response.x_frame_options.header_value',
    'ALLOWALL',
  ),
  listenerAttribute(
    'pass a client’s certificate on as its address',
    'routing.http.request.x_amzn_mtls_clientcert.header_name',
    'X-Forwarded-For',
    'X-Amzn-Mtls-Clientcert',
  ),
  {
    name: 'run a task of no service in the cell’s cluster',
    check: 'cell.service',
    detonate: async ({ surroundings: { cell }, root: { ecs } }) => {
      const { tasks } = await ecs.send(
        new RunTaskCommand({ cluster: cell.clusterName, taskDefinition: cell.clusterName, launchType: 'FARGATE' }),
      );
      const task = tasks?.[0]?.taskArn ?? '';
      return {
        expectedEvidence: `task ${task}`,
        revert: () => ecs.send(new StopTaskCommand({ cluster: cell.clusterName, task })),
      };
    },
  },
  image('run an image of the stack’s repository that nobody released', (ofTemplate) => ofTemplate),
  image('run an image of the releases’ repository that nobody released', () => SERVICE_REPOSITORY),
  descriptor(
    'name a stranger’s target group in the cell’s descriptor',
    ({ targetGroupArns }) => ({ targetGroupArns: { ...targetGroupArns, green: STRANGERS_GROUP } }),
    `targetGroupArns.green is ${STRANGERS_GROUP}`,
  ),
  descriptor(
    'name a stranger’s task role in the cell’s descriptor',
    () => ({ taskRoleArn: 'arn:aws:iam::999999999999:role/theirs' }),
    'taskRoleArn is arn:aws:iam::999999999999:role/theirs',
  ),
  descriptor(
    'name another block of tenants in the cell’s descriptor',
    () => ({ tenantRange: '10.0.0.0/8' }),
    'tenantRange is 10.0.0.0/8',
  ),
  descriptor(
    'name another bucket for access logs in the cell’s descriptor',
    () => ({ accessLogBucketName: 'strangers-logs' }),
    'accessLogBucketName is strangers-logs',
  ),
];
