import {
  AuthorizeSecurityGroupIngressCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import {
  CreateRuleCommand,
  DeleteRuleCommand,
  ElasticLoadBalancingV2Client,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { AttachRolePolicyCommand, DetachRolePolicyCommand, GetRolePolicyCommand, IAMClient } from '@aws-sdk/client-iam';
import { CreateGrantCommand, KMSClient, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { GetFunctionConfigurationCommand, LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import {
  CreateDBSnapshotCommand,
  DeleteDBSnapshotCommand,
  ModifyDBSnapshotAttributeCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import {
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  DeleteResourcePolicyCommand,
  PutResourcePolicyCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { PROBE_PREFIX, tenantIdOf } from '../../functions/contract/naming';
import { PublishedTemplatesSchema } from '../../functions/contract/stacks';
import { CATALOGUE } from '../../functions/steps/verify-isolation/catalogue';
import { type SourceClients, sourceClients, sourcesOf } from '../../functions/steps/verify-isolation/sources';
import type { Subject } from '../../functions/steps/verify-isolation/subject';
import { verify } from '../../functions/steps/verify-isolation/verify';
import { follow } from '../../local/executions';
import { inventoryOf } from '../../local/inventory';
import { requestPage } from '../../local/page';
import { type Platform, startPlatform } from '../../local/platform';
import { newSignup } from '../../local/signups';
import { localConnection } from '../../local/stage-connection';
import { asVerifier, subjectOfRun, VERIFIER } from '../support/verified-tenant';

let platform: Platform;
let subject: Subject;
let clients: SourceClients;
const calls: string[] = [];

const root = <C>(Client: new (config: Platform['aws'] & { forcePathStyle: true }) => C) =>
  new Client({ ...platform.aws, forcePathStyle: true });

async function onboard(subdomain: string) {
  const signup = newSignup({ companyName: subdomain, subdomain });
  const machines = root(SFNClient);
  const { executionArn = '' } = await machines.send(
    new StartExecutionCommand({ stateMachineArn: platform.outputs.stateMachineArn, input: JSON.stringify(signup) }),
  );
  return { tenantId: tenantIdOf(signup.signupId), run: await follow(machines, executionArn) };
}

type Send = (args: object) => Promise<object>;
interface Observable {
  readonly middlewareStack: {
    add(note: (next: Send, context: { commandName?: string }) => Send, options: { step: 'initialize' }): void;
  };
}

/** Notes every call that the platform's own role makes; the tenants' roles have their own clients. */
function noteCalls({ session: _, ...byService }: SourceClients): void {
  for (const [service, client] of Object.entries(byService)) {
    (client as unknown as Observable).middlewareStack.add(
      (next, context) => (args) => {
        calls.push(`${service} ${context.commandName?.replace(/Command$/, '')}`);
        return next(args);
      },
      { step: 'initialize' },
    );
  }
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
  platform = await startPlatform();
  const { run } = await onboard('acme');
  expect(run).toMatchObject({ status: 'SUCCEEDED', failure: undefined });
  subject = await subjectOfRun(platform, run.executionArn);
  const { endpoint, region } = platform.aws;
  clients = sourceClients({ endpoint, region, credentials: await asVerifier(platform) });
  noteCalls(clients);
}, 300_000);
afterAll(() => platform?.stop());

test('an ACTIVE tenant passes every check, by the role and the code that verified it before its first request', async () => {
  expect(await breaches()).toEqual([]);
}, 60_000);

test('probes leave nothing behind, neither at the tenant nor at the decoy', async () => {
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
}, 60_000);

/** By what IAM calls what the SDK calls otherwise. */
const IAM_ACTIONS: Readonly<Record<string, readonly string[]>> = {
  's3:GetBucketEncryption': ['s3:GetEncryptionConfiguration'],
  's3:GetBucketReplication': ['s3:GetReplicationConfiguration'],
  's3:GetPublicAccessBlock': ['s3:GetBucketPublicAccessBlock'],
  's3:DeleteObject': ['s3:DeleteObjectVersion'],
  'sts:AssumeRole': ['sts:AssumeRole', 'sts:TagSession'],
};
const PREFIXES: Readonly<Record<string, string>> = { elb: 'elasticloadbalancing', secrets: 'secretsmanager' };

test('the role is granted exactly the calls that the checks make', async () => {
  const database = { DBInstanceIdentifier: subject.stacks.database.outputs.InstanceId };
  const snapshot = { DBSnapshotIdentifier: 'before-release' };
  await root(RDSClient).send(new CreateDBSnapshotCommand({ ...database, ...snapshot }));
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
  // The step's own: the record, the evidence, logs and traces.
  const ofTheStep = ['dynamodb:UpdateItem', 'kms:GenerateDataKey', 's3:PutObject', 's3:PutObjectRetention'].concat(
    granted.filter((action) => /^(xray:|logs:(Create|Put))/.test(action)),
  );
  expect(new Set(granted.filter((action) => !ofTheStep.includes(action)))).toEqual(new Set(made));
}, 60_000);

test('the number of calls does not depend on the number of tenants', async () => {
  const counted = async () => {
    calls.length = 0;
    expect(await breaches()).toEqual([]);
    return [...calls].sort();
  };
  const alone = await counted();
  expect((await onboard('neighbour')).run.status).toBe('SUCCEEDED');
  expect(await counted()).toEqual(alone);
}, 120_000);

/** One sabotage per group of checks, by AWS's own requests; what it does is undone by what it returns. */
const SABOTAGES: readonly (readonly [
  check: string,
  evidence: RegExp,
  sabotage: () => Promise<() => Promise<unknown>>,
])[] = [
  [
    'key.grants',
    /lets .*decoy-or-so Decrypt/,
    async () => {
      const kms = root(KMSClient);
      const KeyId = subject.key.keyArn;
      const GranteePrincipal = `arn:aws:iam::${subject.accountId}:role/decoy-or-so`;
      const { GrantId } = await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ['Decrypt'] }));
      return () => kms.send(new RevokeGrantCommand({ KeyId, GrantId }));
    },
  ],
  [
    'database.snapshots',
    /taken is shared with 999999999999/,
    async () => {
      const rds = root(RDSClient);
      const DBInstanceIdentifier = subject.stacks.database.outputs.InstanceId;
      const snapshot = { DBSnapshotIdentifier: 'taken' };
      await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, ...snapshot }));
      const ValuesToAdd = ['999999999999'];
      await rds.send(new ModifyDBSnapshotAttributeCommand({ ...snapshot, AttributeName: 'restore', ValuesToAdd }));
      return () => rds.send(new DeleteDBSnapshotCommand(snapshot));
    },
  ],
  [
    'database.door',
    /0\.0\.0\.0\/0 on tcp 5432 must not be there/,
    async () => {
      const ec2 = root(EC2Client);
      const GroupId = subject.stacks.network.outputs.DatabaseSecurityGroupId;
      const rule = { GroupId, IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, CidrIp: '0.0.0.0/0' };
      await ec2.send(new AuthorizeSecurityGroupIngressCommand(rule));
      return () => ec2.send(new RevokeSecurityGroupIngressCommand(rule));
    },
  ],
  [
    'storage.role-only',
    /other principals/,
    async () => {
      const s3 = root(S3Client);
      const Bucket = subject.stacks.storage.outputs.BucketName;
      const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
      await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
      return () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    },
  ],
  [
    'secrets.policy',
    /lets AWS:.*:root in/,
    async () => {
      const secrets = root(SecretsManagerClient);
      const SecretId = subject.stacks.database.outputs.SecretArn;
      const Principal = { AWS: 'arn:aws:iam::999999999999:root' };
      const statement = { Effect: 'Allow', Principal, Action: 'secretsmanager:GetSecretValue', Resource: '*' };
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
      return () => secrets.send(new DeleteResourcePolicyCommand({ SecretId }));
    },
  ],
  [
    'identity.attached-policies',
    /AdministratorAccess is attached/,
    async () => {
      const iam = root(IAMClient);
      const RoleName = subject.stacks.access.outputs.RoleName;
      const attachment = { RoleName, PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' };
      await iam.send(new AttachRolePolicyCommand(attachment));
      return () => iam.send(new DetachRolePolicyCommand(attachment));
    },
  ],
  [
    'routing.only-rule',
    /of priority 7 takes them too/,
    async () => {
      const elb = root(ElasticLoadBalancingV2Client);
      const { listenerArn, targetGroupArns } = subject.cell;
      const { Rules } = await elb.send(
        new CreateRuleCommand({
          ListenerArn: listenerArn,
          Priority: 7,
          Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [subject.tenant.host] } }],
          Actions: [{ Type: 'forward', TargetGroupArn: targetGroupArns.green }],
        }),
      );
      return () => elb.send(new DeleteRuleCommand({ RuleArn: Rules?.[0]?.RuleArn }));
    },
  ],
];

test.each(SABOTAGES)(
  '%s finds a sabotage, says its cause, and is content when it is mended',
  async (id, cause, sabotage) => {
    const mend = await sabotage();
    const found = await breaches(id);
    await mend();
    expect(found).toEqual([[id, expect.stringMatching(cause)]]);
    expect(await breaches()).toEqual([]);
  },
  60_000,
);

describe('with a storage template that somebody tampered with', () => {
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

  test('an onboarding fails by the check that is meant for it, is undone, and never had a route', async () => {
    const { tenantId, run } = await onboard('tampered');
    expect(run).toMatchObject({ status: 'FAILED', failure: { error: 'IsolationBreach' } });
    expect(run.failure?.reason).toMatch(
      /2 of \d+ isolation checks failed: storage\.role-only \(.*other principals.*identity\.sole-access \(/,
    );
    expect(run.visits.map(({ state }) => state)).not.toContain('ActivateTenant');
    const left = await inventoryOf(localConnection(platform.outputs), tenantId);
    expect(left).toMatchObject({
      stacks: [],
      keyState: undefined,
      record: { status: 'FAILED', failure: { step: 'VerifyIsolation', outcome: 'rolled-back' } },
    });
    const { loadBalancerUrl, domain } = platform.outputs;
    expect((await requestPage(loadBalancerUrl, `tampered.${domain}`)).status).toBe(404);
  }, 120_000);
});
