import { createHash } from 'node:crypto';
import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { ConcludeAuditInput } from '../../functions/contract/audit';
import { evidencePage } from '../../functions/isolation/evidence-page';
import { EvidenceSchema } from '../../functions/isolation/evidence-report';
import { tenantCalled } from '../../functions/tenants/tenant-lookup';
import { requestPage } from '../../local/page';
import type { Platform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection, type StageConnection } from '../../operations/stage-connection';
import { eventually } from '../support/running-stage';
import { startUnscheduled } from '../support/unscheduled-platform';

let platform: Platform;
let stage: StageConnection;
let client: StageClient;
let s3: S3Client;
let onboarding: string;

beforeAll(async () => {
  platform = await startUnscheduled();
  stage = localConnection(platform.outputs);
  client = new StageClient(stage);
  s3 = new S3Client({ ...platform.aws, forcePathStyle: true });
  const signups = new Signups(stage);
  const [acme] = await Promise.all(
    ['acme', 'globex'].map((subdomain) => signups.onboardWell(newSignup({ companyName: subdomain, subdomain }))),
  );
  onboarding = acme?.executionArn ?? '';
});
afterAll(() => platform?.stop());

const recordOf = (subdomain: string) => tenantCalled(client.table, subdomain);
const statusOf = async (subdomain: string) =>
  (await requestPage(platform.outputs.loadBalancerUrl, `${subdomain}.${stage.domain}`)).status;

/** A listener rule is changed on all nodes of the load balancer a while after the request. */
const answers = (subdomain: string, status: number) =>
  eventually(`${subdomain} answers ${status}`, async () => (await statusOf(subdomain)) === status || undefined);

async function stored(Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: stage.evidenceBucketName, Key }));
  return (await Body?.transformToString()) ?? '';
}

async function reportsOf(tenantId: string): Promise<string[]> {
  const { Contents = [] } = await s3.send(
    new ListObjectsV2Command({ Bucket: stage.evidenceBucketName, Prefix: `tenants/${tenantId}/` }),
  );
  return Contents.map(({ Key = '' }) => Key);
}

async function audit(input: object = {}): Promise<z.output<typeof ConcludeAuditInput>> {
  const { output, ...run } = await client.follow(await client.start(input, { stateMachineArn: stage.auditMachineArn }));
  expect(run).toMatchObject({ status: 'SUCCEEDED' });
  return output as z.output<typeof ConcludeAuditInput>;
}

/** Opens the tenant's bucket to whoever holds some other key, and closes it again as it was. */
async function withoutBucketPolicy(bucketName: string, act: () => Promise<void>): Promise<void> {
  const { Policy } = await s3.send(new GetBucketPolicyCommand({ Bucket: bucketName }));
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: bucketName }));
  try {
    await act();
  } finally {
    await s3.send(new PutBucketPolicyCommand({ Bucket: bucketName, Policy }));
  }
}

test('an onboarding stores a report: locked, readable as a page, with its digest on the tenant’s record', async () => {
  const { tenantId, verification } = await recordOf('acme');
  // A verification that was tried again has stored a report each time: the record names the one that counts.
  const json = verification?.report ?? '';
  const html = json.replace(/json$/, 'html');
  expect(await reportsOf(tenantId)).toEqual(expect.arrayContaining([html, json]));
  const text = await stored(json);
  const digest = createHash('sha256').update(text).digest('hex');
  expect(verification).toMatchObject({ digest });
  const evidence = EvidenceSchema.parse(JSON.parse(text));
  expect(evidence).toMatchObject({ tenantId, passed: true, routed: false, verifiedBy: onboarding });
  expect(evidence.codeVersion).toMatch(/^\d+\.\d+\.\d+\+[0-9a-f]{12}$/);
  expect(await stored(html)).toBe(evidencePage(evidence, digest));
  const Bucket = stage.evidenceBucketName;
  const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, Key: json }));
  expect(Retention?.Mode).toBe('GOVERNANCE');
  const { VersionId } = await s3.send(new GetObjectCommand({ Bucket, Key: json }));
  await expect(s3.send(new DeleteObjectCommand({ Bucket, Key: json, VersionId }))).rejects.toThrow();
});

test('an operator can verify a tenant in service at any time, by any of its names', async () => {
  const { subdomain, tenantId, signupId } = await recordOf('acme');
  for (const name of [subdomain, tenantId, signupId]) {
    const verification = await client.verify(name);
    expect(verification).toMatchObject({ verdict: 'isolated', tenantId, failed: [] });
    if (verification.verdict === 'skipped') throw new Error('skipped');
    expect(verification.evidence).toMatchObject({ routed: true, verifiedBy: expect.stringMatching(/^arn:aws:/) });
    const record = await recordOf('acme');
    expect(record.verification).toMatchObject({ digest: verification.digest, report: verification.report });
    const text = await stored(verification.report);
    expect(createHash('sha256').update(text).digest('hex')).toBe(verification.digest);
  }
  await expect(client.verify('nobody')).rejects.toThrow(/InvalidRequest.*nobody/);
});

test('an audit finds healthy tenants isolated', async () => {
  expect(await audit()).toEqual({ isolated: 2, drifted: 0, unverified: 0, skipped: 0 });
});

const AlertSchema = z.object({ Subject: z.string(), Message: z.string() });
let queueUrl: string | undefined;
let sqs: SQSClient;

beforeAll(async () => {
  sqs = new SQSClient(platform.aws);
  ({ QueueUrl: queueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'operators' })));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'sns.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: Attributes?.QueueArn,
        Condition: { ArnEquals: { 'aws:SourceArn': platform.outputs.alarmTopicArn } },
      },
    ],
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes: { Policy } }));
  await new SNSClient(platform.aws).send(
    new SubscribeCommand({
      TopicArn: platform.outputs.alarmTopicArn,
      Protocol: 'sqs',
      Endpoint: Attributes?.QueueArn,
      ReturnSubscriptionArn: true,
    }),
  );
});

/** What the operators are told, once they are. SQS shows a message again that nobody deletes. */
const alerts = () =>
  eventually('a message to the operators', async () => {
    const QueueUrl = queueUrl;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    return Messages.length > 0 ? Messages.map(({ Body = '{}' }) => AlertSchema.parse(JSON.parse(Body))) : undefined;
  });

describe('a tenant that has drifted', () => {
  test('is reported with its failed checks, and stays in service', async () => {
    const { bucketName = '', tenantId } = await recordOf('acme');
    await withoutBucketPolicy(bucketName, async () => {
      expect(await audit()).toEqual({ isolated: 1, drifted: 1, unverified: 0, skipped: 0 });
    });
    const told = await alerts();
    expect(told).toHaveLength(1);
    expect(told[0]?.Subject).toContain(`acme.${stage.domain}`);
    for (const said of [tenantId, 'storage.', 'docs/runbook.md#tenant-drifted', 'nothing was changed'])
      expect(told[0]?.Message).toContain(said);
    await answers('acme', 200);
    const record = await recordOf('acme');
    expect(record).toMatchObject({
      status: 'ACTIVE',
      verification: { failed: expect.arrayContaining(['storage.tls']) },
    });
    expect(EvidenceSchema.parse(JSON.parse(await stored(record.verification?.report ?? '')))).toMatchObject({
      passed: false,
    });
  });

  test('is suspended if the stage says so, and is resumed only after the repair', async () => {
    const { bucketName = '' } = await recordOf('acme');
    await withoutBucketPolicy(bucketName, async () => {
      expect(await audit({ onBreach: 'suspend' })).toEqual({ isolated: 1, drifted: 1, unverified: 0, skipped: 0 });
      await answers('acme', 503);
      await answers('globex', 200);
      expect((await alerts())[0]?.Message).toContain('its route answers 503');
      expect(await client.verify('acme')).toMatchObject({ verdict: 'drifted', status: 'SUSPENDED' });
      await expect(client.resume('acme')).rejects.toThrow(/IsolationBreach.*stays suspended/);
    });
    // It is suspended, and holds data all the same.
    expect(await audit()).toEqual({ isolated: 2, drifted: 0, unverified: 0, skipped: 0 });
    expect(await client.verify('acme')).toMatchObject({ verdict: 'isolated', status: 'SUSPENDED' });
    await client.resume('acme');
    await answers('acme', 200);
    expect(await recordOf('acme')).toMatchObject({ status: 'ACTIVE' });
    expect(await client.verify('acme')).toMatchObject({ verdict: 'isolated', status: 'ACTIVE' });
  });
});

test('one cause that fails every tenant suspends none, and is reported once', async () => {
  const [acme, globex] = await Promise.all([recordOf('acme'), recordOf('globex')]);
  await withoutBucketPolicy(acme.bucketName ?? '', () =>
    withoutBucketPolicy(globex.bucketName ?? '', async () => {
      expect(await audit({ onBreach: 'suspend' })).toEqual({ isolated: 0, drifted: 2, unverified: 0, skipped: 0 });
    }),
  );
  await answers('acme', 200);
  await answers('globex', 200);
  expect([(await recordOf('acme')).status, (await recordOf('globex')).status]).toEqual(['ACTIVE', 'ACTIVE']);
  const told = await alerts();
  expect(told.map(({ Subject }) => Subject)).toEqual(['Many tenants fail for one cause: 2 tenants']);
  expect(told[0]?.Message).toContain('2 tenants would have been suspended, and none was');
});

test('an operator suspends and resumes a tenant by hand', async () => {
  await client.suspend('globex', 'a test');
  await answers('globex', 503);
  expect(await client.verify('globex')).toMatchObject({ verdict: 'isolated', status: 'SUSPENDED' });
  await client.resume('globex');
  await answers('globex', 200);
});
