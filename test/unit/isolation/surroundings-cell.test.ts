import { ACCOUNT_ID } from '../../support/builders';
import { type SurroundingsData as Data, surroundings } from '../../support/healthy-surroundings';
import {
  type Breach,
  first,
  type Harmless,
  PERIMETER,
  STRANGER,
  stranger,
  testRoom,
} from '../../support/surroundings-tests';

/** As ECS describes the interface of any task. */
const OF_A_TASK = { RequesterManaged: true, Description: 'arn:aws:ecs:r:1:attachment/1', SubnetId: 'subnet-a' };
const peering = ({ cell: facts }: Data) => first(facts.peerings);
const flowLog = (ResourceId: string, more: object) => ({
  ...{ FlowLogId: 'fl-2', FlowLogStatus: 'ACTIVE', ResourceId, TrafficType: 'ALL' },
  ...more,
});
const deny = ({ cell: facts }: Data, CidrBlock: string, more: object = {}) =>
  first(facts.acls).Entries.push({
    ...{ RuleNumber: 1, Egress: false, Protocol: '-1', RuleAction: 'deny', CidrBlock },
    ...more,
  });

/** The endpoint for S3 leads to no bucket of another account. */
const outward = ({ cell: facts }: Data, which: object) => {
  const Condition = { StringNotEqualsIfExists: { 'aws:ResourceAccount': ACCOUNT_ID } };
  const Statement = [
    { Effect: 'Allow', Principal: '*', Action: '*', Resource: '*' },
    { Effect: 'Deny', Principal: '*', Action: 's3:*', ...which, Condition },
  ];
  Object.assign(first(facts.endpoints), { PolicyDocument: JSON.stringify({ Statement }) });
};

const SERVICE_LOG = `arn:aws:logs:${surroundings.region}:${ACCOUNT_ID}:log-group:service`;
const allowing = (AWS: string, Resource: unknown) =>
  JSON.stringify({ Statement: { Effect: 'Allow', Principal: { AWS }, Action: 'logs:GetLogEvents', Resource } });

const BREACHES: Breach[] = [
  [
    'cell.instances',
    'one runs',
    ({ cell: c }) => c.interfaces.push({ SubnetId: 'subnet-a', Status: 'in-use', Attachment: { InstanceId: 'i-1' } }),
    'instance i-1 is in subnet-a (in-use)',
  ],
  [
    'cell.network',
    'an endpoint to a stranger’s bucket alone',
    ({ cell: c }) => {
      const theirs = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::theirs/*' };
      Object.assign(first(c.endpoints), { PolicyDocument: JSON.stringify({ Statement: theirs }) });
    },
    'the policy of endpoint vpce-s3',
  ],
  [
    'cell.network',
    'an endpoint that leads to no bucket of others, and tasks to no image',
    (data) => outward(data, { Resource: '*' }),
    'the policy of endpoint vpce-s3 has the statement Deny',
  ],
  [
    'cell.network',
    'an endpoint that no subnet leads to',
    ({ cell: c }) => Object.assign(first(c.endpoints), { RouteTableIds: [] }),
    'route table of endpoint vpce-s3 rtb-1 is missing',
  ],
  [
    'cell.routes',
    'the routes of a VPN gateway',
    ({ cell: c }) => Object.assign(first(c.routeTables), { PropagatingVgws: [{ GatewayId: 'vgw-theirs' }] }),
    'route table rtb-1 takes the routes of gateway vgw-theirs',
  ],
  [
    'cell.dns',
    'a stranger’s server',
    ({ cell: c }) => c.strangeOptions.push({ optionsId: 'dopt-0theirs', servers: ['198.51.100.53'] }),
    'options dopt-0theirs name the name server 198.51.100.53',
  ],
  [
    'cell.dns',
    'a rule',
    ({ cell: c }) => c.resolverAssociations.push({ vpcId: 'vpc-cell', id: 'rslvr-rr-1', what: 'a rule' }),
    'a rule',
  ],
  [
    'cell.network',
    'another block',
    (data) => (peering(data).RequesterVpcInfo.CidrBlock = '192.168.0.0/16'),
    'pcx-acme of vpc-acme',
  ],
  ['cell.network', 'another account', (data) => (peering(data).RequesterVpcInfo.OwnerId = '999999999999'), 'pcx-acme'],
  [
    'cell.access-logs',
    'an export of the service’s log',
    ({ cell: c }) => c.logExports.push({ taskName: 'support', logGroupName: 'service', destination: 'theirs' }),
    'export support writes log group service to bucket theirs',
  ],
  ...[
    ['all log groups', { policyName: 'support' }, '*', 'policy support'],
    ['the service’s log group', { resourceArn: `${SERVICE_LOG}:*` }, undefined, `policy of ${SERVICE_LOG}`],
  ].map(
    ([what, named, Resource, evidence]): Breach => [
      'cell.access-logs',
      `a policy of ${what} for a stranger`,
      ({ cell: c }) => c.logGrants.push({ ...Object(named), policyDocument: allowing(STRANGER, Resource) }),
      `${evidence} has the statement Allow logs:GetLogEvents`,
    ],
  ),
  [
    'cell.access-logs',
    'read by a stranger',
    ({ cell: c }) => c.accessLogPolicy.push(...stranger('s3:GetObject')),
    STRANGER,
  ],
  [
    'cell.interfaces',
    'another security group at the load balancer',
    ({ cell: c }) => Object.assign(c.interfaces[1] ?? {}, { Groups: [{ GroupId: 'sg-door' }, { GroupId: 'sg-open' }] }),
    'security group of the load balancer’s interface eni-door sg-open is unexpected',
  ],
  [
    'cell.interfaces',
    'a task with a public address',
    ({ cell: c }) => Object.assign(first(c.interfaces), { Association: { PublicIp: '203.0.113.9' } }),
    'network interface eni-task has the public address 203.0.113.9',
  ],
  [
    'cell.interfaces',
    'a NAT gateway of a stranger',
    ({ cell: c }) =>
      c.interfaces.push({
        ...{ NetworkInterfaceId: 'eni-theirs', RequesterManaged: true, InterfaceType: 'nat_gateway' },
        Description: 'Interface for NAT Gateway nat-theirs',
      }),
    'eni-theirs',
  ],
  [
    'cell.interfaces',
    'a stranger’s',
    ({ cell: facts }) => facts.interfaces.push({ NetworkInterfaceId: 'eni-theirs', SubnetId: 'subnet-a' }),
    'eni-theirs',
  ],
  [
    'cell.interfaces',
    'of a function that no template makes',
    ({ cell: facts }) =>
      facts.interfaces.push({
        ...{ NetworkInterfaceId: 'eni-theirs', RequesterManaged: false, InterfaceType: 'lambda' },
        Description: 'AWS Lambda VPC ENI-theirs-11111111-2222-3333-4444-555555555555',
      }),
    'eni-theirs',
  ],
  [
    'cell.interfaces',
    'of a function, in another security group than those of the cell',
    ({ cell: facts }) =>
      facts.interfaces.push({
        ...{ NetworkInterfaceId: 'eni-theirs', InterfaceType: 'lambda', SubnetId: 'subnet-a' },
        ...{ Groups: [{ GroupId: 'sg-theirs' }], Description: 'AWS Lambda VPC ENI-theirs-1111' },
      }),
    'eni-theirs',
  ],
  ...[{ VpcId: surroundings.cell.vpcId, SubnetIds: ['subnet-theirs'] }, { SubnetIds: ['subnet-a'] }].map(
    (VpcConfig, n): Breach => [
      'cell.interfaces',
      `a function of a stranger that shares an interface (${n})`,
      ({ policies }) => policies.functions.push({ ...first(policies.functions), FunctionName: 'theirs', VpcConfig }),
      'function theirs, which no template makes, is in the cell’s network',
    ],
  ),
  [
    'cell.interfaces',
    'a task of a stranger’s cluster',
    ({ cell: facts, loadBalancer }) => {
      const details = [{ name: 'networkInterfaceId', value: 'eni-theirs' }];
      loadBalancer.laterTasks.push({ group: 'family:theirs', attachments: [{ details }] });
      facts.interfaces.push({ ...OF_A_TASK, NetworkInterfaceId: 'eni-theirs' });
    },
    'eni-theirs',
  ],
  [
    'cell.interfaces',
    'called like the load balancer’s',
    ({ cell: facts }) => facts.interfaces.push({ NetworkInterfaceId: 'eni-theirs', Description: 'ELB app/cell1/1' }),
    'eni-theirs',
  ],
  [
    'cell.groups',
    'one rule more',
    ({ cell: facts }) =>
      facts.groups[1]?.IpPermissions.push({
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        IpRanges: [{ CidrIp: '::' }],
      }),
    'tcp 22-22 :: is unexpected',
  ],
  [
    'cell.groups',
    'one group more',
    ({ cell: facts }) =>
      facts.groups.push({ GroupId: 'sg-theirs', GroupName: 'open', IpPermissions: [], IpPermissionsEgress: [] }),
    'sg-theirs (open)',
  ],
  [
    'cell.groups',
    'an open default group',
    ({ cell: facts }) => facts.groups[2]?.IpPermissions.push({ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }),
    'the default group sg-default',
  ],
  [
    'cell.dns',
    'a private zone',
    ({ cell: facts }) =>
      facts.privateZones.push({ HostedZoneId: 'Z2', Name: 'rds.local.', Owner: { OwningAccount: ACCOUNT_ID } }),
    'private zone Z2',
  ],
  ['cell.flow-logs', 'none', ({ cell: c }) => c.flowLogs.shift(), 'no active flow log sends ALL of'],
  [
    'cell.flow-logs',
    'accepted traffic alone',
    ({ cell: c }) => Object.assign(first(c.flowLogs), { TrafficType: 'ACCEPT' }),
    'no active flow log sends ALL of',
  ],
  [
    'cell.flow-logs',
    'of a subnet, to a stranger’s bucket',
    ({ cell: c }) => c.flowLogs.push(flowLog('subnet-a', { LogDestination: 'arn:aws:s3:::theirs' })),
    'flow log fl-2 of subnet-a sends traffic to arn:aws:s3:::theirs',
  ],
  [
    'cell.flow-logs',
    'of a task, to a stranger’s log group',
    ({ cell: c }) =>
      c.flowLogs.push(
        flowLog('eni-task', {
          ...{ LogDestinationType: 'cloud-watch-logs' },
          LogDestination: 'arn:aws:logs:r:999999999999:log-group:theirs',
        }),
      ),
    'flow log fl-2 of eni-task sends traffic to arn:aws:logs:r:999999999999:log-group:theirs',
  ],
  [
    'cell.acls',
    'all tenants refused',
    (data) => deny(data, '10.64.0.0/16'),
    'denies inbound traffic with 10.64.0.0/16',
  ],
  [
    'cell.acls',
    'the load balancer’s subnets refused',
    (data) => deny(data, '10.0.64.0/24'),
    'denies inbound traffic with 10.0.64.0/24',
  ],
  ['cell.acls', 'half of all visitors refused', (data) => deny(data, '128.0.0.0/1'), 'traffic with 128.0.0.0/1'],
  [
    'cell.acls',
    'all ports up to that of the service refused',
    (data) => deny(data, '0.0.0.0/0', { Protocol: '6', PortRange: { From: 22, To: 8080 } }),
    'denies inbound traffic with 0.0.0.0/0',
  ],
  [
    'cell.routes',
    'a further block of the network, among tenants’',
    ({ cell: c }) => first(c.routeTables).Routes.push({ DestinationCidrBlock: '10.64.9.0/24', GatewayId: 'local' }),
    'routes 10.64.9.0/24 to local',
  ],
  [
    'cell.routes',
    'IPv6 addresses',
    ({ cell: c }) => first(c.routeTables).Routes.push({ DestinationIpv6CidrBlock: '2600::/56', GatewayId: 'local' }),
    'routes 2600::/56 to local',
  ],
  ['cell.acls', 'everybody refused', (data) => deny(data, '0.0.0.0/0'), 'denies inbound traffic with 0.0.0.0/0'],
  ['cell.acls', 'nothing passes', ({ cell: c }) => first(c.acls).Entries.splice(0), 'does not let all inbound'],
  [
    'cell.network',
    'no endpoint for S3',
    ({ cell: facts }) => facts.endpoints.splice(0, 1),
    'endpoint vpce-s3 of the cell’s stack does not',
  ],
  [
    'cell.network',
    'a stranger’s endpoint',
    ({ cell: facts }) =>
      facts.endpoints.push({
        ...{ VpcEndpointId: 'vpce-theirs', VpcEndpointType: 'Interface', ServiceName: 'com.amazonaws.vpce.theirs' },
      }),
    'endpoint vpce-theirs leads to com.amazonaws.vpce.theirs',
  ],
  [
    'cell.routes',
    'through a stranger’s interface',
    ({ cell: facts }) =>
      (first(facts.routeTables).Routes[1] = { DestinationCidrBlock: '0.0.0.0/0', NetworkInterfaceId: 'eni-theirs' }),
    'routes 0.0.0.0/0 to eni-theirs; route table rtb-1 lacks 0.0.0.0/0',
  ],
  [
    'cell.routes',
    'a subnet that follows another table',
    ({ cell: facts }) => {
      const [table] = facts.routeTables;
      facts.routeTables.push({ RouteTableId: 'rtb-2', Associations: table?.Associations ?? [], Routes: [] });
      Object.assign(table ?? {}, { Associations: [] });
    },
    'subnet subnet-a follows route table rtb-2, not rtb-1',
  ],
  [
    'cell.routes',
    'more than tenants’ blocks over a peering',
    ({ cell: facts }) =>
      first(facts.routeTables).Routes.push({ DestinationCidrBlock: '10.0.0.0/8', VpcPeeringConnectionId: 'pcx-acme' }),
    'routes 10.0.0.0/8 to pcx-acme',
  ],
];

const HARMLESS: Harmless[] = [
  [
    'cell.interfaces',
    'the interface of a function of the cell under the name that it had before',
    ({ cell: facts }) =>
      facts.interfaces.push({
        ...{ NetworkInterfaceId: 'eni-renamed', InterfaceType: 'lambda', SubnetId: 'subnet-a' },
        ...{ Groups: [{ GroupId: 'sg-functions' }], Description: 'AWS Lambda VPC ENI-AskDatabase-former-1111' },
      }),
  ],
  [
    'cell.access-logs',
    'a policy by which a service brings events, and one of another team’s group',
    ({ cell: c }) => {
      const Action = ['logs:CreateLogStream', 'logs:PutLogEvents'];
      const brings = { Effect: 'Allow', Principal: { Service: 'route53.amazonaws.com' }, Action, Resource: '*' };
      c.logGrants.push(
        { policyName: 'route53', policyDocument: JSON.stringify({ Statement: brings }) },
        { resourceArn: SERVICE_LOG.replace('service', 'team'), policyDocument: allowing(STRANGER, undefined) },
      );
    },
  ],
  [
    'cell.access-logs',
    'a denial of other organizations',
    ({ cell: facts }) => facts.accessLogPolicy.push(...PERIMETER),
  ],
  [
    'cell.network',
    'an endpoint that leads to no bucket of others but that of images',
    (data) => outward(data, { NotResource: `arn:aws:s3:::prod-${surroundings.region}-starport-layer-bucket/*` }),
  ],
  [
    'cell.dns',
    'what the organization lists',
    ({ cell: c }) => {
      c.resolverAssociations.push({ vpcId: 'vpc-cell', id: 'rslvr-rr-0organization', what: 'a rule' });
      c.strangeOptions.push({ optionsId: 'dopt-0organization', servers: ['10.0.0.2'] });
      c.privateZones.push({
        HostedZoneId: 'Z0ORGANIZATION',
        Name: 'corp.example.',
        Owner: { OwningAccount: ACCOUNT_ID },
      });
    },
  ],
  ['cell.acls', 'an attacker’s address, refused', (data) => deny(data, '198.51.100.7/32')],
  [
    'cell.acls',
    'remote administration, refused to everybody',
    (data) => deny(data, '0.0.0.0/0', { Protocol: '6', PortRange: { From: 3389, To: 3389 } }),
  ],
  [
    'cell.flow-logs',
    'one more into a log group of the account',
    ({ cell: c }) => c.flowLogs.push(flowLog('subnet-a', { LogDestinationType: 'cloud-watch-logs' })),
  ],
  [
    'cell.flow-logs',
    'one of the organization',
    ({ cell: c }) =>
      c.flowLogs.push(flowLog('subnet-a', { LogDestination: 'arn:aws:s3:::organization-traffic/cells' })),
  ],
  [
    'cell.flow-logs',
    'the same one, made anew',
    ({ cell: c }) => Object.assign(first(c.flowLogs), { FlowLogId: 'fl-3' }),
  ],
  [
    'cell.interfaces',
    'the interface of a task that stops, or has just been started',
    ({ cell: facts, loadBalancer }) => {
      const details = [{ name: 'networkInterfaceId', value: 'eni-stopping' }];
      loadBalancer.laterTasks.push({ group: 'service:green', attachments: [{ details }] });
      facts.interfaces.push({ ...OF_A_TASK, NetworkInterfaceId: 'eni-stopping' });
    },
  ],
];

testRoom('cell', BREACHES, HARMLESS);
