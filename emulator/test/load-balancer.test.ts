import { createServer, get, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch';
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  type Action,
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateRuleCommand,
  CreateTargetGroupCommand,
  DeleteRuleCommand,
  DeregisterTargetsCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeLoadBalancersCommand,
  DescribeRulesCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  RegisterTargetsCommand,
  SetRulePrioritiesCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import {
  CreateWebACLCommand,
  DeleteLoggingConfigurationCommand,
  DisassociateWebACLCommand,
  GetLoggingConfigurationCommand,
  GetWebACLForResourceCommand,
  PutLoggingConfigurationCommand,
  WAFV2Client,
} from '@aws-sdk/client-wafv2';
import { type Emulator, startEmulator } from '../emulator';
import { access, eventually, kindAgain, launch, slowerThanAws } from './aws';

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

test('a forward action tells whether it keeps visitors at a target group', async () => {
  const RuleArn = await rule(11, 'sticky.example', forward(groups[0]));
  const stickiness = async () => (await described(RuleArn))?.Actions?.[0]?.ForwardConfig?.TargetGroupStickinessConfig;
  expect(await stickiness()).toEqual({ Enabled: false });
  const TargetGroupStickinessConfig = { Enabled: true, DurationSeconds: 3600 };
  const ForwardConfig = { TargetGroups: [{ TargetGroupArn: groups[0] }], TargetGroupStickinessConfig };
  await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [{ Type: 'forward', ForwardConfig }] }));
  expect(await stickiness()).toEqual(TargetGroupStickinessConfig);
  await elb.send(new ModifyRuleCommand({ RuleArn, Actions: [forward(groups[0])] }));
  expect(await stickiness()).toEqual({ Enabled: false });
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

test('a rule for a source address answers whoever asks from there, and nobody else', async () => {
  const refusing = async (Priority: number, block: string, host: string) =>
    await elb.send(
      new CreateRuleCommand({
        ...{ ListenerArn: listener, Priority },
        Conditions: [
          { Field: 'host-header', HostHeaderConfig: { Values: [host] } },
          { Field: 'source-ip', SourceIpConfig: { Values: [block] } },
        ],
        Actions: [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '403' } }],
      }),
    );
  await refusing(31, '127.0.0.0/8', 'here.example');
  await refusing(32, '203.0.113.0/24', 'elsewhere.example');
  expect(await request('here.example')).toMatchObject({ status: 403 });
  expect(await request('elsewhere.example')).toMatchObject({ status: 404 });
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

/** One statistic of the requests of a target group, in the minutes that CloudWatch tells of. */
async function metricOf(group: string, MetricName: string, Stat: string): Promise<number[]> {
  const { LoadBalancers } = await elb.send(new DescribeLoadBalancersCommand({ Names: ['cell'] }));
  const Dimensions = [
    { Name: 'LoadBalancer', Value: LoadBalancers?.[0]?.LoadBalancerArn?.split(':loadbalancer/')[1] },
    { Name: 'TargetGroup', Value: group.split(':').at(-1) },
  ];
  const Metric = { Namespace: 'AWS/ApplicationELB', MetricName, Dimensions };
  const { MetricDataResults } = await new CloudWatchClient(access(emulator)).send(
    new GetMetricDataCommand({
      StartTime: new Date(Date.now() - 600_000),
      EndTime: new Date(Date.now() + 60_000),
      MetricDataQueries: [{ Id: 'm', MetricStat: { Metric, Period: 60, Stat } }],
    }),
  );
  return MetricDataResults?.[0]?.Values ?? [];
}
const summed = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);

test('the load balancer counts requests, failures and times of each target group by itself', async () => {
  const [blue = '', green = ''] = groups;
  const before = summed(await metricOf(green, 'RequestCount', 'Sum'));
  const failing = createServer((_, answer) => {
    answer.statusCode = 500;
    setTimeout(() => answer.end(), 200);
  });
  servers.push(failing);
  await new Promise<void>((resolve) => failing.listen(0, '127.0.0.1', resolve));
  const Targets = [{ Id: '127.0.0.1', Port: (failing.address() as AddressInfo).port }];
  const { TargetHealthDescriptions } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn: blue }));
  const former = TargetHealthDescriptions?.map(({ Target }) => ({ Id: Target?.Id, Port: Target?.Port }));
  await rule(50, 'counted.example', forward(blue));
  await elb.send(new DeregisterTargetsCommand({ TargetGroupArn: blue, Targets: former }));
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn: blue, Targets }));
  expect(await request('counted.example')).toMatchObject({ status: 500 });
  expect(summed(await metricOf(blue, 'HTTPCode_Target_5XX_Count', 'Sum'))).toBe(1);
  expect(Math.max(...(await metricOf(blue, 'TargetResponseTime', 'p99')))).toBeGreaterThan(0.1);
  expect(summed(await metricOf(green, 'HTTPCode_Target_5XX_Count', 'Sum'))).toBe(0);
  expect(summed(await metricOf(green, 'RequestCount', 'Sum'))).toBe(before);
  failing.close();
  failing.closeAllConnections();
  expect(await request('counted.example')).toMatchObject({ status: 502 });
  expect(summed(await metricOf(blue, 'TargetConnectionErrorCount', 'Sum'))).toBe(1);
  expect(summed(await metricOf(blue, 'HTTPCode_Target_5XX_Count', 'Sum'))).toBe(1);
});

test('a minute is told when it is over, and some time later', async () => {
  const [, green = ''] = groups;
  await rule(51, 'told.example', forward(green));
  const before = summed(await metricOf(green, 'RequestCount', 'Sum'));
  await slowerThanAws(emulator);
  try {
    expect(await request('told.example')).toMatchObject({ status: 200 });
    expect(summed(await metricOf(green, 'RequestCount', 'Sum'))).toBe(before);
  } finally {
    await kindAgain(emulator);
  }
  expect(summed(await metricOf(green, 'RequestCount', 'Sum'))).toBe(before + 1);
});

test('an alarm tells when its state changed last, and not when it was set again', async () => {
  const cloudwatch = new CloudWatchClient(access(emulator));
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName: 'errors', Namespace: 'N', MetricName: 'Errors', Statistic: 'Sum', Period: 60 },
      ...{ EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
    }),
  );
  const set = async () => {
    const state = { AlarmName: 'errors', StateValue: 'ALARM', StateReason: 'a test' } as const;
    await cloudwatch.send(new SetAlarmStateCommand(state));
    const { MetricAlarms } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: ['errors'] }));
    return MetricAlarms?.[0]?.StateTransitionedTimestamp?.getTime() ?? 0;
  };
  const began = Date.now();
  const first = await set();
  // It may tell whole seconds.
  expect(first).toBeGreaterThan(began - 1_000);
  expect(first).toBeLessThanOrEqual(Date.now());
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await set()).toBe(first);
});

test('a change of state is an event of the alarm, also of a composite one', async () => {
  const cloudwatch = new CloudWatchClient(access(emulator));
  const [first, whole] = ['watched', 'watched-whole'];
  await cloudwatch.send(
    new PutMetricAlarmCommand({
      ...{ AlarmName: first, Namespace: 'N', MetricName: 'Watched', Statistic: 'Sum', Period: 60 },
      ...{ EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold' },
    }),
  );
  await cloudwatch.send(new PutCompositeAlarmCommand({ AlarmName: whole, AlarmRule: `ALARM(${first})` }));
  const sqs = new SQSClient(access(emulator));
  const events = new EventBridgeClient(access(emulator));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'alarms' }));
  const pattern = {
    source: ['aws.cloudwatch'],
    'detail-type': ['CloudWatch Alarm State Change'],
    detail: { alarmName: [first, whole], state: { value: ['ALARM'] } },
  };
  await events.send(new PutRuleCommand({ Name: 'alarms', EventPattern: JSON.stringify(pattern) }));
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  await events.send(new PutTargetsCommand({ Rule: 'alarms', Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }] }));
  const set = (StateValue: StateValue) =>
    cloudwatch.send(new SetAlarmStateCommand({ AlarmName: first, StateValue, StateReason: 'a test' }));
  await set('OK');
  await set('ALARM');
  await set('ALARM');
  const seen: Record<string, { resources: string[]; detail: object }[]> = {};
  await eventually(async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { Body = '{}' } of Messages) {
      const event = JSON.parse(Body);
      seen[event.detail.alarmName] = [...(seen[event.detail.alarmName] ?? []), event];
    }
    return seen[whole] && seen[first];
  });
  const of = (name: string) => seen[name]?.[0];
  expect([seen[first], seen[whole]]).toEqual([[expect.anything()], [expect.anything()]]);
  expect(of(first)).toMatchObject({
    resources: [expect.stringMatching(/:alarm:watched$/)],
    detail: {
      configuration: { metrics: [{ metricStat: { metric: { namespace: 'N', name: 'Watched' } } }] },
      previousState: { value: 'OK' },
      state: { value: 'ALARM', reason: 'a test' },
    },
  });
  expect(of(whole)).toMatchObject({ detail: { configuration: { alarmRule: `ALARM(${first})` } } });
});

test('a load balancer has one web ACL, that of its stack, or none', async () => {
  const wafv2 = new WAFV2Client(access(emulator));
  const ResourceArn = listener.replace(':listener/', ':loadbalancer/').split('/').slice(0, 4).join('/');
  const webAclOf = async (arn: string) =>
    (await wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: arn }))).WebACL;
  expect(await webAclOf(ResourceArn)).toBeUndefined();
  const VisibilityConfig = { MetricName: 'm', CloudWatchMetricsEnabled: true, SampledRequestsEnabled: true };
  const { stack } = await launch(emulator, 'web-acl', {
    Acl: {
      Type: 'AWS::WAFv2::WebACL',
      Properties: { Name: 'ofStack', Scope: 'REGIONAL', DefaultAction: { Allow: {} }, VisibilityConfig },
    },
    Association: {
      Type: 'AWS::WAFv2::WebACLAssociation',
      Properties: { ResourceArn, WebACLArn: { 'Fn::GetAtt': ['Acl', 'Arn'] } },
    },
  });
  expect(stack.StackStatus).toBe('CREATE_COMPLETE');
  expect(await webAclOf(ResourceArn)).toMatchObject({ Name: 'ofStack', DefaultAction: { Allow: {} } });
  await wafv2.send(new DisassociateWebACLCommand({ ResourceArn }));
  expect(await webAclOf(ResourceArn)).toBeUndefined();
});

test('a web ACL sends its log where it is told to, or nowhere', async () => {
  const wafv2 = new WAFV2Client(access(emulator));
  const VisibilityConfig = { MetricName: 'm', CloudWatchMetricsEnabled: true, SampledRequestsEnabled: true };
  const named = { Name: 'logged', Scope: 'REGIONAL' as const };
  const { Summary } = await wafv2.send(
    new CreateWebACLCommand({ ...named, DefaultAction: { Allow: {} }, VisibilityConfig }),
  );
  const ResourceArn = Summary?.ARN;
  const logTo = (...LogDestinationConfigs: string[]) =>
    wafv2.send(new PutLoggingConfigurationCommand({ LoggingConfiguration: { ResourceArn, LogDestinationConfigs } }));
  const log = async () => (await wafv2.send(new GetLoggingConfigurationCommand({ ResourceArn }))).LoggingConfiguration;
  await expect(log()).rejects.toMatchObject({ name: 'WAFNonexistentItemException' });
  await expect(logTo('arn:aws:s3:::logs')).rejects.toMatchObject({ name: 'WAFInvalidParameterException' });
  await logTo('arn:aws:s3:::aws-waf-logs-ours');
  expect(await log()).toMatchObject({ LogDestinationConfigs: ['arn:aws:s3:::aws-waf-logs-ours'] });
  await wafv2.send(new DeleteLoggingConfigurationCommand({ ResourceArn }));
  await expect(log()).rejects.toMatchObject({ name: 'WAFNonexistentItemException' });
});
