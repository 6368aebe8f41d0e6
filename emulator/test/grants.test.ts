import { CloudFormationClient, DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  KMSClient,
  ListGrantsCommand,
} from '@aws-sdk/client-kms';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { type Emulator, startEmulator } from '../emulator';
import { access, launch, settled } from './aws';

let emulator: Emulator;
let kms: KMSClient;

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  kms = new KMSClient(access(emulator));
}, 60_000);
afterAll(() => emulator.stop());

const key = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? '';
const grantsOn = async (KeyId: string) => (await kms.send(new ListGrantsCommand({ KeyId }))).Grants ?? [];

test('K1: RDS has grants on the key of its database, with constraints, until the database is deleted', async () => {
  const KmsKeyId = await key();
  const Properties = { DBInstanceClass: 'db.t4g.micro', Engine: 'postgres', StorageEncrypted: true, KmsKeyId };
  const database = { ...Properties, AllocatedStorage: '20', MasterUsername: 'owner', MasterUserPassword: 'password' };
  const { stack, outputs } = await launch(
    emulator,
    'database',
    { Database: { Type: 'AWS::RDS::DBInstance', Properties: database } },
    { id: { 'Fn::GetAtt': ['Database', 'DbiResourceId'] } },
  );
  const grants = await grantsOn(KmsKeyId);
  expect(grants).toHaveLength(2);
  const context = expect.objectContaining({ 'aws:rds:db-id': outputs.id });
  for (const grant of grants) expect(grant.Constraints?.EncryptionContextSubset).toEqual(context);
  const [ofRds] = grants.filter(({ GranteeServicePrincipal }) => GranteeServicePrincipal);
  expect(ofRds).toMatchObject({ GranteeServicePrincipal: `rds.${emulator.region}.amazonaws.com` });
  expect(ofRds?.GranteePrincipal).toBeUndefined();
  const [ofVolume] = grants.filter(({ GranteePrincipal }) => GranteePrincipal);
  expect(ofVolume?.GranteePrincipal).toMatch(/^arn:aws:sts::\d+:assumed-role\/aws:ec2-infrastructure\/i-/);

  const cloudformation = new CloudFormationClient(access(emulator));
  await cloudformation.send(new DeleteStackCommand({ StackName: stack.StackId }));
  expect((await settled(cloudformation, stack.StackId)).StackStatus).toBe('DELETE_COMPLETE');
  expect(await grantsOn(KmsKeyId)).toEqual([]);
});

test('K1: a grant allows its grantee to use the key with the encryption context of its constraint', async () => {
  const KeyId = await key();
  const EncryptionContext = { tenant: 'one' };
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from('text'), EncryptionContext }),
  );
  const foreign = await kms.send(
    new EncryptCommand({ KeyId, Plaintext: Buffer.from('text'), EncryptionContext: { tenant: 'two' } }),
  );
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: emulator.accountId }, Action: 'sts:AssumeRole' }],
  };
  const { Role } = await new IAMClient(access(emulator)).send(
    new CreateRoleCommand({ RoleName: 'holder', AssumeRolePolicyDocument: JSON.stringify(trust) }),
  );
  const { Credentials } = await new STSClient(access(emulator)).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'test' }),
  );
  const held = new KMSClient(
    access(emulator, {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    }),
  );
  const decrypt = () => held.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext }));
  await expect(decrypt()).rejects.toMatchObject({ name: 'AccessDeniedException' });
  const Constraints = { EncryptionContextSubset: EncryptionContext };
  await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal: Role?.Arn, Operations: ['Decrypt'], Constraints }));
  expect(Buffer.from((await decrypt()).Plaintext ?? []).toString()).toBe('text');
  await expect(
    held.send(
      new DecryptCommand({ KeyId, CiphertextBlob: foreign.CiphertextBlob, EncryptionContext: { tenant: 'two' } }),
    ),
  ).rejects.toMatchObject({ name: 'AccessDeniedException' });
});
