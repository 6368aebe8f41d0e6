import { BackupClient, GetBackupPlanCommand, GetBackupVaultAccessPolicyCommand } from '@aws-sdk/client-backup';
import {
  BatchGetItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  GetResourcePolicyCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { DescribeServicesCommand, DescribeTasksCommand, ECSClient } from '@aws-sdk/client-ecs';
import { DescribeTagsCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  DescribeEventBusCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
  PutEventsCommand,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, GetRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateAliasCommand, DescribeKeyCommand, EncryptCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import {
  type ChangeAction,
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  GetChangeCommand,
  Route53Client,
  type RRType,
} from '@aws-sdk/client-route-53';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  type ObjectIdentifier,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SendTaskSuccessCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { GetWebACLForResourceCommand, WAFV2Client } from '@aws-sdk/client-wafv2';
import { type Emulator, startEmulator } from '../emulator';
import { access, type Credentials, keyedTable, launch, ROOT } from './aws';
import { Machines } from './machines';

let emulator: Emulator;
let keys: { mine: string; other: string };
let made = 0;

const statement = (Action: string | string[], Resource: string, Condition: object = {}, Effect = 'Allow') => ({
  Effect,
  Action,
  Resource,
  Condition,
});
const document = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });
const role = (name: string, path = '/') => `arn:aws:iam::${emulator.accountId}:role${path}${name}`;

/** Credentials of a new role that may do what the statements say, as far as the session's policy allows it. */
async function caller(
  statements: object[],
  session: Record<string, string> = {},
  path = '/',
  policy?: string,
): Promise<Credentials> {
  made += 1;
  const name = `caller-${made}`;
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${emulator.accountId}:root` } };
  await launch(emulator, name, {
    Role: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [{ ...trust, Action: ['sts:AssumeRole', 'sts:TagSession'] }],
        },
        Policies: [{ PolicyName: 'may', PolicyDocument: { Version: '2012-10-17', Statement: statements } }],
      },
    },
  });
  const { Credentials: given } = await new STSClient(access(emulator)).send(
    new AssumeRoleCommand({
      RoleArn: role(name, path),
      RoleSessionName: 'test',
      Tags: Object.entries(session).map(([Key, Value]) => ({ Key, Value })),
      ...(policy && { Policy: policy }),
    }),
  );
  const { AccessKeyId: accessKeyId = '', SecretAccessKey: secretAccessKey = '', SessionToken } = given ?? {};
  return { accessKeyId, secretAccessKey, ...(SessionToken ? { sessionToken: SessionToken } : {}) };
}

/** The name of a new role that Step Functions may assume. */
async function executionRole(statements: object[]): Promise<string> {
  made += 1;
  const RoleName = `caller-${made}`;
  const trust = { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await iam().send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
  const PolicyDocument = document(...statements);
  await iam().send(new PutRolePolicyCommand({ RoleName, PolicyName: 'may', PolicyDocument }));
  return RoleName;
}

const s3 = (credentials = ROOT) => new S3Client({ ...access(emulator, credentials), forcePathStyle: true });
const kms = (credentials = ROOT) => new KMSClient(access(emulator, credentials));
const iam = (credentials = ROOT) => new IAMClient(access(emulator, credentials));
const secrets = (credentials = ROOT) => new SecretsManagerClient(access(emulator, credentials));
const denied = { name: expect.stringMatching(/^AccessDenied/) };

const key = (tenant: string) => ({
  Type: 'AWS::KMS::Key',
  Properties: {
    Tags: [{ Key: 'tenant', Value: tenant }],
    KeyPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${emulator.accountId}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    },
  },
});

beforeAll(async () => {
  emulator = await startEmulator({ patience: 0 });
  const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
  const { outputs } = await launch(
    emulator,
    'keys',
    { Mine: key('acme'), Other: key('globex') },
    { mine: arn('Mine'), other: arn('Other') },
  );
  keys = { mine: outputs.mine ?? '', other: outputs.other ?? '' };
  for (const Bucket of ['data-acme', 'data-globex']) {
    await s3().send(new CreateBucketCommand({ Bucket }));
    await s3().send(new PutObjectCommand({ Bucket, Key: 'page', Body: 'hello' }));
  }
}, 60_000);
afterAll(() => emulator.stop());

const read = (credentials: Credentials, Bucket: string) =>
  s3(credentials).send(new GetObjectCommand({ Bucket, Key: 'page' }));
const write = (credentials: Credentials, Bucket: string, keyArn: string) =>
  s3(credentials).send(
    new PutObjectCommand({ Bucket, Key: 'sealed', Body: 'x', ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn }),
  );

describe('policies', () => {
  test('a principal tag is replaced by its value in a resource; without the tag the statement does not apply', async () => {
    const reads = [statement('s3:GetObject', `arn:aws:s3:::data-\${aws:PrincipalTag/tenant}/*`)];
    const acme = await caller(reads, { tenant: 'acme' });
    await read(acme, 'data-acme');
    await expect(read(acme, 'data-globex')).rejects.toMatchObject(denied);
    await expect(read(await caller(reads), 'data-acme')).rejects.toMatchObject(denied);
  });

  test('a missing object gives 404 to a caller who may list the bucket, and 403 to any other', async () => {
    const absent = (credentials: Credentials) =>
      s3(credentials).send(new GetObjectCommand({ Bucket: 'data-acme', Key: 'nothing' }));
    const reads = statement('s3:GetObject', 'arn:aws:s3:::data-acme/*');
    const reader = await caller([reads]);
    await read(reader, 'data-acme');
    await expect(absent(reader)).rejects.toMatchObject(denied);
    const lister = await caller([reads, statement('s3:ListBucket', 'arn:aws:s3:::data-acme')]);
    await expect(absent(lister)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  test('aws:PrincipalArn of a session is the ARN of its role, path included', async () => {
    const reads = (arn: string) => [statement('s3:GetObject', '*', { StringEquals: { 'aws:PrincipalArn': arn } })];
    await read(await caller(reads(role(`caller-${made + 1}`, '/tenants/')), {}, '/tenants/'), 'data-acme');
    const without = caller(reads(role(`caller-${made + 1}`)), {}, '/tenants/');
    await expect(read(await without, 'data-acme')).rejects.toMatchObject(denied);
  });

  test('aws:ResourceTag has the tags of the resource, also of a key that another service uses', async () => {
    for (const [Name, KmsKeyId] of [
      ['under-mine', keys.mine],
      ['under-other', keys.other],
    ]) {
      await secrets().send(new CreateSecretCommand({ Name, SecretString: 's', KmsKeyId }));
    }
    const statements = [
      statement('secretsmanager:GetSecretValue', '*'),
      statement('kms:Decrypt', '*', { StringEquals: { 'aws:ResourceTag/tenant': 'acme' } }),
    ];
    const everything = [statement(['secretsmanager:GetSecretValue', 'kms:Decrypt'], '*')];
    // By the role's policy, and by one that limits what the role's policy allows.
    for (const user of [await caller(statements), await caller(everything, {}, '/', document(...statements))]) {
      await secrets(user).send(new GetSecretValueCommand({ SecretId: 'under-mine' }));
      const other = secrets(user).send(new GetSecretValueCommand({ SecretId: 'under-other' }));
      await expect(other).rejects.toMatchObject(denied);
    }
  });

  test('iam:PermissionsBoundary is the requested boundary, and a role’s ARN has its path', async () => {
    const boundary = `arn:aws:iam::${emulator.accountId}:policy/boundary`;
    const maker = await caller([
      statement('iam:CreateRole', role('*', '/tenants/'), { StringEquals: { 'iam:PermissionsBoundary': boundary } }),
      statement('iam:GetRole', role('*', '/tenants/')),
    ]);
    await launch(emulator, 'boundary', {
      Boundary: {
        Type: 'AWS::IAM::ManagedPolicy',
        Properties: {
          ManagedPolicyName: 'boundary',
          PolicyDocument: { Version: '2012-10-17', Statement: [statement('s3:*', '*')] },
        },
      },
    });
    const create = (RoleName: string, Path: string, PermissionsBoundary?: string) =>
      iam(maker).send(
        new CreateRoleCommand({ RoleName, Path, PermissionsBoundary, AssumeRolePolicyDocument: document() }),
      );
    await create('bound', '/tenants/', boundary);
    await iam(maker).send(new GetRoleCommand({ RoleName: 'bound' }));
    await expect(create('unbound', '/tenants/')).rejects.toMatchObject(denied);
    await expect(create('elsewhere', '/', boundary)).rejects.toMatchObject(denied);
    await expect(iam(maker).send(new GetRoleCommand({ RoleName: 'caller-1' }))).rejects.toMatchObject(denied);
  });

  test('KMS checks encryption context, the caller’s account and the aliases of the key', async () => {
    await kms().send(new CreateAliasCommand({ AliasName: 'alias/tenants/acme', TargetKeyId: keys.mine }));
    const user = await caller([
      statement('kms:Encrypt', '*', { StringEquals: { 'kms:EncryptionContext:tenant': 'acme' } }),
      statement('kms:DescribeKey', '*', {
        StringEquals: { 'kms:CallerAccount': emulator.accountId },
        'ForAnyValue:StringLike': { 'kms:ResourceAliases': 'alias/tenants/*' },
      }),
    ]);
    const encrypt = (tenant: string) =>
      kms(user).send(
        new EncryptCommand({ KeyId: keys.mine, Plaintext: Buffer.from('x'), EncryptionContext: { tenant } }),
      );
    await encrypt('acme');
    await expect(encrypt('globex')).rejects.toMatchObject(denied);
    await kms(user).send(new DescribeKeyCommand({ KeyId: keys.mine }));
    await expect(kms(user).send(new DescribeKeyCommand({ KeyId: keys.other }))).rejects.toMatchObject(denied);
  });

  test('a bucket policy can deny every key but one, and can require TLS', async () => {
    const writer = await caller([statement(['s3:PutObject', 'kms:GenerateDataKey'], '*')]);
    const Deny = (Condition: object) => ({
      ...statement('s3:PutObject', 'arn:aws:s3:::data-acme/*', Condition, 'Deny'),
      Principal: '*',
    });
    const Policy = document(
      Deny({ StringNotEquals: { 's3:x-amz-server-side-encryption-aws-kms-key-id': keys.mine } }),
      Deny({ Bool: { 'aws:SecureTransport': 'false' } }),
    );
    await s3().send(new PutBucketPolicyCommand({ Bucket: 'data-acme', Policy }));
    await write(writer, 'data-acme', keys.mine);
    await expect(write(writer, 'data-acme', keys.other)).rejects.toMatchObject(denied);
  });
});

describe('IAM authorizes on the right resource', () => {
  test('the deletion of versions in a batch, by the permission to delete versions only', async () => {
    const Bucket = 'versions';
    await s3().send(new CreateBucketCommand({ Bucket }));
    await s3().send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
    const { VersionId } = await s3().send(new PutObjectCommand({ Bucket, Key: 'page', Body: 'hello' }));
    const credentials = await caller([statement('s3:DeleteObjectVersion', `arn:aws:s3:::${Bucket}/*`)]);
    const remove = (Objects: ObjectIdentifier[]) =>
      s3(credentials).send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    await expect(remove([{ Key: 'page' }])).rejects.toMatchObject(denied);
    await expect(remove([{ Key: 'page', VersionId }])).resolves.toMatchObject({
      Deleted: [{ Key: 'page', VersionId }],
    });
  });

  const here = () => `${emulator.region}:${emulator.accountId}`;
  let machines: Machines;
  beforeAll(async () => {
    machines = new Machines(emulator);
    await machines.prepare();
  });

  test('parameters, by the path that is read', async () => {
    const reader = await caller([statement('ssm:GetParametersByPath', `arn:aws:ssm:${here()}:parameter/cells`)]);
    const read = (Path: string) =>
      new SSMClient(access(emulator, reader)).send(new GetParametersByPathCommand({ Path }));
    await read('/cells');
    await expect(read('/other')).rejects.toMatchObject(denied);
  });

  test('a service of a cluster by its name, and the tags of a rule by the rule', async () => {
    const user = await caller([
      statement('ecs:DescribeServices', `arn:aws:ecs:${here()}:service/cell/blue`),
      statement('elasticloadbalancing:DescribeTags', `arn:aws:elasticloadbalancing:${here()}:listener-rule/app/cell/*`),
    ]);
    const ecs = new ECSClient(access(emulator, user));
    const describe = (service: string) =>
      ecs.send(new DescribeServicesCommand({ cluster: 'cell', services: [service] }));
    await expect(describe('blue')).rejects.toMatchObject({ name: 'ClusterNotFoundException' });
    await expect(describe('green')).rejects.toMatchObject(denied);
    const tasks = [`arn:aws:ecs:${here()}:task/cell/0`];
    await expect(ecs.send(new DescribeTasksCommand({ cluster: 'cell', tasks }))).rejects.toMatchObject(denied);
    const watcher = await caller([statement('ecs:DescribeTasks', `arn:aws:ecs:${here()}:task/cell/*`)]);
    const describing = new ECSClient(access(emulator, watcher)).send(
      new DescribeTasksCommand({ cluster: 'cell', tasks }),
    );
    expect((await describing).tasks).toEqual([]);
    const elb = new ElasticLoadBalancingV2Client(access(emulator, user));
    const tags = (name: string) =>
      elb.send(
        new DescribeTagsCommand({
          ResourceArns: [`arn:aws:elasticloadbalancing:${here()}:listener-rule/app/${name}/1/2/3`],
        }),
      );
    await tags('cell').catch((failure: Error) => expect(failure.name).not.toMatch(/AccessDenied/));
    await expect(tags('other')).rejects.toMatchObject(denied);
  });

  test('an alias by its key as well, with NotFound for a key that does not exist', async () => {
    const user = await caller([
      statement('kms:CreateAlias', `arn:aws:kms:${here()}:alias/mine`),
      statement(['kms:CreateAlias', 'kms:DescribeKey'], keys.mine),
    ]);
    const name = (TargetKeyId: string) =>
      kms(user).send(new CreateAliasCommand({ AliasName: 'alias/mine', TargetKeyId }));
    await expect(name(keys.other)).rejects.toMatchObject(denied);
    await name(keys.mine);
    await kms(user).send(new DescribeKeyCommand({ KeyId: 'alias/mine' }));
    const missing = kms(user).send(new DescribeKeyCommand({ KeyId: '00000000-0000-0000-0000-000000000000' }));
    await expect(missing).rejects.toMatchObject({ name: 'NotFoundException' });
  });

  test('an event, by its source and detail type', async () => {
    const only = { StringEquals: { 'events:source': 'mine', 'events:detail-type': 'Made' } };
    const publisher = await caller([statement('events:PutEvents', `arn:aws:events:${here()}:event-bus/default`, only)]);
    const put = (Source: string) =>
      new EventBridgeClient(access(emulator, publisher)).send(
        new PutEventsCommand({ Entries: [{ Source, DetailType: 'Made', Detail: '{}' }] }),
      );
    expect((await put('mine')).FailedEntryCount).toBe(0);
    await expect(put('theirs')).rejects.toMatchObject(denied);
  });

  test('a rotation, by the function that it names', async () => {
    const own = `arn:aws:lambda:${here()}:function:own`;
    const only = { ArnEquals: { 'secretsmanager:RotationLambdaARN': own } };
    const user = await caller([statement('secretsmanager:RotateSecret', '*', only)]);
    const { ARN } = await new SecretsManagerClient(access(emulator)).send(
      new CreateSecretCommand({ Name: 'rotated', SecretString: 's' }),
    );
    const rotate = (RotationLambdaARN: string | undefined) =>
      new SecretsManagerClient(access(emulator, user)).send(
        new RotateSecretCommand({ SecretId: ARN, RotationLambdaARN, RotateImmediately: false }),
      );
    for (const other of [undefined, `${own}-not`]) await expect(rotate(other)).rejects.toMatchObject(denied);
    expect(await rotate(own)).toMatchObject({ ARN });
  });

  test('the policy of a table by the table, an event bus and a rule by their names', async () => {
    const table = `arn:aws:dynamodb:${here()}:table/mine`;
    const user = await caller([
      statement('dynamodb:GetResourcePolicy', table),
      statement('events:DescribeEventBus', `arn:aws:events:${here()}:event-bus/default`),
      statement('events:ListTargetsByRule', `arn:aws:events:${here()}:rule/mine`),
    ]);
    const dynamodb = new DynamoDBClient(access(emulator, user));
    const policyOf = (ResourceArn: string) => dynamodb.send(new GetResourcePolicyCommand({ ResourceArn }));
    await expect(policyOf(table)).rejects.not.toMatchObject(denied);
    await expect(policyOf(`${table}-not`)).rejects.toMatchObject(denied);
    const events = new EventBridgeClient(access(emulator, user));
    expect((await events.send(new DescribeEventBusCommand({ Name: 'default' }))).Name).toBe('default');
    await expect(events.send(new DescribeEventBusCommand({ Name: 'theirs' }))).rejects.toMatchObject(denied);
    const targetsOf = (rule: object) => events.send(new ListTargetsByRuleCommand({ Rule: 'mine', ...rule }));
    expect((await targetsOf({})).Targets ?? []).toEqual([]);
    await expect(targetsOf({ Rule: 'theirs' })).rejects.toMatchObject(denied);
    await expect(targetsOf({ EventBusName: 'theirs' })).rejects.toMatchObject(denied);
  });

  test('items of a table by their partition keys, of a query and a transaction as well', async () => {
    const TableName = 'leading-keys';
    const root = new DynamoDBClient(access(emulator));
    await keyedTable(root, TableName);
    const Condition = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['CELL#*'] } };
    const items = ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:BatchGetItem', 'dynamodb:Scan'];
    const user = await caller([
      { Effect: 'Allow', Action: items, Resource: `arn:aws:dynamodb:${here()}:table/${TableName}`, Condition },
    ]);
    const dynamodb = new DynamoDBClient(access(emulator, user));
    const key = (pk: string) => ({ pk: { S: pk }, sk: { S: 'one' } });
    const put = (pk: string) => ({ Put: { TableName, Item: key(pk) } });
    const asked = (pk: string) => [
      new GetItemCommand({ TableName, Key: key(pk) }),
      new PutItemCommand({ TableName, Item: key(pk) }),
      new QueryCommand({
        TableName,
        KeyConditionExpression: '#p = :p AND begins_with(sk, :s)',
        ExpressionAttributeNames: { '#p': 'pk' },
        ExpressionAttributeValues: { ':p': { S: pk }, ':s': { S: 'o' } },
      }),
      new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: [key('CELL#1'), key(pk)] } } }),
      new TransactWriteItemsCommand({ TransactItems: [put('CELL#1'), put(pk)] }),
    ];
    const send = (command: object) => dynamodb.send(command as GetItemCommand);
    for (const command of asked('CELL#2')) await expect(send(command)).resolves.toBeDefined();
    for (const command of asked('TENANT#2')) await expect(send(command)).rejects.toMatchObject(denied);
    // "ForAllValues" is true where the request has no such key.
    await expect(send(new ScanCommand({ TableName }))).resolves.toBeDefined();
  });

  test('a backup plan by its id, a vault by its name', async () => {
    const place = here();
    const user = await caller([
      statement('backup:GetBackupPlan', `arn:aws:backup:${place}:backup-plan:mine`),
      statement('backup:GetBackupVaultAccessPolicy', `arn:aws:backup:${place}:backup-vault:mine`),
    ]);
    const backup = new BackupClient(access(emulator, user));
    const plan = (BackupPlanId: string) => backup.send(new GetBackupPlanCommand({ BackupPlanId }));
    const policy = (BackupVaultName: string) => backup.send(new GetBackupVaultAccessPolicyCommand({ BackupVaultName }));
    for (const asked of [plan, policy]) {
      await expect(asked('mine')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
      await expect(asked('theirs')).rejects.toMatchObject(denied);
    }
  });

  test('the web ACL before a load balancer, by the load balancer', async () => {
    const ofCell = (name: string) => `arn:aws:elasticloadbalancing:${here()}:loadbalancer/app/${name}/1`;
    const user = await caller([statement('wafv2:GetWebACLForResource', ofCell('mine'))]);
    const wafv2 = new WAFV2Client(access(emulator, user));
    const asked = (name: string) => wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: ofCell(name) }));
    expect((await asked('mine')).WebACL).toBeUndefined();
    await expect(asked('theirs')).rejects.toMatchObject(denied);
  });

  test('the answer to a task, by the state machine of the waiting execution, after its end too', async () => {
    const definition = { StartAt: 'Wait', States: { Wait: { ...machines.waiting(), End: true } } };
    const [mine, other] = [await machines.create(definition), await machines.create(definition)];
    const user = await caller([statement('states:SendTaskSuccess', mine)]);
    const answer = (taskToken: string) =>
      new SFNClient(access(emulator, user)).send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    await machines.begin(mine);
    const token = await machines.token();
    await answer(token);
    await expect(answer(token)).rejects.toMatchObject({ name: 'TaskTimedOut' });
    await machines.begin(other);
    await expect(answer(await machines.token())).rejects.toMatchObject(denied);
  });

  test('the invocation of a function by a state machine, by the machine’s role', async () => {
    const asked = (name: string) => `arn:aws:lambda:${here()}:function:${name}`;
    const invoke = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Output: 'called', End: true };
    const machine = (roleArn: string) =>
      machines.create(
        {
          StartAt: 'Call',
          States: { Call: { ...invoke, Arguments: { FunctionName: asked('scripted'), Payload: {} } } },
        },
        'STANDARD',
        roleArn,
      );
    const outcome = async (allowed: string) => {
      const name = await executionRole([statement('lambda:InvokeFunction', asked(allowed))]);
      const { status, error } = await machines.ended(await machines.begin(await machine(role(name))));
      return [status, error];
    };
    expect(await outcome('scripted')).toEqual(['SUCCEEDED', undefined]);
    expect(await outcome('other')).toEqual(['FAILED', 'Lambda.AWSLambdaException']);
  });

  test('a snapshot of a database, by its name', async () => {
    const user = await caller([statement('rds:DeleteDBSnapshot', `arn:aws:rds:${here()}:snapshot:mine-*`)]);
    const remove = (DBSnapshotIdentifier: string) =>
      new RDSClient(access(emulator, user)).send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier }));
    await expect(remove('mine-1')).rejects.toMatchObject({ name: expect.stringMatching(/NotFound/) });
    await expect(remove('other-1')).rejects.toMatchObject(denied);
  });

  test('records of a hosted zone by name, type and action, and a change by its id', async () => {
    const admin = new Route53Client(access(emulator));
    const made = await admin.send(new CreateHostedZoneCommand({ Name: 'names.example', CallerReference: 'mine' }));
    const other = await admin.send(new CreateHostedZoneCommand({ Name: 'others.example', CallerReference: 'other' }));
    const key = 'route53:ChangeResourceRecordSets';
    const user = await caller([
      statement(key, `arn:aws:route53:::${made.HostedZone?.Id?.slice(1)}`, {
        Null: { [`${key}NormalizedRecordNames`]: 'false' },
        'ForAllValues:StringLike': { [`${key}NormalizedRecordNames`]: ['*.names.example'] },
        'ForAllValues:StringEquals': { [`${key}RecordTypes`]: ['A', 'TXT'], [`${key}Actions`]: ['CREATE'] },
      }),
      statement('route53:GetChange', 'arn:aws:route53:::change/*'),
    ]);
    const client = new Route53Client(access(emulator, user));
    const change = (zone: typeof made, ...changes: [ChangeAction, string, RRType][]) =>
      client.send(
        new ChangeResourceRecordSetsCommand({
          HostedZoneId: zone.HostedZone?.Id,
          ChangeBatch: {
            Changes: changes.map(([Action, Name, Type]) => ({
              Action,
              ResourceRecordSet: {
                Name,
                Type,
                TTL: 60,
                ResourceRecords: [{ Value: Type === 'A' ? '192.0.2.1' : '"x"' }],
              },
            })),
          },
        }),
      );
    const { ChangeInfo } = await change(
      made,
      ['CREATE', 'Acme.names.example.', 'A'],
      ['CREATE', 'acme.names.example', 'TXT'],
    );
    await client.send(new GetChangeCommand({ Id: ChangeInfo?.Id }));
    await expect(change(made, ['CREATE', 'names.example', 'A'])).rejects.toMatchObject(denied);
    await expect(change(made, ['CREATE', 'a.names.example', 'NS'])).rejects.toMatchObject(denied);
    await expect(change(made, ['DELETE', 'acme.names.example', 'A'])).rejects.toMatchObject(denied);
    const mixed = change(made, ['CREATE', 'b.names.example', 'A'], ['CREATE', 'names.example', 'TXT']);
    await expect(mixed).rejects.toMatchObject(denied);
    await expect(change(other, ['CREATE', 'acme.names.example', 'A'])).rejects.toMatchObject(denied);
  });
});

describe('the use of a KMS key', () => {
  test('by S3 needs the permission of the caller to read and write an encrypted object', async () => {
    const both = [statement(['s3:PutObject', 's3:GetObject'], '*')];
    const [with_, without] = [
      await caller([
        ...both,
        statement(['kms:GenerateDataKey', 'kms:Decrypt'], keys.mine, {
          StringEquals: { 'kms:ViaService': `s3.${emulator.region}.amazonaws.com` },
        }),
      ]),
      await caller(both),
    ];
    await write(with_, 'data-globex', keys.mine);
    await expect(write(with_, 'data-globex', keys.other)).rejects.toMatchObject(denied);
    await expect(write(without, 'data-globex', keys.mine)).rejects.toMatchObject(denied);
    const sealed = new GetObjectCommand({ Bucket: 'data-globex', Key: 'sealed' });
    await s3(with_).send(sealed);
    await expect(s3(without).send(sealed)).rejects.toMatchObject(denied);
  });

  test('by RDS needs the permission of the caller to restore an encrypted snapshot', async () => {
    const rds = (credentials = ROOT) => new RDSClient(access(emulator, credentials));
    const snapshot = { DBSnapshotIdentifier: 'of-encrypted' };
    await rds().send(
      new CreateDBInstanceCommand({
        ...{
          DBInstanceIdentifier: 'encrypted',
          Engine: 'postgres',
          DBInstanceClass: 'db.t4g.micro',
          AllocatedStorage: 20,
        },
        ...{
          MasterUsername: 'postgres',
          MasterUserPassword: 'not-a-secret',
          StorageEncrypted: true,
          KmsKeyId: keys.mine,
        },
      }),
    );
    await rds().send(new CreateDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier: 'encrypted' }));
    const mayRestore = statement('rds:RestoreDBInstanceFromDBSnapshot', '*');
    const through = (service: string, ...actions: string[]) =>
      statement(actions, keys.mine, {
        StringEquals: { 'kms:ViaService': `${service}.${emulator.region}.amazonaws.com` },
      });
    const restore = async (name: string, ...statements: object[]) =>
      rds(await caller([mayRestore, ...statements])).send(
        new RestoreDBInstanceFromDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier: name }),
      );
    await expect(restore('no-key')).rejects.toMatchObject(denied);
    await expect(restore('no-grant', through('rds', 'kms:Decrypt'))).rejects.toMatchObject(denied);
    await expect(restore('by-s3', through('s3', 'kms:CreateGrant', 'kms:Decrypt'))).rejects.toMatchObject(denied);
    await restore('restored', through('rds', 'kms:CreateGrant', 'kms:Decrypt'));
  });

  test('by DynamoDB needs the permission of the caller to read and write an item of an encrypted table', async () => {
    await launch(emulator, 'tables', {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'under-a-key',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: keys.mine },
        },
      },
    });
    const reading = statement(
      'dynamodb:GetItem',
      `arn:aws:dynamodb:${emulator.region}:${emulator.accountId}:table/under-a-key`,
    );
    const via = (service: string) => ({
      StringEquals: { 'kms:ViaService': `${service}.${emulator.region}.amazonaws.com` },
    });
    const read = async (user: Credentials) =>
      await new DynamoDBClient(access(emulator, user)).send(
        new GetItemCommand({ TableName: 'under-a-key', Key: { pk: { S: 'x' } } }),
      );
    const user = await caller([reading, statement('kms:Decrypt', keys.mine, via('dynamodb'))]);
    await read(user);
    await read(user);
    await expect(read(await caller([reading]))).rejects.toMatchObject(denied);
    await expect(read(await caller([reading, statement('kms:Decrypt', keys.mine, via('s3'))]))).rejects.toMatchObject(
      denied,
    );
  });

  test('a Deny in the policy of a table overrides every permission of the caller', async () => {
    const [one, other] = [
      await caller([statement('dynamodb:PutItem', '*')]),
      await caller([statement('dynamodb:PutItem', '*')]),
    ];
    const { Arn = '' } = await new STSClient(access(emulator, one)).send(new GetCallerIdentityCommand({}));
    // `aws:PrincipalArn` of a session is the ARN of its role.
    const role = `arn:aws:iam::${emulator.accountId}:role/${Arn.split('/')[1]}`;
    const deny = (Action: string, Condition = {}) => ({
      Effect: 'Deny',
      Principal: '*',
      Action,
      Resource: '*',
      Condition,
    });
    await launch(emulator, 'append-only', {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          TableName: 'append-only',
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          ResourcePolicy: {
            PolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                deny('dynamodb:DeleteItem'),
                deny('dynamodb:PutItem', { ArnNotEquals: { 'aws:PrincipalArn': role } }),
              ],
            },
          },
        },
      },
    });
    const at = { TableName: 'append-only' };
    const put = (user: Credentials) =>
      new DynamoDBClient(access(emulator, user)).send(new PutItemCommand({ ...at, Item: { pk: { S: 'x' } } }));
    await put(one);
    await expect(put(other)).rejects.toMatchObject(denied);
    const deleting = await caller([statement('dynamodb:DeleteItem', '*')]);
    const removal = new DeleteItemCommand({ ...at, Key: { pk: { S: 'x' } } });
    await expect(new DynamoDBClient(access(emulator, deleting)).send(removal)).rejects.toMatchObject(denied);
  });

  test('an encrypted secret needs the permission of the caller to use the key for this secret', async () => {
    const { ARN } = await secrets().send(
      new CreateSecretCommand({ Name: 'sealed', SecretString: 's', KmsKeyId: keys.mine }),
    );
    const both = [statement(['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], '*')];
    const context = (arn: string | undefined) => ({ StringEquals: { 'kms:EncryptionContext:SecretARN': arn } });
    const use = (arn: string | undefined) => statement(['kms:Decrypt', 'kms:GenerateDataKey'], keys.mine, context(arn));
    const user = await caller([...both, use(ARN)]);
    await secrets(user).send(new GetSecretValueCommand({ SecretId: 'sealed' }));
    await secrets(user).send(new PutSecretValueCommand({ SecretId: 'sealed', SecretString: 't' }));
    for (const other of [await caller(both), await caller([...both, use(`${ARN}-other`)])]) {
      const reading = secrets(other).send(new GetSecretValueCommand({ SecretId: 'sealed' }));
      await expect(reading).rejects.toMatchObject(denied);
    }
  });
});
