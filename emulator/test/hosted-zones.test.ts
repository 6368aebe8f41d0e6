import { get } from 'node:http';
import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  GetChangeCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from '@aws-sdk/client-route-53';
import {
  AssociateFirewallRuleGroupCommand,
  AssociateResolverQueryLogConfigCommand,
  AssociateResolverRuleCommand,
  CreateFirewallRuleGroupCommand,
  CreateResolverQueryLogConfigCommand,
  CreateResolverRuleCommand,
  DisassociateResolverRuleCommand,
  ListFirewallRuleGroupAssociationsCommand,
  ListResolverQueryLogConfigAssociationsCommand,
  ListResolverRuleAssociationsCommand,
  Route53ResolverClient,
} from '@aws-sdk/client-route53resolver';
import { type Emulator, startEmulator } from '../emulator';
import { access, launch, settled } from './aws';

let emulator: Emulator;
let dns: Route53Client;
let elb: ElasticLoadBalancingV2Client;
let zones = 0;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  dns = new Route53Client(access(emulator));
  elb = new ElasticLoadBalancingV2Client(access(emulator));
}, 60_000);
afterAll(async () => {
  await emulator.stop();
});

const patience = (factor: number) => emulator.setPatience(factor);

async function zone(Name = `zone${++zones}.localhost`): Promise<{ id: string; name: string }> {
  const { HostedZone } = await dns.send(new CreateHostedZoneCommand({ Name, CallerReference: Name }));
  return { id: HostedZone?.Id ?? '', name: Name };
}

const change = (HostedZoneId: string, ...changes: [ChangeAction, ResourceRecordSet][]) =>
  dns.send(
    new ChangeResourceRecordSetsCommand({
      HostedZoneId,
      ChangeBatch: { Changes: changes.map(([Action, ResourceRecordSet]) => ({ Action, ResourceRecordSet })) },
    }),
  );
const a = (Name: string): ResourceRecordSet => ({
  Name,
  Type: 'A',
  TTL: 60,
  ResourceRecords: [{ Value: '192.0.2.1' }],
});
const txt = (Name: string): ResourceRecordSet => ({ Name, Type: 'TXT', TTL: 60, ResourceRecords: [{ Value: '"x"' }] });
const cname = (Name: string): ResourceRecordSet => ({
  Name,
  Type: 'CNAME',
  TTL: 60,
  ResourceRecords: [{ Value: 'b.example' }],
});

test('a batch with one invalid change makes no change: an existing record, a CNAME beside others, a name of another zone', async () => {
  const { id, name } = await zone();
  await change(id, ['CREATE', a(`acme.${name}`)], ['CREATE', txt(`acme.${name}`)]);
  const refused = { name: 'InvalidChangeBatch' };
  await expect(change(id, ['CREATE', txt(`new.${name}`)], ['CREATE', a(`acme.${name}`)])).rejects.toMatchObject(
    refused,
  );
  await expect(change(id, ['CREATE', cname(`acme.${name}`)])).rejects.toMatchObject(refused);
  await expect(change(id, ['CREATE', a('acme.elsewhere.example')])).rejects.toMatchObject(refused);
  const other = { ...a(`acme.${name}`), ResourceRecords: [{ Value: '192.0.2.9' }] };
  await expect(change(id, ['DELETE', txt(`acme.${name}`)], ['DELETE', other])).rejects.toMatchObject(refused);
  const { ResourceRecordSets = [] } = await dns.send(new ListResourceRecordSetsCommand({ HostedZoneId: id }));
  expect(ResourceRecordSets.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
    `${name}. NS`,
    `${name}. SOA`,
    `acme.${name}. A`,
    `acme.${name}. TXT`,
  ]);
  await change(id, ['DELETE', a(`acme.${name}`)], ['DELETE', txt(`acme.${name}`)], ['CREATE', cname(`acme.${name}`)]);
});

async function loadBalancer(Name: string, body: string): Promise<string> {
  const { LoadBalancers: [made] = [] } = await elb.send(new CreateLoadBalancerCommand({ Name, Subnets: ['subnet-1'] }));
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: made?.LoadBalancerArn,
      Protocol: 'HTTP',
      Port: 80,
      DefaultActions: [
        {
          Type: 'fixed-response',
          FixedResponseConfig: { StatusCode: '200', ContentType: 'text/plain', MessageBody: body },
        },
      ],
    }),
  );
  return made?.DNSName ?? '';
}

/** As a browser opens a URL under `localhost`: its name is loopback. */
const opened = (host: string) =>
  new Promise<string>((resolve, reject) => {
    const options = { host: '127.0.0.1', port: emulator.webPort, headers: { host: `${host}:${emulator.webPort}` } };
    get(options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${body}`));
    }).on('error', reject);
  });

const alias = (Name: string, DNSName: string): ResourceRecordSet => ({
  Name,
  Type: 'A',
  AliasTarget: { DNSName, HostedZoneId: 'Z35SXDOTRQ7X7K', EvaluateTargetHealth: false },
});
const NOWHERE = '404 no DNS record leads this name to a load balancer';

test('the stack of a hosted zone cannot be deleted while the zone has records', async () => {
  const cloudformation = new CloudFormationClient(access(emulator));
  const Zone = { Type: 'AWS::Route53::HostedZone', Properties: { Name: 'stacked.localhost' } };
  const { stack, outputs } = await launch(emulator, 'zone', { Zone }, { Id: { Ref: 'Zone' } });
  const statusOfDeletion = async () => {
    await cloudformation.send(new DeleteStackCommand({ StackName: 'zone' }));
    return (await settled(cloudformation, stack.StackId)).StackStatus;
  };
  await change(outputs.Id ?? '', ['CREATE', a('t.stacked.localhost')]);
  expect(await statusOfDeletion()).toBe('DELETE_FAILED');
  await change(outputs.Id ?? '', ['DELETE', a('t.stacked.localhost')]);
  expect(await statusOfDeletion()).toBe('DELETE_COMPLETE');
});

test('a browser reaches the load balancer that the records of the host name, a wildcard last', async () => {
  const { id, name } = await zone();
  const [one, two] = [await loadBalancer('one', 'cell one'), await loadBalancer('two', 'cell two')];
  await expect(opened(`acme.${name}`)).resolves.toBe(NOWHERE);
  await change(id, ['CREATE', alias(`*.${name}`, one)], ['CREATE', alias(`acme.${name}`, two)]);
  await expect(opened(`acme.${name}`)).resolves.toBe('200 cell two');
  await expect(opened(`other.${name}`)).resolves.toBe('200 cell one');
  await change(id, ['DELETE', alias(`acme.${name}`, two)], ['DELETE', alias(`*.${name}`, one)]);
  await expect(opened(`acme.${name}`)).resolves.toBe(NOWHERE);
});

test('a change stays PENDING until all name servers know it, and its name resolves only then', async () => {
  const { id, name } = await zone();
  const dnsName = await loadBalancer('slow', 'here');
  await patience(1);
  const { ChangeInfo } = await change(id, ['CREATE', alias(`acme.${name}`, dnsName)]);
  const status = async () => (await dns.send(new GetChangeCommand({ Id: ChangeInfo?.Id }))).ChangeInfo?.Status;
  expect([await status(), await status()]).toEqual(['PENDING', 'PENDING']);
  await expect(opened(`acme.${name}`)).resolves.toBe(NOWHERE);
  await emulator.settle();
  expect(await status()).toBe('INSYNC');
  await expect(opened(`acme.${name}`)).resolves.toBe('200 here');
  await patience(0);
  const kind = await change(id, ['CREATE', txt(`kind.${name}`)]);
  expect((await dns.send(new GetChangeCommand({ Id: kind.ChangeInfo?.Id }))).ChangeInfo?.Status).toBe('INSYNC');
});

test('more than five requests per second are refused, and so is a change while the last one is not finished', async () => {
  const { id, name } = await zone();
  // As many seconds as one is here: the requests are within it, however long they take.
  await patience(600);
  await emulator.settle();
  await change(id, ['CREATE', a(`one.${name}`)]);
  await expect(change(id, ['CREATE', a(`two.${name}`)])).rejects.toMatchObject({ name: 'PriorRequestNotComplete' });
  const asked = await Promise.allSettled(
    Array.from({ length: 6 }, () => dns.send(new ListResourceRecordSetsCommand({ HostedZoneId: id }))),
  );
  const refused = asked.flatMap((each) => (each.status === 'rejected' ? [each.reason.name] : []));
  expect(refused).toEqual(['Throttling', 'Throttling', 'Throttling']);
  await emulator.settle();
  await change(id, ['CREATE', a(`two.${name}`)]);
  await patience(0);
});

test('what Resolver has associated with a VPC is listed by the VPC', async () => {
  const resolver = new Route53ResolverClient(access(emulator));
  const ec2 = new EC2Client(access(emulator));
  const [VPCId, other] = await Promise.all(
    ['10.2.0.0/16', '10.3.0.0/16'].map(async (CidrBlock) => {
      const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock }));
      return Vpc?.VpcId ?? '';
    }),
  );
  const rulesOf = async (id = '') => {
    const Filters = [{ Name: 'VPCId', Values: [id] }];
    const listed = await resolver.send(new ListResolverRuleAssociationsCommand({ Filters }));
    return listed.ResolverRuleAssociations?.map(({ ResolverRuleId }) => ResolverRuleId);
  };
  const own = 'rslvr-autodefined-rr-internet-resolver';
  expect(await rulesOf(VPCId)).toEqual([own]);

  const CreatorRequestId = 'test';
  const { ResolverRule } = await resolver.send(
    new CreateResolverRuleCommand({ CreatorRequestId, RuleType: 'FORWARD', DomainName: 'db.example' }),
  );
  const ofRule = { ResolverRuleId: ResolverRule?.Id, VPCId };
  await resolver.send(new AssociateResolverRuleCommand(ofRule));
  expect([await rulesOf(VPCId), await rulesOf(other)]).toEqual([[own, ResolverRule?.Id], [own]]);
  await resolver.send(new DisassociateResolverRuleCommand(ofRule));
  expect(await rulesOf(VPCId)).toEqual([own]);
  const gone = { ResolverRuleId: 'rslvr-rr-none', VPCId };
  await expect(resolver.send(new AssociateResolverRuleCommand(gone))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });

  const DestinationArn = 'arn:aws:s3:::logs';
  const { ResolverQueryLogConfig } = await resolver.send(
    new CreateResolverQueryLogConfigCommand({ CreatorRequestId, Name: 'logs', DestinationArn }),
  );
  const ofLog = { ResolverQueryLogConfigId: ResolverQueryLogConfig?.Id, ResourceId: VPCId };
  await resolver.send(new AssociateResolverQueryLogConfigCommand(ofLog));
  const Filters = [{ Name: 'ResourceId', Values: [VPCId ?? ''] }];
  const logs = await resolver.send(new ListResolverQueryLogConfigAssociationsCommand({ Filters }));
  expect(logs.ResolverQueryLogConfigAssociations).toMatchObject([ofLog]);

  const { FirewallRuleGroup } = await resolver.send(new CreateFirewallRuleGroupCommand({ Name: 'wall' }));
  const ofWall = { FirewallRuleGroupId: FirewallRuleGroup?.Id, VpcId: VPCId, Priority: 101, Name: 'wall' };
  await resolver.send(new AssociateFirewallRuleGroupCommand(ofWall));
  const wallsOf = async (VpcId = '') =>
    (await resolver.send(new ListFirewallRuleGroupAssociationsCommand({ VpcId }))).FirewallRuleGroupAssociations;
  expect(await wallsOf(VPCId)).toMatchObject([ofWall]);
  expect(await wallsOf(other)).toEqual([]);
});
