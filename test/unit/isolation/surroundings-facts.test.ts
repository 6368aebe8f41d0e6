import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { ECSClient } from '@aws-sdk/client-ecs';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { StrangeOptions } from '../../../functions/isolation/facts/vpc-names';
import { type SurroundingsClients, surroundingsFacts } from '../../../functions/isolation/surroundings/ask';
import { platformFacts } from '../../../functions/isolation/surroundings/platform-facts';
import { platformStacks } from '../../../functions/isolation/surroundings/platform-stacks';
import { policyFacts } from '../../../functions/isolation/surroundings/policy-facts';
import { ACCOUNT_ID, aCell } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { aPrincipal } from '../../support/healthy-surroundings';
import { aStage } from '../../support/isolated-tenant';

const PLATFORM = {
  ...{ accountId: ACCOUNT_ID, region: 'eu-central-1', tableName: 't', topicArn: 'arn:topic', busName: 'bus' },
  ...{ evidenceBucketName: 'evidence', billingAccountId: '1', placed: aStage().placed },
};
const KEY_POLICY = '{"Version":"2012-10-17","Statement":[]}';

/** Facts of two cells in one audit, and what was sent for them. */
function twoCells(strange: StrangeOptions[] = []) {
  const aws = new FakeClient({
    GetKeyPolicyCommand: { Policy: KEY_POLICY },
    ListRulesCommand: { Rules: [] },
    DescribeTableCommand: { Table: { TableName: 't' } },
    DescribeVpcsCommand: { Vpcs: [{ DhcpOptionsId: 'dopt-theirs' }] },
  });
  const clients = new Proxy({}, { get: () => aws }) as SurroundingsClients & { readonly lambda: LambdaClient };
  const nothing = { items: [] };
  const lists = { proxies: nothing, exports: nothing, integrations: nothing, logPolicies: nothing };
  const factsOf = surroundingsFacts(
    clients,
    PLATFORM,
    async () => ({ principals: [], policies: new Map() }),
    async () => ({ ...lists, dhcpOptions: { items: strange }, resolver: nothing }),
  );
  return { aws, cells: ['c1', 'c2'].map((name) => factsOf({ ...aCell(), name, vpcId: `vpc-0${name}` })) };
}

test('what all cells share is asked once an audit', async () => {
  const { aws, cells } = twoCells();
  for (const { platform, policies } of cells) {
    await platform.table();
    await policies.ofKey('key-1');
    await policies.rules();
    await policies.rules('bus');
  }
  expect(aws.sent.map(({ command }) => command)).toEqual([
    'DescribeTableCommand',
    'GetKeyPolicyCommand',
    'ListRulesCommand',
    'ListRulesCommand',
  ]);
  await cells[1]?.policies.ofKey('key-2');
  expect(aws.inputs('GetKeyPolicyCommand').map(({ KeyId }) => KeyId)).toEqual(['key-1', 'key-2']);
});

test('a cell is asked for its DHCP options when some of the account name a strange name server, and only then', async () => {
  const healthy = twoCells();
  for (const { cell } of healthy.cells) expect(await cell.strangeOptions()).toEqual([]);
  expect(healthy.aws.sent).toEqual([]);

  const { aws, cells } = twoCells([{ optionsId: 'dopt-theirs', servers: ['198.51.100.53'] }]);
  for (const { cell } of cells)
    expect(await cell.strangeOptions()).toEqual([{ optionsId: 'dopt-theirs', servers: ['198.51.100.53'] }]);
  expect(aws.inputs('DescribeVpcsCommand')).toEqual([{ VpcIds: ['vpc-0c1'] }, { VpcIds: ['vpc-0c2'] }]);
});

test('what tasks of a service run is read, whatever the service names by now', async () => {
  const task = (group: string, taskDefinitionArn: string) => ({ group, taskDefinitionArn });
  const aws = new FakeClient({
    DescribeServicesCommand: { services: [{ taskDefinition: 'arn:named', desiredCount: 1 }, { desiredCount: 0 }] },
    ListTasksCommand: { taskArns: ['arn:1', 'arn:2', 'arn:3'] },
    DescribeTasksCommand: {
      tasks: [task('service:blue', 'arn:named'), task('service:blue', 'arn:kept'), task('family:job', 'arn:job')],
    },
    DescribeTargetHealthCommand: {},
    DescribeTaskDefinitionCommand: ({ taskDefinition }: { taskDefinition: string }) => ({
      taskDefinition: { family: taskDefinition },
    }),
  });
  // The SDK's paginators take an instance of the service's client only.
  const ecs = Object.assign(new ECSClient(), { send: aws.send });
  const clients = new Proxy({}, { get: (_, name) => (name === 'ecs' ? ecs : aws) }) as SurroundingsClients;
  const unasked = () => Promise.reject(new Error('not asked'));
  const definitions = await surroundingsFacts(clients, PLATFORM, unasked, unasked)(aCell()).cell.definitions();
  expect(definitions.map(({ family }) => family)).toEqual(['arn:named', 'arn:kept']);
});

const TEMPLATE = {
  Resources: { First: { Type: 'AWS::SQS::Queue' }, Second: { Type: 'AWS::SQS::Queue' } },
  Outputs: {
    ResourceNames0: { Value: { 'Fn::Join': ['\n', [{ Ref: 'First' }, { Ref: 'Second' }]] } },
    Domain: { Value: 'funnels.example' },
  },
};
const listing = {
  StackResourceSummaries: ['First', 'Second'].map((id) => ({
    LogicalResourceId: id,
    PhysicalResourceId: `listed-${id}`,
  })),
};

function foundationOf(template: object, outputs?: string) {
  const aws = new FakeClient({
    GetTemplateCommand: { TemplateBody: JSON.stringify(template) },
    DescribeStacksCommand: { Stacks: [{ Outputs: [{ OutputKey: 'ResourceNames0', OutputValue: outputs }] }] },
    ListStackResourcesCommand: listing,
  });
  // The SDK's paginators take an instance of the service's client only.
  const client = Object.assign(new CloudFormationClient(), { send: aws.send });
  return { aws, read: platformStacks(client, PLATFORM)('c1').foundation };
}

test('names of resources are read from the outputs of a stack that tells them, and listed else', async () => {
  const told = foundationOf(TEMPLATE, 'told-First\ntold-Second');
  expect((await told.read()).map(({ physicalId }) => physicalId)).toEqual(['told-First', 'told-Second']);
  expect(told.aws.inputs('ListStackResourcesCommand')).toEqual([]);

  const listed = foundationOf({ Resources: TEMPLATE.Resources });
  expect((await listed.read()).map(({ physicalId }) => physicalId)).toEqual(['listed-First', 'listed-Second']);
});

test('a stack without the outputs of its template leaves its resources unknown', async () => {
  const { read } = foundationOf(TEMPLATE, 'told-First');
  await expect(read()).rejects.toThrow('has not the outputs of its template');
});

const STREAMS = 'AWSServiceRoleForDynamoDBKinesisDataStreamsReplication';

test.each([
  ['is asked where DynamoDB has the role to stream with', [STREAMS], ['arn:stream']],
  ['is not asked where the account has no such role', [], []],
])('to which stream the tenants table goes %s', async (_, roles, streams) => {
  const aws = new FakeClient({
    DescribeKinesisStreamingDestinationCommand: {
      KinesisDataStreamDestinations: [{ StreamArn: 'arn:stream', DestinationStatus: 'ACTIVE' }],
    },
  });
  const clients = new Proxy({}, { get: () => aws }) as SurroundingsClients;
  const principals = roles.map((name) => ({ ...aPrincipal(name, {}), kind: 'role' as const }));
  const facts = platformFacts(clients, PLATFORM, async () => ({ principals, policies: new Map() }));
  expect(await facts.tableStreams()).toEqual(streams);
  expect(aws.sent).toHaveLength(streams.length);
});

test.each([
  ['is told without its definition, which may be under a key of its own', { roleArn: 'arn:team' }, 'arn:team'],
  ['is nobody’s when the machine was deleted since the list', awsError('StateMachineDoesNotExist'), undefined],
])('the role of another team’s machine %s', async (_, answer, role) => {
  const aws = new FakeClient({ DescribeStateMachineCommand: answer });
  const clients = new Proxy({}, { get: () => aws }) as SurroundingsClients & { readonly lambda: LambdaClient };
  expect(await policyFacts(clients, PLATFORM).machineRole('arn:machine')).toBe(role);
  expect(aws.inputs('DescribeStateMachineCommand')).toEqual([
    { stateMachineArn: 'arn:machine', includedData: 'METADATA_ONLY' },
  ]);
});

test.each([
  ['are told', { Targets: [{ Id: '1', Arn: 'arn:target' }] }, [{ Id: '1', Arn: 'arn:target' }]],
  ['are none when the rule was deleted since the list', awsError('ResourceNotFoundException'), []],
])('the targets of another team’s rule %s', async (_, answer, targets) => {
  const aws = new FakeClient({ ListTargetsByRuleCommand: answer });
  const clients = new Proxy({}, { get: () => aws }) as SurroundingsClients & { readonly lambda: LambdaClient };
  expect(await policyFacts(clients, PLATFORM).targets('theirs')).toEqual(targets);
});
