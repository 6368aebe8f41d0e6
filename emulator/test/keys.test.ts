import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  KMSClient,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { type Emulator, startEmulator } from '../emulator';
import { access, kindAgain, slowerThanAws } from './aws';

let emulator: Emulator;
let kms: KMSClient;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  kms = new KMSClient(access(emulator));
}, 60_000);
afterAll(() => emulator.stop());
afterEach(() => kindAgain(emulator));

const key = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
const describe = async (KeyId: string) => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata;

test('T4: a key refuses calls that its state forbids, with AWS’s error names', async () => {
  const KeyId = await key();
  const invalid = { name: 'KMSInvalidStateException' };
  const rotate = () => kms.send(new EnableKeyRotationCommand({ KeyId }));
  await expect(kms.send(new CancelKeyDeletionCommand({ KeyId }))).rejects.toMatchObject(invalid);
  await kms.send(new DisableKeyCommand({ KeyId }));
  await expect(rotate()).rejects.toMatchObject({ name: 'DisabledException' });
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  for (const refused of [
    rotate(),
    kms.send(new EnableKeyCommand({ KeyId })),
    kms.send(new DisableKeyCommand({ KeyId })),
    kms.send(new ScheduleKeyDeletionCommand({ KeyId })),
    kms.send(new CreateAliasCommand({ AliasName: 'alias/late', TargetKeyId: KeyId })),
  ]) {
    await expect(refused).rejects.toMatchObject(invalid);
  }
  await kms.send(new CancelKeyDeletionCommand({ KeyId }));
  await kms.send(new EnableKeyCommand({ KeyId }));
  await rotate();
});

test('T4: a key policy with a principal that does not exist is malformed', async () => {
  const account = `arn:aws:iam::${emulator.accountId}`;
  const policy = (AWS: string | string[]) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS }, Action: 'kms:*', Resource: '*' }],
    });
  const malformed = {
    name: 'MalformedPolicyDocumentException',
    message: expect.stringContaining('invalid principals'),
  };
  const absent = policy([`${account}:root`, `${account}:role/absent`]);
  await expect(kms.send(new CreateKeyCommand({ Policy: absent }))).rejects.toMatchObject(malformed);
  const KeyId = await key();
  await expect(kms.send(new PutKeyPolicyCommand({ KeyId, Policy: absent }))).rejects.toMatchObject(malformed);

  await slowerThanAws(emulator);
  const trust = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `${account}:root` }, Action: 'sts:AssumeRole' }],
  });
  const iam = new IAMClient(access(emulator));
  await iam.send(new CreateRoleCommand({ RoleName: 'fresh', AssumeRolePolicyDocument: trust }));
  const fresh = () => kms.send(new CreateKeyCommand({ Policy: policy([`${account}:root`, `${account}:role/fresh`]) }));
  await expect(fresh()).rejects.toMatchObject(malformed);
  await emulator.settle();
  await fresh();
});

test('T4: a new key and a new alias are not found at first', async () => {
  await slowerThanAws(emulator);
  const notFound = { name: 'NotFoundException' };
  const arn = await key();
  await expect(describe(arn)).rejects.toMatchObject(notFound);
  await emulator.settle();
  expect(await describe(arn)).toMatchObject({ Arn: arn });
  const AliasName = 'alias/fresh';
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: arn }));
  await expect(describe(AliasName)).rejects.toMatchObject(notFound);
  await emulator.settle();
  expect(await describe(AliasName)).toMatchObject({ Arn: arn });
});

test('T4: a change of a key’s state is visible after a delay, and the former state decides until then', async () => {
  const KeyId = await key();
  await kms.send(new DisableKeyCommand({ KeyId }));
  await slowerThanAws(emulator);
  await kms.send(new EnableKeyCommand({ KeyId }));
  const rotate = () => kms.send(new EnableKeyRotationCommand({ KeyId }));
  expect(await describe(KeyId)).toMatchObject({ KeyState: 'Disabled' });
  await expect(rotate()).rejects.toMatchObject({ name: 'DisabledException' });
  await emulator.settle();
  expect(await describe(KeyId)).toMatchObject({ KeyState: 'Enabled' });
  await rotate();
});
