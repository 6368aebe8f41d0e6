import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { type Emulator, startEmulator } from '../emulator';
import { access, kindAgain, launch, settled, slowerThanAws } from './aws';

let emulator: Emulator;
let s3: S3Client;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  s3 = new S3Client({ ...access(emulator), forcePathStyle: true });
}, 60_000);
afterAll(() => emulator.stop());
afterEach(() => kindAgain(emulator));

/** A stack with this resource alone, and what became of it. */
async function stackStatus(name: string, Type: string, Properties: object): Promise<string | undefined> {
  const { stack } = await launch(emulator, name, { Resource: { Type, Properties } });
  return stack.StackStatus;
}

test('T7: the name of a deleted bucket stays taken for a while, for a request and for a stack', async () => {
  const Bucket = 'name-in-use';
  const create = () => s3.send(new CreateBucketCommand({ Bucket }));
  await create();
  await slowerThanAws(emulator);
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await emulator.setPatience(0);
  await expect(create()).rejects.toMatchObject({ name: 'OperationAborted', $metadata: { httpStatusCode: 409 } });
  expect(await stackStatus('bucket-early', 'AWS::S3::Bucket', { BucketName: Bucket })).toBe('ROLLBACK_COMPLETE');
  await emulator.settle();
  await create();
});

test('the value of a secret’s version does not change under the token that has made it', async () => {
  const secrets = new SecretsManagerClient(access(emulator));
  const { ARN: SecretId } = await secrets.send(new CreateSecretCommand({ Name: 'put-twice', SecretString: 'former' }));
  const ClientRequestToken = 'a-version-of-thirty-two-characters';
  const put = (SecretString: string) =>
    secrets.send(new PutSecretValueCommand({ SecretId, ClientRequestToken, SecretString }));
  const first = await put('one');
  await expect(put('one')).resolves.toMatchObject({ VersionId: first.VersionId, VersionStages: ['AWSCURRENT'] });
  await expect(put('two')).rejects.toMatchObject({ name: 'ResourceExistsException' });
  await expect(secrets.send(new GetSecretValueCommand({ SecretId }))).resolves.toMatchObject({ SecretString: 'one' });
});

test('T7: the name of a deleted secret stays taken for a while, for a request and for a stack', async () => {
  const Name = 'name-in-use';
  const secrets = new SecretsManagerClient(access(emulator));
  const create = () => secrets.send(new CreateSecretCommand({ Name, SecretString: 'secret' }));
  const scheduled = { name: 'InvalidRequestException', message: expect.stringContaining('scheduled for deletion') };
  const remove = () => secrets.send(new DeleteSecretCommand({ SecretId: Name, ForceDeleteWithoutRecovery: true }));
  await create();
  await slowerThanAws(emulator);
  await remove();
  await emulator.setPatience(0);
  await expect(create()).rejects.toMatchObject(scheduled);
  expect(await stackStatus('secret-early', 'AWS::SecretsManager::Secret', { Name })).toBe('ROLLBACK_COMPLETE');
  await emulator.settle();
  const { stack } = await launch(emulator, 'secret', {
    Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { Name } },
  });
  const cloudformation = new CloudFormationClient(access(emulator));
  await slowerThanAws(emulator);
  await cloudformation.send(new DeleteStackCommand({ StackName: stack.StackId }));
  await kindAgain(emulator);
  expect((await settled(cloudformation, stack.StackId)).StackStatus).toBe('DELETE_COMPLETE');
  // The stack may have deleted the secret only after that.
  await kindAgain(emulator);
  await create();
});

test('T8: of two simultaneous conditional writes, one fails with a conflict and writes nothing', async () => {
  const Bucket = 'conditional-writes';
  await s3.send(new CreateBucketCommand({ Bucket }));
  const write = (Body: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'once', Body, IfNoneMatch: '*' }));
  await slowerThanAws(emulator);
  const writes = [write('first'), write('second')];
  // The first one is at work until the second one has its answer.
  await Promise.any(
    writes.map((each) =>
      each.then(
        () => Promise.reject(new Error('made')),
        () => 'refused',
      ),
    ),
  );
  await kindAgain(emulator);
  const outcomes = await Promise.allSettled(writes);
  const made = outcomes.filter(({ status }) => status === 'fulfilled');
  const refused = outcomes.filter((outcome): outcome is PromiseRejectedResult => outcome.status === 'rejected');
  expect(made).toHaveLength(1);
  expect(refused.map(({ reason }) => [reason.name, reason.$metadata.httpStatusCode])).toEqual([
    ['ConditionalRequestConflict', 409],
  ]);
  await expect(write('third')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: 'once' }));
  expect(await Body?.transformToString()).toBe(outcomes[0]?.status === 'fulfilled' ? 'first' : 'second');
});
