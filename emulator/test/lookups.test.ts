import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { BatchWriteItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteSubnetCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  KMSClient,
  ListAliasesCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { type Emulator, startEmulator } from '../emulator';
import { access, keyedTable } from './aws';

const ITEMS = 2_000;
const TableName = 'crowded';

let emulator: Emulator;
let dynamodb: DynamoDBClient;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  dynamodb = new DynamoDBClient(access(emulator));
  await keyedTable(dynamodb, TableName);
  const item = (pk: string, sk: string) => ({ PutRequest: { Item: { pk: { S: pk }, sk: { S: sk } } } });
  const puts = [
    item('few', 'free-1'),
    item('many', 'free-1'),
    ...Array.from({ length: ITEMS }, (_, index) => item('many', `taken-${index}`)),
  ];
  for (let at = 0; at < puts.length; at += 25)
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts.slice(at, at + 25) } }));
}, 60_000);
afterAll(() => emulator.stop());

/** @returns milliseconds */
async function queryFree(pk: string): Promise<number> {
  const began = performance.now();
  const { Items } = await dynamodb.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :free)',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':free': { S: 'free-' } },
    }),
  );
  expect(Items).toEqual([{ pk: { S: pk }, sk: { S: 'free-1' } }]);
  return performance.now() - began;
}

test('a look-up by key takes no longer among thousands', async () => {
  const few: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < 20; round++) {
    few.push(await queryFree('few'));
    many.push(await queryFree('many'));
  }
  // The quickest of each: a busy machine makes some slow, a walk makes all slow.
  expect(Math.min(...many) / Math.min(...few)).toBeLessThan(12);
});

test('subnets are found by their VPC, until they are gone', async () => {
  const ec2 = new EC2Client(access(emulator));
  const vpcWithSubnet = async (block: string) => {
    const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: block }));
    const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: block }));
    return { vpcId: Vpc?.VpcId ?? '', subnetId: Subnet?.SubnetId ?? '' };
  };
  const subnetsOf = async (...vpcIds: string[]) => {
    const { Subnets = [] } = await ec2.send(
      new DescribeSubnetsCommand({ Filters: [{ Name: 'vpc-id', Values: vpcIds }] }),
    );
    return Subnets.map(({ SubnetId }) => SubnetId);
  };
  const [one, other] = [await vpcWithSubnet('10.1.0.0/24'), await vpcWithSubnet('10.2.0.0/24')];
  expect(await subnetsOf(one.vpcId)).toEqual([one.subnetId]);
  expect(await subnetsOf(one.vpcId, other.vpcId)).toEqual([one.subnetId, other.subnetId]);
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [other.subnetId] }));
  expect(Subnets.map(({ VpcId }) => VpcId)).toEqual([other.vpcId]);
  await ec2.send(new DeleteSubnetCommand({ SubnetId: one.subnetId }));
  expect(await subnetsOf(one.vpcId)).toEqual([]);
});

test('an alias is found by its present key', async () => {
  const kms = new KMSClient(access(emulator));
  const keyId = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? '';
  const aliasesOf = async (KeyId: string) => {
    const { Aliases = [] } = await kms.send(new ListAliasesCommand({ KeyId }));
    return Aliases.map(({ AliasName }) => AliasName);
  };
  const [one, other] = [await keyId(), await keyId()];
  const AliasName = 'alias/wanders';
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one }));
  expect([await aliasesOf(one), await aliasesOf(other)]).toEqual([[AliasName], []]);
  await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: other }));
  expect([await aliasesOf(one), await aliasesOf(other)]).toEqual([[], [AliasName]]);
  await kms.send(new DeleteAliasCommand({ AliasName }));
  expect([await aliasesOf(one), await aliasesOf(other)]).toEqual([[], []]);
});

test('log groups are found by a prefix of their names until they are deleted', async () => {
  const logs = new CloudWatchLogsClient(access(emulator));
  const groupsOf = async (logGroupNamePrefix: string) => {
    const { logGroups = [] } = await logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix }));
    return logGroups.map(({ logGroupName }) => logGroupName);
  };
  for (const logGroupName of ['/b/2', '/a/1', '/b/1', '/c/1'])
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
  expect(await groupsOf('/b/')).toEqual(['/b/1', '/b/2']);
  await logs.send(new DeleteLogGroupCommand({ logGroupName: '/b/1' }));
  expect(await groupsOf('/b/')).toEqual(['/b/2']);
  await logs.send(new CreateLogGroupCommand({ logGroupName: '/b/0' }));
  expect(await groupsOf('/b/')).toEqual(['/b/0', '/b/2']);
  expect(await groupsOf('/d')).toEqual([]);
  // As many as before, and the same one last.
  await logs.send(new DeleteLogGroupCommand({ logGroupName: '/c/1' }));
  await logs.send(new DeleteLogGroupCommand({ logGroupName: '/b/0' }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: '/b/3' }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: '/b/0' }));
  expect(await groupsOf('/b/')).toEqual(['/b/0', '/b/2', '/b/3']);
});
