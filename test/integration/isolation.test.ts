import { randomUUID } from 'node:crypto';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GetRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import {
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { Client } from 'pg';
import { askedPatience } from '../../emulator/emulator';
import { DATABASE_MASTER, DATABASE_NAME, PROBE_PREFIX, tenantIdOf } from '../../functions/contract/naming';
import { PublishedTemplatesSchema } from '../../functions/contract/stacks';
import { CATALOGUE } from '../../functions/isolation/catalogue';
import { findAlarms } from '../../functions/isolation/facts/find-alarms';
import { type SourceClients, sourceClients, sourcesOf } from '../../functions/isolation/sources';
import type { Subject } from '../../functions/isolation/subject';
import { verify } from '../../functions/isolation/verify';
import { codeOf } from '../../functions/shared/error-code';
import { inventoryOf } from '../../local/inventory';
import { requestPage } from '../../local/page';
import type { Platform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import { localConnection } from '../../operations/stage-connection';
import { asVerifier, subjectOfRun, VERIFIER } from '../sabotage/verified-tenant';
import { eventually } from '../support/running-stage';
import { startUnscheduled } from '../support/unscheduled-platform';

let platform: Platform;
let subject: Subject;
let credentials: Awaited<ReturnType<typeof asVerifier>>;
let clients: SourceClients;
const calls: string[] = [];

const root = <C>(Client: new (config: Platform['aws'] & { forcePathStyle: true }) => C) =>
  new Client({ ...platform.aws, forcePathStyle: true });

async function onboard(subdomain: string) {
  const signup = newSignup({ companyName: subdomain, subdomain });
  const run = await new Signups(localConnection(platform.outputs)).onboard(signup);
  return { tenantId: tenantIdOf(signup.signupId), run };
}

type Send = (args: object) => Promise<object>;
interface Observable {
  readonly middlewareStack: {
    add(note: (next: Send, context: { commandName?: string }) => Send, options: { step: 'initialize' }): void;
  };
}

/** Notes every call that the platform's own role makes; the tenants' roles have their own clients. */
function noteCalls(byService: object): void {
  for (const [service, client] of Object.entries(byService)) {
    (client as Observable).middlewareStack.add(
      (next, context) => (args) => {
        calls.push(`${service} ${context.commandName?.replace(/Command$/, '')}`);
        return next(args);
      },
      { step: 'initialize' },
    );
  }
}

/** Clients of a function that was just started: it has read nothing yet. */
function freshClients(): SourceClients {
  const { endpoint, region } = platform.aws;
  const fresh = sourceClients({ endpoint, region, credentials });
  const cloudwatch = new CloudWatchClient({ endpoint, region, credentials });
  noteCalls({ ...fresh, cloudwatch });
  return { ...fresh, findAlarms: findAlarms(cloudwatch) };
}

const verified = (group = '') =>
  verify(
    subject,
    sourcesOf(clients, subject),
    () => new Date(),
    CATALOGUE.filter(({ id }) => id.startsWith(group)),
  );
const breaches = async (group?: string) => {
  const { checks } = await verified(group);
  return checks.filter(({ passed }) => !passed).map(({ id, evidence }) => [id, evidence]);
};

beforeAll(async () => {
  platform = await startUnscheduled();
  const { run } = await onboard('acme');
  expect(run).toMatchObject({ status: 'SUCCEEDED', failure: undefined });
  subject = await subjectOfRun(platform, run.executionArn);
  // By a stack of this test's own, which nobody would launch again.
  await platform.emulator.setPatience(0);
  credentials = await asVerifier(platform);
  await platform.emulator.setPatience(askedPatience());
  clients = freshClients();
});
afterAll(() => platform?.stop());

test('an ACTIVE tenant passes every check, with the role and the code that verified it before its first request', async () => {
  expect(await breaches()).toEqual([]);
});

test('the master password is rotated when the database is prepared: the earlier one opens nothing', async () => {
  const { SecretArn: SecretId, EndpointAddress: host, EndpointPort } = subject.stacks.database.outputs;
  const secrets = root(SecretsManagerClient);
  await eventually('the end of the rotation', async () => {
    const { LastRotatedDate } = await secrets.send(new DescribeSecretCommand({ SecretId }));
    return LastRotatedDate;
  });
  const ca = await platform.emulator.databaseCertificates();
  const logIn = async (VersionStage: string) => {
    const { SecretString = '' } = await secrets.send(new GetSecretValueCommand({ SecretId, VersionStage }));
    const { username: user, password, ...rest } = JSON.parse(SecretString);
    expect(rest).toMatchObject({ host, engine: 'postgres' });
    const login = { host, port: Number(EndpointPort), user, password, database: DATABASE_NAME, ssl: { ca } };
    const client = new Client(login);
    const outcome = await client.connect().then(() => 'accepted', codeOf);
    await client.end();
    return outcome;
  };
  expect([await logIn('AWSCURRENT'), await logIn('AWSPREVIOUS')]).toEqual(['accepted', '28P01']);
  clients = freshClients();
  expect(await breaches()).toEqual([]);
});

test('probes leave no object at the tenant or the decoy', async () => {
  const versions = async (Bucket: string) => {
    const { Versions = [], DeleteMarkers = [] } = await root(S3Client).send(new ListObjectVersionsCommand({ Bucket }));
    return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => `${Key} ${VersionId}`);
  };
  const buckets = [subject.stacks.storage.outputs.BucketName, subject.cell.decoy.bucketName];
  const before = await Promise.all(buckets.map(versions));
  await verified('probes.');
  expect(await Promise.all(buckets.map(versions))).toEqual(before);
  expect(before.flat().filter((each) => each.startsWith(PROBE_PREFIX))).toEqual([]);
  expect(before[0]).toHaveLength(1);
});

/** By what IAM calls what the SDK calls otherwise. */
const IAM_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  's3:GetBucketCors': ['s3:GetBucketCORS'],
  's3:GetBucketEncryption': ['s3:GetEncryptionConfiguration'],
  's3:GetBucketLifecycleConfiguration': ['s3:GetLifecycleConfiguration'],
  's3:GetBucketNotificationConfiguration': ['s3:GetBucketNotification'],
  's3:GetObjectLockConfiguration': ['s3:GetBucketObjectLockConfiguration'],
  's3:ListBuckets': ['s3:ListAllMyBuckets'],
  's3:GetBucketReplication': ['s3:GetReplicationConfiguration'],
  's3:ListBucketAnalyticsConfigurations': ['s3:GetAnalyticsConfiguration'],
  's3:ListBucketIntelligentTieringConfigurations': ['s3:GetIntelligentTieringConfiguration'],
  's3:ListBucketInventoryConfigurations': ['s3:GetInventoryConfiguration'],
  's3:GetPublicAccessBlock': ['s3:GetBucketPublicAccessBlock'],
  's3:DeleteObject': ['s3:DeleteObjectVersion'],
  'lambda:Invoke': ['lambda:InvokeFunction'],
  'sts:AssumeRole': ['sts:AssumeRole', 'sts:TagSession'],
};
const PREFIXES: Readonly<Record<string, string>> = {
  elb: 'elasticloadbalancing',
  secrets: 'secretsmanager',
  tagging: 'tag',
};

describe('counted', () => {
  // A call that is made again for a delay, or because it was refused in passing, would count.
  beforeAll(async () => {
    await platform.emulator.setPatience(0);
    await platform.emulator.settle();
  });
  afterAll(() => platform.emulator.setPatience(askedPatience()));

  test('the role has exactly the permissions for the calls that the checks make', async () => {
    const database = { DBInstanceIdentifier: subject.stacks.database.outputs.InstanceId };
    const snapshot = { DBSnapshotIdentifier: 'before-release' };
    await root(RDSClient).send(new CreateDBSnapshotCommand({ ...database, ...snapshot }));
    // As the runbook rotates the master password.
    const MasterUserPassword = randomUUID();
    const SecretString = JSON.stringify({ username: DATABASE_MASTER, password: MasterUserPassword });
    await root(SecretsManagerClient).send(
      new PutSecretValueCommand({ SecretId: subject.stacks.database.outputs.SecretArn, SecretString }),
    );
    await root(RDSClient).send(
      new ModifyDBInstanceCommand({ ...database, MasterUserPassword, ApplyImmediately: true }),
    );
    await eventually('the new master password', async () => {
      const { DBInstances } = await root(RDSClient).send(new DescribeDBInstancesCommand(database));
      return DBInstances?.[0]?.DBInstanceStatus === 'available' || undefined;
    });
    clients = freshClients();
    calls.length = 0;
    expect(await breaches()).toEqual([]);
    await root(RDSClient).send(new DeleteDBSnapshotCommand(snapshot));
    const made = calls
      .map((call) => call.split(' '))
      .flatMap(([service = '', action]) => {
        const name = `${PREFIXES[service] ?? service}:${action}`;
        return IAM_ACTIONS[name] ?? [name];
      });
    const { PolicyDocument = '' } = await root(IAMClient).send(
      new GetRolePolicyCommand({ RoleName: VERIFIER, PolicyName: 'Grants' }),
    );
    const statements: { Action: string | string[]; Resource: unknown }[] = JSON.parse(
      decodeURIComponent(PolicyDocument),
    ).Statement;
    const granted = statements.flatMap(({ Action }) => Action);
    // The action's own: the cell and its live colour, the record (the checks read the route item), the evidence, logs and traces.
    const ofTheStep = [
      'dynamodb:BatchGetItem',
      'dynamodb:GetItem',
      'dynamodb:UpdateItem',
      'kms:GenerateDataKey',
      's3:PutObject',
      's3:PutObjectRetention',
      'ssm:GetParametersByPath',
    ].concat(granted.filter((action) => /^(xray:|logs:(Create|Put))/.test(action)));
    const ofTheChecks = (actions: string[]) => new Set(actions.filter((action) => !ofTheStep.includes(action)));
    expect(ofTheChecks(granted)).toEqual(ofTheChecks(made));
  });

  test('the number of calls does not depend on the number of tenants', async () => {
    const counted = async () => {
      calls.length = 0;
      expect(await breaches()).toEqual([]);
      return [...calls].sort();
    };
    const alone = await counted();
    expect((await onboard('neighbour')).run.status).toBe('SUCCEEDED');
    expect(await counted()).toEqual(alone);
  });
});

describe('with a tampered storage template', () => {
  let object: { Bucket: string; Key: string };
  let text: string;

  beforeAll(async () => {
    const url = new URL((await storageTemplateUrl()) ?? '');
    const [Bucket = '', ...key] = url.pathname.slice(1).split('/');
    object = { Bucket, Key: key.join('/') };
    const { Body } = await root(S3Client).send(new GetObjectCommand(object));
    text = (await Body?.transformToString()) ?? '';
    const template = JSON.parse(text);
    const statements: { Sid: string }[] = template.Resources.BucketPolicy.Properties.PolicyDocument.Statement;
    template.Resources.BucketPolicy.Properties.PolicyDocument.Statement = statements.filter(
      ({ Sid }) => Sid !== 'DataForTheTenantsRoleOnly',
    );
    await root(S3Client).send(new PutObjectCommand({ ...object, Body: JSON.stringify(template) }));
  });
  afterAll(() => root(S3Client).send(new PutObjectCommand({ ...object, Body: text })));

  async function storageTemplateUrl() {
    const lambda = root(LambdaClient);
    for await (const { Functions = [] } of paginateListFunctions({ client: lambda }, {})) {
      const found = Functions.find(({ Role }) => Role?.endsWith('/tenant-onboarding-LaunchStack'));
      if (!found) continue;
      const { FunctionName } = found;
      const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      const templates = JSON.parse(Environment?.Variables?.STACK_TEMPLATES ?? '');
      return PublishedTemplatesSchema.parse(templates).storage.url;
    }
    throw new Error('LaunchStack is not deployed');
  }

  test('an onboarding fails by the check for this breach, is undone, and never had an open route', async () => {
    const { tenantId, run } = await onboard('tampered');
    expect(run).toMatchObject({ status: 'FAILED', failure: { error: 'IsolationBreach' } });
    expect(run.failure?.reason).toMatch(
      /3 of \d+ isolation checks failed: storage\.role-only \(.*other principals.*identity\.sole-access \(.*stacks\.template \(/,
    );
    expect(run.visits.map(({ state }) => state)).not.toContain('ActivateTenant');
    await platform.emulator.settle();
    const left = await inventoryOf(localConnection(platform.outputs), tenantId);
    expect(left).toMatchObject({
      stacks: [],
      keyState: undefined,
      record: { status: 'FAILED', failure: { step: 'VerifyIsolation', outcome: 'rolled-back' } },
    });
    const { loadBalancerUrl, domain } = platform.outputs;
    expect((await requestPage(loadBalancerUrl, `tampered.${domain}`)).status).toBe(404);
  });
});
