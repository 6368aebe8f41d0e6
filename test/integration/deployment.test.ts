import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { tenantIdOf, tenantNames } from '../../functions/contract/naming';
import { everyItem } from '../../functions/shared/paging';
import { CONTROL_PLANE } from '../../infra/config/stack-names';
import { stages } from '../../infra/config/stages';
import { preflight } from '../../infra/preflight/preflight';
import { startPlatform } from '../../local/platform';
import { newSignup } from '../../local/signups';
import { remainsIn } from '../../operations/stage-remains';
import { takeDown } from '../../operations/take-down';
import { keptPicture, pictureOf } from '../support/deployed-platform';
import { eventually, RunningStage } from '../support/running-stage';

let stage: RunningStage;
const said: string[] = [];
beforeAll(async () => {
  stage = await RunningStage.start({}, { log: (line) => said.push(line) });
}, 300_000);
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
}, 180_000);

const missing = async () =>
  (await preflight(stages.local, stage.platform.aws))
    .filter(({ verdict }) => verdict !== 'ok')
    .map(({ subject }) => subject);

test('D9: preflight reports only the missing subscriber; then a quota and an instance class, each by name', async () => {
  expect(await missing()).toEqual(['alarm subscriber']);
  await stage.control('quotas', { service: 'vpc', code: 'L-F678F1CE', value: 5 });
  await stage.control('database-offers', { class: 'db.r6g.large', offered: false });
  expect(await missing()).toEqual(['quota VPCs per Region', 'database of plan enterprise', 'alarm subscriber']);
}, 120_000);

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
}, 120_000);

test('D9: teardown deletes an ACTIVE tenant, its DNS records, snapshots and restored database, and every stack, also when it was stopped after the control plane; only the key stays, in its window', async () => {
  const signup = newSignup({ companyName: 'Acme GmbH', subdomain: 'acme' });
  const { status } = await stage.follow(await stage.begin(signup));
  expect(status).toBe('SUCCEEDED');
  const rds = new RDSClient(stage.platform.aws);
  const DBInstanceIdentifier = tenantNames.database(tenantIdOf(signup.signupId));
  await rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier, DBSnapshotIdentifier: 'taken-by-a-person' }));
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
  const { Stacks = [] } = await new CloudFormationClient(stage.platform.aws).send(new DescribeStacksCommand({}));
  expect(Stacks.map(({ StackName }) => StackName)).toEqual([]);
  expect(lines.filter((line) => line.includes(tenantIdOf(signup.signupId)))).toHaveLength(6);
  const { DBSnapshots = [] } = await rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' }));
  expect(DBSnapshots).toEqual([]);
  expect(lines).toContain('snapshot taken-by-a-person removed');
  expect(lines).toContain(`name acme.${stage.platform.outputs.domain} removed`);
}, 180_000);
