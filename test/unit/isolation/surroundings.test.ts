import type { SurroundingsFacts } from '../../../functions/isolation/surroundings/checks';
import { SURROUNDINGS_CHECKS } from '../../../functions/isolation/surroundings/checks';
import { differences, strangersIn } from '../../../functions/isolation/surroundings/statements';
import { ACCOUNT_ID, aCell, REGION } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

const cell = aCell();
const role = cell.taskRoleArn.split('/').at(-1) ?? '';
const STRANGER = 'arn:aws:iam::999999999999:root';
const surroundings = {
  ...{ accountId: ACCOUNT_ID, region: REGION, cell, tableName: 'tenants', busName: 'bus' },
  ...{ topicArn: 'arn:topic', evidenceBucketName: 'evidence', billingAccountId: '123412341234' },
};

function healthy() {
  const trust = policyOf({ Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:AssumeRole' });
  const inline = policyOf({ Action: ['sts:AssumeRole', 'sts:TagSession'], Resource: 'arn:aws:iam::1:role/tenants/*' });
  const attributes: Record<string, string> = {
    'access_logs.s3.enabled': 'true',
    'access_logs.s3.bucket': cell.accessLogBucketName,
    'routing.http.drop_invalid_header_fields.enabled': 'true',
    'routing.http.desync_mitigation_mode': 'defensive',
  };
  return {
    trustees: {
      expected: [{ role, trust, inline }],
      found: [{ role, trust: [...trust], inline: [...inline], attached: [] as string[] }],
    },
    cell: {
      instances: [{ InstanceId: 'i-gone', State: { Name: 'terminated' } }] as object[],
      dhcpOptions: undefined as object | undefined,
      peerings: [
        {
          VpcPeeringConnectionId: 'pcx-acme',
          Status: { Code: 'active' },
          RequesterVpcInfo: { VpcId: 'vpc-acme', CidrBlock: '10.64.0.0/24', OwnerId: ACCOUNT_ID },
          AccepterVpcInfo: { VpcId: cell.vpcId },
        },
      ],
      services: [{ serviceName: 'blue' }, { serviceName: 'green', enableExecuteCommand: false }],
      listeners: [
        { ListenerArn: cell.listenerArn, Protocol: 'HTTPS', SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06' },
      ],
      attributes,
      accessLogPolicy: policyOf({ Principal: { Service: 'logging.s3.amazonaws.com' }, Action: 's3:PutObject' }),
    },
    platform: {
      table: { TableName: 'tenants' } as object,
      tablePolicy: policyOf(),
      tableStreams: [] as string[],
      busPolicy: policyOf({ Principal: { AWS: 'arn:aws:iam::123412341234:root' }, Action: 'events:PutEvents' }),
      topicPolicy: policyOf({
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT_ID } },
      }),
      subscriptions: [{ Protocol: 'email', Endpoint: 'ops@acme.example', Owner: ACCOUNT_ID }],
      alarms: [{ AlarmName: 'TenantDrifted', ActionsEnabled: true }],
      evidenceLock: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 550 } } as object | undefined,
    },
  };
}
type Data = ReturnType<typeof healthy>;

const askable = (group: object) =>
  Object.fromEntries(Object.entries(group).map(([name, value]) => [name, async () => value]));
async function ask(id: string, spoil: (data: Data) => void = () => {}) {
  const check = SURROUNDINGS_CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  const data = structuredClone(healthy());
  spoil(data);
  const groups = Object.entries(data).map(([name, group]) => [name, askable(group)]);
  return await check.run(surroundings, Object.fromEntries(groups) as unknown as SurroundingsFacts);
}

test.each(SURROUNDINGS_CHECKS.map(({ id }) => [id]))('%s passes healthy surroundings, with evidence', async (id) => {
  expect(await ask(id)).toEqual({ passed: true, evidence: expect.stringMatching(/\S/) });
});

const stranger = (Action: string) => policyOf({ Sid: 'Support', Principal: { AWS: STRANGER }, Action });
const found = ({ trustees }: Data) => trustees.found[0] as Data['trustees']['found'][number];
const peering = ({ cell: facts }: Data) => facts.peerings[0] as Data['cell']['peerings'][number];

const BREACHES: [string, string, (data: Data) => void, string][] = [
  ['identity.trustees', 'a stranger', (data) => found(data).trust.push(...stranger('sts:AssumeRole')), STRANGER],
  [
    'identity.trustees',
    'one right more',
    (data) => found(data).inline.push(...policyOf({ Action: 's3:*', Resource: '*' })),
    's3:*',
  ],
  ['identity.trustees', 'one right less', (data) => found(data).inline.splice(0), 'lacks the statement'],
  ['identity.trustees', 'a managed policy', (data) => found(data).attached.push('arn:admin'), 'arn:admin is attached'],
  ['identity.trustees', 'no such role', ({ trustees }) => (trustees.found = [undefined as never]), 'does not exist'],
  [
    'routing.listeners',
    'one more',
    ({ cell: c }) => c.listeners.push({ ListenerArn: 'arn:other', Protocol: 'HTTP', SslPolicy: '' }),
    'arn:other is unexpected',
  ],
  [
    'routing.listeners',
    'weak TLS',
    ({ cell: c }) => Object.assign(c.listeners[0] ?? {}, { SslPolicy: 'ELBSecurityPolicy-2016-08' }),
    '2016-08',
  ],
  [
    'routing.load-balancer',
    'logs elsewhere',
    ({ cell: c }) => Object.assign(c.attributes, { 'access_logs.s3.bucket': 'theirs' }),
    'theirs',
  ],
  [
    'cell.instances',
    'one runs',
    ({ cell: c }) => c.instances.push({ InstanceId: 'i-1', State: { Name: 'running' } }),
    'instance i-1 is running',
  ],
  [
    'cell.dns',
    'a stranger’s server',
    ({ cell: c }) => {
      c.dhcpOptions = { DhcpConfigurations: [{ Key: 'domain-name-servers', Values: [{ Value: '198.51.100.53' }] }] };
    },
    '198.51.100.53',
  ],
  [
    'cell.network',
    'another block',
    (data) => (peering(data).RequesterVpcInfo.CidrBlock = '192.168.0.0/16'),
    'pcx-acme of vpc-acme',
  ],
  ['cell.network', 'another account', (data) => (peering(data).RequesterVpcInfo.OwnerId = '999999999999'), 'pcx-acme'],
  [
    'cell.service',
    'with shells',
    ({ cell: c }) => Object.assign(c.services[0] ?? {}, { enableExecuteCommand: true }),
    'blue lets shells',
  ],
  [
    'cell.access-logs',
    'read by a stranger',
    ({ cell: c }) => c.accessLogPolicy.push(...stranger('s3:GetObject')),
    STRANGER,
  ],
  ['platform.table', 'shared', ({ platform }) => platform.tablePolicy.push(...stranger('dynamodb:GetItem')), STRANGER],
  ['platform.table', 'streamed', ({ platform }) => platform.tableStreams.push('arn:stream'), 'go to arn:stream'],
  [
    'platform.table',
    'with a stream',
    ({ platform }) => (platform.table = { StreamSpecification: { StreamEnabled: true } }),
    'stream',
  ],
  [
    'platform.bus',
    'open',
    ({ platform }) => platform.busPolicy.push(...policyOf({ Principal: '*', Action: 'events:PutEvents' })),
    'lets * in',
  ],
  [
    'platform.topic',
    'heard by a stranger',
    ({ platform }) =>
      platform.subscriptions.push({ Protocol: 'sqs', Endpoint: 'arn:aws:sqs:r:999999999999:q', Owner: ACCOUNT_ID }),
    '999999999999',
  ],
  [
    'platform.evidence',
    'without a lock',
    ({ platform }) => (platform.evidenceLock = undefined),
    'no default retention',
  ],
  [
    'audit.alarms',
    'silenced',
    ({ platform }) => platform.alarms.push({ AlarmName: 'Quiet', ActionsEnabled: false }),
    'Quiet',
  ],
];

test.each(BREACHES)('%s fails on this breach: %s', async (id, _, spoil, expected) => {
  expect(await ask(id, spoil)).toEqual({ passed: false, evidence: expect.stringContaining(expected) });
});

test('every check of the surroundings has a breach in this file', () => {
  expect(new Set(BREACHES.map(([id]) => id))).toEqual(new Set(SURROUNDINGS_CHECKS.map(({ id }) => id)));
});

test('the trusted roles cannot be judged without the published templates', async () => {
  await expect(ask('identity.trustees', ({ trustees }) => trustees.expected.splice(0))).rejects.toThrow('no template');
});

describe('the comparison of statements', () => {
  const one = policyOf({ Sid: 'A', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] });

  test('ignores order, names and letter case of actions', () => {
    const other = policyOf({ Sid: 'B', Action: ['s3:putobject', 's3:GetObject'], Resource: ['b', 'a'] });
    expect(differences('the policy', one, other)).toEqual([]);
  });

  test.each<[string, object]>([
    ['a resource more', { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b', 'c'] }],
    [
      'a condition more',
      { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'], Condition: { Bool: { x: 'true' } } },
    ],
    ['the other effect', { Effect: 'Deny', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] }],
  ])('reports %s on both sides', (_, statement) => {
    expect(differences('the policy', one, policyOf(statement as never))).toHaveLength(2);
  });

  test.each<[string, boolean, object]>([
    ['this account', true, { Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:role/x` }, Action: 'a' }],
    ['another account', false, { Principal: { AWS: '999999999999' }, Action: 'a' }],
    ['a service without a bound', false, { Principal: { Service: 's3.amazonaws.com' }, Action: 'a' }],
    ['everybody', false, { Principal: '*', Action: 'a' }],
    [
      'everybody of another account',
      false,
      { Principal: '*', Action: 'a', Condition: { StringEquals: { 'aws:PrincipalAccount': '999999999999' } } },
    ],
    ['a denial', true, { Effect: 'Deny', Principal: '*', Action: 'a' }],
  ])('accepts a principal of %s: %s', (_, passes, statement) => {
    expect(strangersIn(policyOf(statement as never), [ACCOUNT_ID])).toHaveLength(passes ? 0 : 1);
  });
});
