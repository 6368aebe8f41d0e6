import {
  CreateRoleCommand,
  DeleteRolePolicyCommand,
  GetRolePolicyCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateKeyCommand, KMSClient, TagResourceCommand } from '@aws-sdk/client-kms';
import { GetResourcesCommand, ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type Emulator, startEmulator } from '../emulator';
import { access, kindAgain, slowerThanAws } from './aws';

let emulator: Emulator;
let iam: IAMClient;
let sts: STSClient;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  iam = new IAMClient(access(emulator));
  sts = new STSClient(access(emulator));
}, 60_000);
afterAll(() => emulator.stop());
afterEach(() => kindAgain(emulator));

const document = (statement: object) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

async function role(RoleName: string): Promise<string> {
  const AssumeRolePolicyDocument = document({
    Principal: { AWS: `arn:aws:iam::${emulator.accountId}:root` },
    Action: 'sts:AssumeRole',
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  return Role?.Arn ?? '';
}
const assume = (RoleArn: string) => sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'test' }));

test('T1: a new role can be assumed only after a delay; until then the error is that of an untrusted caller', async () => {
  await slowerThanAws(emulator);
  const arn = await role('fresh');
  await expect(assume(arn)).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringMatching(/is not authorized to perform: sts:AssumeRole on resource: .*fresh$/),
  });
  await emulator.settle();
  expect((await assume(arn)).AssumedRoleUser?.Arn).toContain('assumed-role/fresh');
});

test('T1: a new policy of a role, and its removal, take effect after a delay', async () => {
  const RoleName = 'reader';
  const { Credentials } = await assume(await role(RoleName));
  const sqs = new SQSClient(
    access(emulator, {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }),
  );
  const list = () => sqs.send(new ListQueuesCommand({}));
  const denied = { name: 'AccessDenied' };
  await expect(list()).rejects.toMatchObject(denied);
  await slowerThanAws(emulator);
  const PolicyDocument = document({ Action: 'sqs:ListQueues', Resource: '*' });
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'read', PolicyDocument }));
  expect((await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName: 'read' }))).PolicyDocument).toBeDefined();
  await expect(list()).rejects.toMatchObject(denied);
  await emulator.settle();
  await list();
  await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'read' }));
  await list();
  await emulator.settle();
  await expect(list()).rejects.toMatchObject(denied);
});

test('T5: the tag index shows a new key and its tags after a delay', async () => {
  const kms = new KMSClient(access(emulator));
  const index = new ResourceGroupsTaggingAPIClient(access(emulator));
  const tagged = async (Key: string) => {
    const { ResourceTagMappingList = [] } = await index.send(
      new GetResourcesCommand({ ResourceTypeFilters: ['kms:key'], TagFilters: [{ Key, Values: ['here'] }] }),
    );
    return ResourceTagMappingList.map(({ ResourceARN }) => ResourceARN);
  };
  await slowerThanAws(emulator);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Tags: [{ TagKey: 'first', TagValue: 'here' }] }));
  expect(await tagged('first')).toEqual([]);
  await emulator.settle();
  expect(await tagged('first')).toEqual([KeyMetadata?.Arn]);
  const Tags = [{ TagKey: 'second', TagValue: 'here' }];
  await kms.send(new TagResourceCommand({ KeyId: KeyMetadata?.KeyId, Tags }));
  expect(await tagged('second')).toEqual([]);
  await emulator.settle();
  expect(await tagged('second')).toEqual([KeyMetadata?.Arn]);
});
