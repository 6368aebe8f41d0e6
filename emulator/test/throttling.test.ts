import { CloudFormationClient, CreateStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateTargetGroupCommand,
  DescribeRulesCommand,
  DescribeTargetGroupsCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListHostedZonesCommand, Route53Client } from '@aws-sdk/client-route-53';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { isThrottlingError } from '@smithy/core/retry';

import { type Emulator, startEmulator } from '../emulator';
import { access, control, eventually, pause } from './aws';
import { call, Machines, only } from './machines';

let emulator: Emulator;
let elb: ElasticLoadBalancingV2Client;
let ec2: EC2Client;
let kms: KMSClient;
let iam: IAMClient;
let cloudformation: CloudFormationClient;
let s3: S3Client;
let route53: Route53Client;
let lambda: LambdaClient;
const clients: { destroy: () => void }[] = [];

/** A day of AWS's seconds: no bucket fills again while a test runs. */
const SLOW = 86_400;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  const at = access(emulator);
  elb = new ElasticLoadBalancingV2Client(at);
  ec2 = new EC2Client(at);
  kms = new KMSClient(at);
  iam = new IAMClient(at);
  cloudformation = new CloudFormationClient(at);
  s3 = new S3Client(at);
  route53 = new Route53Client(at);
  lambda = new LambdaClient(at);
  clients.push(elb, ec2, kms, iam, cloudformation, s3, route53, lambda);
}, 60_000);
beforeEach(async () => {
  await fetch(`${emulator.endpointUrl}/_ministack/reset`, { method: 'POST' });
  await control(emulator, 'patience', { factor: SLOW });
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await emulator.stop();
});

const none = 'arn:aws:elasticloadbalancing:eu-central-1:000000000000:listener-rule/app/none/1/2/3';
const refused = (call: () => Promise<unknown>): Promise<Error | undefined> =>
  call().then(
    () => undefined,
    (error: Error) => error,
  );
/** Names of the errors with which calls made at once are throttled. */
async function throttled(count: number, call: () => Promise<unknown>): Promise<string[]> {
  const errors = await Promise.all(Array.from({ length: count }, () => refused(call)));
  return errors.flatMap((error) => (error && /rate|limit exceeded/i.test(error.message) ? [error.name] : []));
}

const modifyRule = () => elb.send(new ModifyRuleCommand({ RuleArn: none, Actions: [] }));
const describeRules = () => elb.send(new DescribeRulesCommand({ RuleArns: [none] }));
const createKey = () => kms.send(new CreateKeyCommand({}));
const createTags = () => ec2.send(new CreateTagsCommand({ Resources: ['vpc-1'], Tags: [{ Key: 'a', Value: 'b' }] }));
const createRole = () => iam.send(new CreateRoleCommand({ RoleName: 'same', AssumeRolePolicyDocument: '{}' }));
const createStack = () => cloudformation.send(new CreateStackCommand({ StackName: 'none', TemplateBody: '{' }));

test.each<[string, number, () => Promise<unknown>, string]>([
  ['changes of load balancers', 20, modifyRule, 'ThrottlingException'],
  ['descriptions of load balancers', 40, describeRules, 'ThrottlingException'],
  ['new keys', 5, createKey, 'ThrottlingException'],
  ['changes of a VPC', 50, createTags, 'RequestLimitExceeded'],
  ['changes of IAM', 20, createRole, 'Throttling'],
  ['new stacks', 20, createStack, 'Throttling'],
])(
  "%s: a burst gets the size of its token bucket, and the rest fails with the service's own error",
  async (_, holds, call, name) => {
    expect(await throttled(holds + 3, call)).toEqual([name, name, name]);
  },
);

test('an empty token bucket refills', async () => {
  await control(emulator, 'patience', { factor: 1 });
  expect((await throttled(60, modifyRule)).length).toBeGreaterThan(0);
  await pause(1_100);
  // Three a second.
  expect(await throttled(3, modifyRule)).toEqual([]);
});

test('an API, or a function, can be throttled for some seconds on demand', async () => {
  await control(emulator, 'patience', { factor: 0 });
  const machines = new Machines(emulator);
  await machines.prepare();
  await control(emulator, 'throttle', { service: 'elasticloadbalancing', action: 'Modify*', seconds: 600 });
  await control(emulator, 'throttle', { service: 'lambda', action: 'scripted', seconds: 600 });
  expect(await throttled(1, modifyRule)).toEqual(['ThrottlingException']);
  expect(await throttled(1, describeRules)).toEqual([]);
  const held = await machines.run(only(call({})));
  expect(held).toMatchObject({ status: 'FAILED', error: 'Lambda.TooManyRequestsException' });
  await control(emulator, 'throttle', { service: 'kms', action: 'CreateKey', seconds: 0.1 });
  await eventually(async () => (await throttled(1, createKey)).length === 0 || undefined);
  await emulator.reset();
  await machines.prepare();
  expect(await throttled(1, modifyRule)).toEqual([]);
  expect((await machines.run(only(call({})))).error).not.toBe('Lambda.TooManyRequestsException');
  await expect(control(emulator, 'throttle', { service: 'kms', action: '*', seconds: 0 })).rejects.toThrow('seconds');
});

test.each<[string, string, () => Promise<unknown>, string]>([
  ['s3', 'GET /bucket*', () => s3.send(new ListObjectsV2Command({ Bucket: 'bucket' })), 'SlowDown'],
  ['route53', 'GET /2013-04-01/hostedzone*', () => route53.send(new ListHostedZonesCommand({})), 'Throttling'],
  ['lambda', 'GET /2015-03-31/*', () => lambda.send(new ListFunctionsCommand({})), 'TooManyRequestsException'],
])(
  'an API without names of actions in its requests is throttled by method and path, with its own error: %s',
  async (service, action, request, name) => {
    await control(emulator, 'patience', { factor: 0 });
    const before = await refused(request);
    await control(emulator, 'throttle', { service, action, seconds: 600 });
    const after = await refused(request);
    expect(before?.name).not.toBe(name);
    expect(after).toMatchObject({ name });
    expect(isThrottlingError(after as Parameters<typeof isThrottlingError>[0])).toBe(true);
  },
);

test('a request can be done while its answer is lost', async () => {
  await control(emulator, 'answers', { service: 'elasticloadbalancing', action: 'CreateTargetGroup', times: 1 });
  const once = new ElasticLoadBalancingV2Client({ ...access(emulator), maxAttempts: 1 });
  const made = { Name: 'lost', TargetType: 'lambda' } as const;
  await expect(once.send(new CreateTargetGroupCommand(made))).rejects.toMatchObject({ name: 'InternalFailure' });
  const { TargetGroups } = await once.send(new DescribeTargetGroupsCommand({ Names: ['lost'] }));
  expect(TargetGroups).toHaveLength(1);
  await expect(control(emulator, 'answers', { service: '*', action: '*', times: 0 })).rejects.toThrow('some answers');
});

test('with patience 0 nothing is throttled', async () => {
  await control(emulator, 'patience', { factor: 0 });
  expect(await throttled(80, modifyRule)).toEqual([]);
});
