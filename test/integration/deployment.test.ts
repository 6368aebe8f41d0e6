import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import { DescribeServicesCommand, ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { SSMClient } from '@aws-sdk/client-ssm';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { everyItem } from '../../functions/shared/paging';
import { describeStack } from '../../functions/stacks/stacks';
import { CONTROL_PLANE, cellStackName, FOUNDATION } from '../../infra/config/stack-names';
import { stages } from '../../infra/config/stages';
import { preflight } from '../../infra/preflight/preflight';
import { inventoryOf } from '../../local/inventory';
import { startPlatform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import { remainsIn } from '../../operations/stage-remains';
import { takeDown } from '../../operations/take-down';
import { keptPicture, pictureOf } from '../support/deployed-platform';
import { eventually, RunningStage } from '../support/running-stage';

let stage: RunningStage;
const said: string[] = [];
beforeAll(async () => {
  stage = await RunningStage.start({}, { log: (line) => said.push(line) });
});
afterAll(() => stage?.stop());

/** A picture of the platform that was built for the record; of one that is built now, where none was kept. */
async function builtPicture(): Promise<string[]> {
  const kept = keptPicture();
  if (kept) return kept;
  const records = mkdtempSync(join(tmpdir(), 'records-'));
  const platform = await startPlatform({ records });
  try {
    return await pictureOf(platform);
  } finally {
    await platform.stop();
    rmSync(records, { recursive: true, force: true });
  }
}

/** Lines of one that the other does not have, short enough to read. */
function differences(one: string[], other: string[]): string[] {
  const without = (all: string[], known: Set<string>) => all.filter((line) => !known.has(line));
  const found = [...without(one, new Set(other)), ...without(other, new Set(one))];
  return [...(one.length === other.length ? [] : [`${one.length} lines, ${other.length} lines`]), ...found].map(
    (line) => line.trim().slice(0, 200),
  );
}

test('a second start replays the recorded deployment, and the platform in AWS is the same', async () => {
  const replayed = await pictureOf(stage.platform);
  const built = await builtPicture();
  expect(said.join()).toContain('platform deployed, unchanged');
  expect(built.length).toBeGreaterThan(1_000);
  expect(differences(built, replayed)).toEqual([]);
  // Where no picture was kept, a platform is built here.
});

const missing = async () =>
  (await preflight(stages.local, stage.platform.aws))
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ subject }) => subject);

test('D9: preflight reports only the missing subscriber; then a quota and an instance class, each by name', async () => {
  expect(await missing()).toEqual(['alarm subscriber']);
  await stage.control('quotas', { service: 'vpc', code: 'L-F678F1CE', value: 5 });
  await stage.control('database-offers', { class: 'db.r6g.large', offered: false });
  expect(await missing()).toEqual(['quota VPCs per Region', 'database of plan enterprise', 'alarm subscriber']);
});

test('F11: preflight reports a template that is missing from the assets', async () => {
  const client = new S3Client({ ...stage.platform.aws, forcePathStyle: true });
  const { accountId, region } = stage.platform.outputs;
  const Bucket = `cdk-hnb659fds-assets-${accountId}-${region}`;
  const before = await missing();
  const objects = await everyItem(paginateListObjectsV2({ client }, { Bucket }), ({ Contents }) => Contents);
  const templates = objects.filter(({ Key }) => /^[0-9a-f]{64}\.json$/.test(Key ?? ''));
  expect(templates.length).toBeGreaterThanOrEqual(4);
  const bodies = await Promise.all(
    templates.map(async ({ Key }) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return { Key, Body: (await Body?.transformToString()) ?? '' };
    }),
  );
  for (const { Key } of templates) await client.send(new DeleteObjectCommand({ Bucket, Key }));
  const gone = ['network', 'database', 'storage', 'access'].map((kind) => `template ${kind}`);
  expect((await missing()).filter((subject) => !before.includes(subject)).sort()).toEqual(gone.sort());
  for (const { Key, Body } of bodies) await client.send(new PutObjectCommand({ Bucket, Key, Body }));
  expect(await missing()).toEqual(before);
});

describe('the live colour of a cell', () => {
  const ecs = () => new ECSClient(stage.platform.aws);
  const table = () => stage.client.table;
  let cell: CellDescriptor;

  beforeAll(async () => {
    [cell = cell] = await ssmCells(new SSMClient(stage.platform.aws)).cells();
  });

  const desiredTasks = async () => {
    const services = [cell.services.blue, cell.services.green];
    const answer = await ecs().send(new DescribeServicesCommand({ cluster: cell.clusterName, services }));
    return answer.services?.map(({ desiredCount }) => desiredCount);
  };
  const become = async (colour: Colour) => {
    const Item = { ...itemKeys.liveColour(cell.name), colour, since: new Date().toISOString() };
    await table().client.send(new PutCommand({ TableName: table().name, Item }));
  };

  /** As a deployment that raises the minimum of live tasks, and gives both services a new property. */
  const deployAgain = async (MinimumTasks: number) => {
    const client = new CloudFormationClient(stage.platform.aws);
    const StackName = cellStackName(cell.name);
    const { TemplateBody = '' } = await client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' }));
    const template: { Resources: Record<string, { Type: string; Properties: object }> } = JSON.parse(TemplateBody);
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type === 'Custom::LiveColour') Object.assign(Properties, { MinimumTasks });
      if (Type === 'AWS::ECS::Service') Object.assign(Properties, { HealthCheckGracePeriodSeconds: 61 });
    }
    const Capabilities = ['CAPABILITY_NAMED_IAM' as const];
    // "CloudFormation quotas": 51,200 bytes in a request, more from S3.
    const place = { Bucket: 'templates-of-a-later-deployment', Key: `${MinimumTasks}.json` };
    const s3 = new S3Client(stage.platform.aws);
    await s3.send(new CreateBucketCommand({ Bucket: place.Bucket }));
    await s3.send(new PutObjectCommand({ ...place, Body: JSON.stringify(template) }));
    const TemplateURL = `${stage.platform.aws.endpoint}/${place.Bucket}/${place.Key}`;
    await client.send(new UpdateStackCommand({ StackName, TemplateURL, Capabilities }));
    await waitUntilStackUpdateComplete({ client, maxWaitTime: 240, minDelay: 1, maxDelay: 1 }, { StackName });
  };

  test('is blue after the first deployment, and the other colour has no task', async () => {
    expect(cell).not.toHaveProperty('liveColour');
    expect(await tableLiveColour(table()).live(cell)).toMatchObject({ colour: 'blue' });
    expect(stage.platform.deployment.cells[cell.name]?.liveTargetGroupArn).toBe(cell.targetGroupArns.blue);
    expect(await desiredTasks()).toEqual([1, 0]);
  });

  test('decides where a tenant is activated, and a later deployment keeps it and its tasks', async () => {
    const service = { cluster: cell.clusterName, service: cell.services.green };
    await ecs().send(new UpdateServiceCommand({ ...service, desiredCount: 1 }));
    const elb = new ElasticLoadBalancingV2Client(stage.platform.aws);
    await become('green');
    try {
      const signup = newSignup({ companyName: 'After A Release', subdomain: 'after-a-release' });
      const ran = await new Signups(stage.connection).onboard(signup);
      expect([ran.status, ran.failure?.reason]).toEqual(['SUCCEEDED', undefined]);
      const { record } = await inventoryOf(stage.connection, tenantIdOf(signup.signupId));
      const { Rules } = await elb.send(new DescribeRulesCommand({ RuleArns: [record?.ruleArn ?? ''] }));
      expect(Rules?.[0]?.Actions).toMatchObject([{ Type: 'forward', TargetGroupArn: cell.targetGroupArns.green }]);
      await deployAgain(3);
      expect(await tableLiveColour(table()).live(cell)).toMatchObject({ colour: 'green' });
      expect(await desiredTasks()).toEqual([1, 3]);
    } finally {
      await become('blue');
      await ecs().send(new UpdateServiceCommand({ ...service, desiredCount: 0 }));
    }
  });
});

test('D9: teardown deletes an ACTIVE tenant, its DNS records, snapshots and restored database, and every stack, also when it was stopped after the control plane; only the key stays, in its window', async () => {
  const signup = newSignup({ companyName: 'Acme GmbH', subdomain: 'acme' });
  const { status } = await stage.follow(await stage.begin(signup));
  expect(status).toBe('SUCCEEDED');
  const rds = new RDSClient(stage.platform.aws);
  const DBInstanceIdentifier = tenantNames.database(tenantIdOf(signup.signupId));
  await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier: 'taken-by-a-person' }));
  // What is another team's.
  const cloudformation = new CloudFormationClient(stage.platform.aws);
  const TemplateBody = JSON.stringify({ Resources: { Queue: { Type: 'AWS::SQS::Queue' } } });
  await cloudformation.send(
    new CreateStackCommand({ StackName: 'tenant-portal-database', TemplateBody, EnableTerminationProtection: true }),
  );
  // A restore under way, of which no stack knows.
  const to = new Date().toISOString();
  await eventually('a backup', () => stage.client.restore('acme', to, 'a test').catch(() => undefined));
  const { connection } = stage;
  const lines: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'teardown-'));
  const actsIn = (trail: string): object[] =>
    readFileSync(trail, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  const [first, second] = [join(folder, 'first.jsonl'), join(folder, 'second.jsonl')];
  const killed = (line: string) => {
    lines.push(line);
    if (line === `${CONTROL_PLANE} deleted`) throw new Error('killed');
  };
  const whole = { aws: connection.aws, controlPlane: connection };
  await expect(takeDown(whole, { trail: first, reason: 'not needed', say: killed })).rejects.toThrow('killed');
  const remains = await remainsIn(connection.aws, async () => connection);
  expect(remains).toMatchObject({ actsTableName: connection.actsTableName });
  expect(remains).not.toHaveProperty('controlPlane');
  await takeDown(remains, { trail: second, say: (line) => lines.push(line) });
  const acts = actsIn(second);
  expect(acts.slice(-2)).toMatchObject([{ kind: 'teardown', reason: 'not needed' }, { result: { outcome: 'done' } }]);
  expect(actsIn(first)).toEqual(acts);
  rmSync(folder, { recursive: true });
  expect(lines).toContain(`database ${tenantNames.restored(tenantIdOf(signup.signupId))} of no stack deleted`);
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({}));
  expect(DBInstances).toEqual([]);
  const stackNames = async () =>
    (await cloudformation.send(new DescribeStacksCommand({}))).Stacks?.map(({ StackName }) => StackName);
  expect(await stackNames()).toEqual(['tenant-portal-database']);
  expect(lines.filter((line) => line.includes(tenantIdOf(signup.signupId)))).toHaveLength(6);
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
  expect(DBSnapshots).toEqual([]);
  expect(lines).toContain('snapshot taken-by-a-person removed');
  expect(lines).toContain(`name acme.${stage.platform.outputs.domain} removed`);
  await takesDownWhatHasFailed();
  expect(await stackNames()).toEqual(['tenant-portal-database']);
});

/** The stacks of a first deployment whose control plane could not be created. */
async function takesDownWhatHasFailed() {
  const client = new CloudFormationClient(stage.platform.aws);
  const key = { AttributeName: 'pk', AttributeType: 'S' };
  const table = {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [key],
    KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  };
  const acts = { Acts: { Type: 'AWS::DynamoDB::Table', Properties: table } };
  const group = { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: 'taken' } };
  const failing = { First: group, Second: { ...group, DependsOn: 'First' } };
  for (const [StackName, Resources] of [
    [FOUNDATION, acts],
    [CONTROL_PLANE, failing],
  ] as const)
    await client.send(new CreateStackCommand({ StackName, TemplateBody: JSON.stringify({ Resources }) }));
  await eventually('a failed control plane', async () => {
    return (await describeStack(client, CONTROL_PLANE))?.StackStatus === 'ROLLBACK_COMPLETE' || undefined;
  });
  const { aws } = stage.connection;
  const remains = await remainsIn(aws, () => Promise.reject(new Error('there is no control plane')));
  await takeDown(remains, { trail: join(tmpdir(), 'none.jsonl'), say: () => {} });
}
