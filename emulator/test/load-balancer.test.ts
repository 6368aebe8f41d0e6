import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DeleteRuleCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  RegisterTargetsCommand,
  SetRulePrioritiesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Emulator, startEmulator } from '../emulator';
import { access, kindAgain, launch, slowerThanAws } from './aws';

let emulator: Emulator;
let elb: ElasticLoadBalancingV2Client;
let listener: string;
let groups: string[];
const servers: Server[] = [];

/** A target group whose one target answers with the group's name. */
async function targetGroup(Name: string, VpcId: string): Promise<string> {
  const server = createServer((_, answer) => answer.end(Name));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { TargetGroups } = await elb.send(
    new CreateTargetGroupCommand({ Name, Protocol: 'HTTP', Port: port, VpcId, TargetType: 'ip' }),
  );
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? '';
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: '127.0.0.1', Port: port }] }));
  return TargetGroupArn;
}

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  elb = new ElasticLoadBalancingV2Client(access(emulator));
  const ec2 = new EC2Client(access(emulator));
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const subnets: string[] = [];
  for (const [index, zone] of ['a', 'b'].entries()) {
    const CidrBlock = `10.1.${index}.0/24`;
    const AvailabilityZone = `${emulator.region}${zone}`;
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock, AvailabilityZone }));
    subnets.push(Subnet?.SubnetId ?? '');
  }
  const { LoadBalancers } = await elb.send(new CreateLoadBalancerCommand({ Name: 'cell', Subnets: subnets }));
  groups = [await targetGroup('blue', VpcId), await targetGroup('green', VpcId)];
  const made = await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '404' } }],
    }),
  );
  listener = made.Listeners?.[0]?.ListenerArn ?? '';
}, 60_000);
afterAll(async () => {
  for (const server of servers) server.close();
  await emulator.stop();
});

async function rule(Priority: number, host: string, action: Action): Promise<string> {
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: listener,
      Priority,
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
      Actions: [action],
    }),
  );
  return Rules?.[0]?.RuleArn ?? '';
}
const described = async (RuleArn: string) =>
  (await elb.send(new DescribeRulesCommand({ RuleArns: [RuleArn] }))).Rules?.[0];
const forward = (arn: string | undefined): Action => ({ Type: 'forward', TargetGroupArn: arn });

/** `fetch` sets no Host of the caller's. */
const request = (host: string) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    get(emulator.loadBalancerUrl, { headers: { host } }, (answer) => {
      let body = '';
      answer.on('data', (chunk) => {
        body += chunk;
      });
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    }).on('error', reject);
  });

test('a priority can be taken once; rules swap priorities in one request', async () => {
  const first = await rule(1, 'one.example', forward(groups[0]));
  const second = await rule(2, 'two.example', forward(groups[0]));
  const taken = { name: 'PriorityInUseException' };
  await expect(rule(1, 'three.example', forward(groups[0]))).rejects.toMatchObject(taken);
  const set = (...priorities: [string, number][]) =>
    elb.send(
      new SetRulePrioritiesCommand({
        RulePriorities: priorities.map(([RuleArn, Priority]) => ({ RuleArn, Priority })),
      }),
    );
  await expect(set([second, 1])).rejects.toMatchObject(taken);
  await set([first, 2], [second, 1]);
  expect([(await described(first))?.Priority, (await described(second))?.Priority]).toEqual(['2', '1']);
});

test('a forward action lists all of its target groups, and distributes requests by weight', async () => {
  const RuleArn = await rule(10, 'forward.example', forward(groups[0]));
  expect((await described(RuleArn))?.Actions?.[0]).toMatchObject({
    TargetGroupArn: groups[0],
    ForwardConfig: { TargetGroups: [{ TargetGroupArn: groups[0], Weight: 1 }] },
  });
  const weighted = (blue: number, green: number) => ({
    TargetGroups: [
      { TargetGroupArn: groups[0], Weight: blue },
      { TargetGroupArn: groups[1], Weight: green },
    ],
  });
  const reached = async (ForwardConfig: object) => {
    await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [{ Type: 'forward', ForwardConfig }] }));
    return (await request('forward.example')).body;
  };
  expect(await reached(weighted(0, 1))).toBe('green');
  expect(await reached(weighted(1, 0))).toBe('blue');
  const action = (await described(RuleArn))?.Actions?.[0];
  expect(action?.ForwardConfig).toMatchObject(weighted(1, 0));
  expect(action?.TargetGroupArn).toBeUndefined();
});

test('a rule of a template can forward to several target groups, too', async () => {
  const { outputs } = await launch(
    emulator,
    'rule',
    {
      Rule: {
        Type: 'AWS::ElasticLoadBalancingV2::ListenerRule',
        Properties: {
          ListenerArn: listener,
          Priority: 20,
          Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['template.example'] } }],
          Actions: [{ Type: 'forward', ForwardConfig: { TargetGroups: [{ TargetGroupArn: groups[1], Weight: 5 }] } }],
        },
      },
    },
    { rule: { Ref: 'Rule' } },
  );
  expect((await described(outputs.rule ?? ''))?.Actions?.[0]).toMatchObject({
    TargetGroupArn: groups[1],
    ForwardConfig: { TargetGroups: [{ TargetGroupArn: groups[1], Weight: 5 }] },
  });
});

test('lists attributes with their defaults', async () => {
  const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: ['cell'] }));
  const LoadBalancerArn = LoadBalancers?.[0]?.LoadBalancerArn;
  const { Attributes } = await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
  expect(Attributes).toContainEqual({ Key: 'routing.http.desync_mitigation_mode', Value: 'defensive' });
  expect(Attributes).toContainEqual({ Key: 'routing.http.drop_invalid_header_fields.enabled', Value: 'false' });
});

test('a fixed response can be HTML', async () => {
  const MessageBody = '<p class="wait">set up & ready soon</p>';
  const fixed = { StatusCode: '503', ContentType: 'text/html', MessageBody };
  const RuleArn = await rule(30, 'fixed.example', { Type: 'fixed-response', FixedResponseConfig: fixed });
  expect((await described(RuleArn))?.Actions?.[0]?.FixedResponseConfig).toEqual(fixed);
  expect(await request('fixed.example')).toEqual({ status: 503, body: MessageBody });
});

test('T3: a rule that was made, changed or deleted takes effect after a delay, at each node apart', async () => {
  const host = 'late.example';
  const notServed = { status: 404, body: '' };
  await slowerThanAws(emulator);
  try {
    const RuleArn = await rule(40, host, forward(groups[0]));
    expect((await described(RuleArn))?.Priority).toBe('40');
    expect(await request(host)).toEqual(notServed);
    await emulator.settle();
    expect(await request(host)).toEqual({ status: 200, body: 'blue' });
    await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [forward(groups[1])] }));
    expect(await request(host)).toEqual({ status: 200, body: 'blue' });
    await emulator.settle();
    expect(await request(host)).toEqual({ status: 200, body: 'green' });
    await elb.send(new DeleteRuleCommand({ RuleArn }));
    expect(await described(RuleArn)).toBeUndefined();
    expect(await request(host)).toEqual({ status: 200, body: 'green' });
    await emulator.settle();
    expect(await request(host)).toEqual(notServed);
  } finally {
    await kindAgain(emulator);
  }
});
