import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  type Deployment,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  StopTaskCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { control } from '../control';
import { type Emulator, startEmulator } from '../emulator';
import { pushImage } from '../image-registry';
import { access, eventually } from './aws';

const REPOSITORY = 'shared/service';
const CLUSTER = 'cell';

/** Serves its variables and its port; the health check answers what the image says. */
const serving = (version: string, healthz = 200) =>
  Buffer.from(`require('node:http').createServer((request, answer) => {
    if (request.url === '/healthz') { answer.statusCode = ${healthz}; answer.end(); return; }
    const { NAME, OF_IMAGE, PORT, AWS_REGION, AWS_DEFAULT_REGION } = process.env;
    fetch(process.env.AWS_CONTAINER_CREDENTIALS_FULL_URI).then((given) => given.json()).then(({ RoleArn }) =>
      answer.end(JSON.stringify({ version: '${version}', NAME, OF_IMAGE, PORT, AWS_REGION, AWS_DEFAULT_REGION, RoleArn })));
  }).listen(process.env.PORT, process.env.HOST);`);
const CRASHING = Buffer.from(`console.log('no such module'); process.exit(3);`);

let emulator: Emulator;
let ecs: ECSClient;
let elb: ElasticLoadBalancingV2Client;
let sqs: SQSClient;
let taskRoleArn: string;
let targetGroupArn: string;
let queueUrl: string;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  const aws = access(emulator);
  ecs = new ECSClient(aws);
  elb = new ElasticLoadBalancingV2Client(aws);
  sqs = new SQSClient(aws);
  await new ECRClient(aws).send(new CreateRepositoryCommand({ repositoryName: REPOSITORY }));
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' }],
  };
  const { Role } = await new IAMClient(aws).send(
    new CreateRoleCommand({ RoleName: 'task', AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  taskRoleArn = Role?.Arn ?? '';
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({
      Name: 'blue',
      Protocol: 'HTTP',
      Port: 8080,
      TargetType: 'ip',
      HealthCheckPath: '/healthz',
      HealthCheckIntervalSeconds: 5,
      UnhealthyThresholdCount: 3,
    }),
  );
  targetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? '';
  const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand({ Name: CLUSTER }));
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'forward', TargetGroupArn: targetGroupArn }],
    }),
  );
  queueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'told' }))).QueueUrl ?? '';
  const events = new EventBridgeClient(aws);
  const EventPattern = JSON.stringify({ source: ['aws.ecs'], 'detail-type': ['ECS Deployment State Change'] });
  await events.send(new PutRuleCommand({ Name: 'deployments', EventPattern }));
  const Arn = `arn:aws:sqs:${emulator.region}:${emulator.accountId}:told`;
  await events.send(new PutTargetsCommand({ Rule: 'deployments', Targets: [{ Id: 'queue', Arn }] }));
  await ecs.send(new CreateClusterCommand({ clusterName: CLUSTER }));
  await ecs.send(
    new CreateServiceCommand({
      cluster: CLUSTER,
      serviceName: 'blue',
      taskDefinition: await definition(await push(serving('first'))),
      desiredCount: 1,
      launchType: 'FARGATE',
      loadBalancers: [{ targetGroupArn, containerName: 'service', containerPort: 8080 }],
      deploymentConfiguration: {
        deploymentCircuitBreaker: {
          enable: true,
          rollback: false,
          resetOnHealthyTask: false,
          thresholdConfiguration: { type: 'COUNT', value: 2 },
        },
      },
    }),
  );
}, 90_000);
afterAll(() => emulator?.stop());

const environment = { NAME: 'of the image', OF_IMAGE: '--size=2' };
const push = (bundle: Buffer) => pushImage(emulator.endpointUrl, { repository: REPOSITORY, bundle, environment });

async function definition(digest: string, memory?: string): Promise<string> {
  const image = `${emulator.accountId}.dkr.ecr.${emulator.region}.amazonaws.com/${REPOSITORY}@${digest}`;
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: 'service',
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      memory,
      taskRoleArn,
      containerDefinitions: [
        {
          name: 'service',
          image,
          portMappings: [{ containerPort: 8080 }],
          environment: [{ name: 'NAME', value: 'of the definition' }],
        },
      ],
    }),
  );
  return taskDefinition?.taskDefinitionArn ?? '';
}

const states = async () => {
  const { TargetHealthDescriptions = [] } = await elb.send(
    new DescribeTargetHealthCommand({ TargetGroupArn: targetGroupArn }),
  );
  return TargetHealthDescriptions.map(({ TargetHealth }) => TargetHealth?.State);
};
const page = async () => (await (await fetch(emulator.loadBalancerUrl)).json()) as Record<string, string>;

async function primary(): Promise<Deployment | undefined> {
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster: CLUSTER, services: ['blue'] }));
  return services?.[0]?.deployments?.find(({ status }) => status === 'PRIMARY');
}

/** Deploys, and waits for the end. */
async function deployed(taskDefinition: string, desiredCount = 1): Promise<Deployment> {
  const update = { cluster: CLUSTER, service: 'blue', taskDefinition, desiredCount, forceNewDeployment: true };
  await ecs.send(new UpdateServiceCommand(update));
  return await eventually(async () => {
    const found = await primary();
    return found?.rolloutState === 'IN_PROGRESS' ? undefined : found;
  });
}

/** @returns the names of the deployment's events, when its end is among them */
async function told(deploymentId: string | undefined): Promise<Record<string, string>[]> {
  const details: Record<string, string>[] = [];
  return await eventually(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 1 }),
    );
    for (const { Body = '{}' } of Messages) {
      const { detail, resources } = JSON.parse(Body);
      expect(resources).toEqual([expect.stringContaining(`:service/${CLUSTER}/blue`)]);
      if (detail.deploymentId === deploymentId) details.push(detail);
    }
    return details.some(({ eventName }) => !eventName?.endsWith('IN_PROGRESS')) ? details : undefined;
  });
}

test('a task runs its image with the environment of both and the credentials of its task role', async () => {
  await eventually(async () => ((await states()).includes('healthy') ? true : undefined));
  expect(await page()).toMatchObject({
    version: 'first',
    NAME: 'of the definition',
    OF_IMAGE: '--size=2',
    AWS_REGION: emulator.region,
    AWS_DEFAULT_REGION: emulator.region,
    RoleArn: taskRoleArn,
  });
});

test('a deployment sends an event at its start and at its end, with its id', async () => {
  const { id, rolloutState } = await deployed(await definition(await push(serving('second'))));
  expect(rolloutState).toBe('COMPLETED');
  expect(await page()).toMatchObject({ version: 'second' });
  const names = (await told(id)).map(({ eventName }) => eventName);
  expect(names).toContain('SERVICE_DEPLOYMENT_COMPLETED');
});

test('an image may name its own interpreter', async () => {
  const script = `#!/usr/bin/env python3
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"version": "python", "NAME": os.environ["NAME"]}).encode())
HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
`;
  await deployed(await definition(await push(Buffer.from(script))));
  expect(await page()).toMatchObject({ version: 'python', NAME: 'of the definition' });
});

test('two tasks of a service share its requests', async () => {
  await deployed(await definition(await push(serving('third'))), 2);
  await eventually(async () => ((await states()).join() === 'healthy,healthy' ? true : undefined));
  const ports = await Promise.all(Array.from({ length: 20 }, async () => (await page()).PORT));
  expect(new Set(ports).size).toBe(2);
});

test('a task of a service that somebody stops is replaced', async () => {
  const running = async () => (await ecs.send(new ListTasksCommand({ cluster: CLUSTER }))).taskArns ?? [];
  const [stopped = '', ...others] = await running();
  await ecs.send(new StopTaskCommand({ cluster: CLUSTER, task: stopped }));
  const now = await eventually(async () => {
    const tasks = await running();
    return tasks.length === others.length + 1 ? tasks : undefined;
  });
  expect(now).toEqual(expect.arrayContaining(others));
  expect(now).not.toContain(stopped);
  await eventually(async () => ((await states()).join() === 'healthy,healthy' ? true : undefined));
});

test('scaling never goes below the minimum, and not in while that is suspended', async () => {
  const scaling = new ApplicationAutoScalingClient(access(emulator));
  const ResourceId = `service/${CLUSTER}/blue`;
  const target = { ServiceNamespace: 'ecs', ScalableDimension: 'ecs:service:DesiredCount', ResourceId } as const;
  const register = (more: object) => scaling.send(new RegisterScalableTargetCommand({ ...target, ...more }));
  const scale = (desired: number) =>
    control(emulator.endpointUrl, 'scale', { service: target.ResourceId, desired }) as Promise<{ desired: number }>;
  await expect(register({ MinCapacity: 1 })).rejects.toMatchObject({ name: 'ValidationException' });
  await register({ MinCapacity: 1, MaxCapacity: 3 });
  await deployed(await definition(await push(serving('scaled'))), 2);
  await register({ SuspendedState: { DynamicScalingInSuspended: true } });
  expect(await scale(0)).toEqual({ desired: 2 });
  const { ScalableTargets } = await scaling.send(
    new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs', ResourceIds: [target.ResourceId] }),
  );
  expect(ScalableTargets).toMatchObject([
    { MinCapacity: 1, MaxCapacity: 3, SuspendedState: { DynamicScalingInSuspended: true } },
  ]);
  expect(await scale(9)).toEqual({ desired: 3 });
  await register({ SuspendedState: { DynamicScalingInSuspended: false } });
  expect(await scale(0)).toEqual({ desired: 1 });
});

test('a task that needs more memory than its definition has is killed, and replaced', async () => {
  const hungry = Buffer.from(`const kept = []; require('node:http').createServer((request, answer) => {
    if (request.url === '/eat') kept.push(Buffer.alloc(300 * 1024 * 1024, 1));
    answer.end(JSON.stringify({ port: process.env.PORT }));
  }).listen(process.env.PORT, process.env.HOST);`);
  await deployed(await definition(await push(hungry), '256'));
  await eventually(async () => ((await states()).join() === 'healthy' ? true : undefined));
  const { port } = await page();
  await fetch(`${emulator.loadBalancerUrl}/eat`).catch(() => undefined);
  await eventually(async () => {
    const now = await fetch(emulator.loadBalancerUrl).then((answer) => (answer.ok ? answer.json() : undefined));
    return now && (now as Record<string, string>).port !== port ? true : undefined;
  });
  const stopped = { cluster: CLUSTER, desiredStatus: 'STOPPED' } as const;
  const { taskArns: tasks } = await ecs.send(new ListTasksCommand(stopped));
  const ended = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks }));
  expect(ended.tasks?.map(({ containers }) => containers?.[0]?.exitCode)).toContain(137);
});

test.each([
  ['crashes', async () => push(CRASHING), 'EssentialContainerExited', 'Essential container exited'],
  ['is sick', async () => push(serving('sick', 500)), 'ServiceSchedulerInitiated', 'failed ELB health checks'],
  ['is absent', async () => `sha256:${'0'.repeat(64)}`, 'TaskFailedToStart', 'CannotPullContainerError'],
])('a deployment whose image %s fails, with the reason', async (_, image, stopCode, stoppedReason) => {
  const { id, rolloutState, rolloutStateReason } = await deployed(await definition(await image()));
  expect([rolloutState, rolloutStateReason]).toEqual(['FAILED', expect.stringContaining('circuit breaker')]);
  expect((await told(id)).map(({ eventName }) => eventName)).toContain('SERVICE_DEPLOYMENT_FAILED');
  const { taskArns: tasks } = await ecs.send(new ListTasksCommand({ cluster: CLUSTER, desiredStatus: 'STOPPED' }));
  const { tasks: stopped = [] } = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks }));
  expect(stopped).toContainEqual(
    expect.objectContaining({ stopCode, stoppedReason: expect.stringContaining(stoppedReason) }),
  );
});
