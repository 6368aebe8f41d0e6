import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteItemCommand, DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateGrantCommand, DecryptCommand, KMSClient } from '@aws-sdk/client-kms';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  RDSClient,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { askedPatience } from '../../emulator/emulator';
import { breakGlassRoleArn, DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import { findRoute } from '../../functions/tenants/routes';
import { findTenant } from '../../functions/tenants/tenant-store';
import { readLeads, sendLead, tokenOf } from '../../local/leads';
import { requestPage } from '../../local/page';
import { StageClient } from '../../operations/client/stage-client';
import { startConsole } from '../../operations/console/console-server';
import { aSignup } from '../support/builders';
import { RunningStage } from '../support/running-stage';

let stage: RunningStage;
beforeAll(async () => {
  stage = await RunningStage.start();
});
afterAll(() => stage?.stop());

const denied = { name: expect.stringMatching(/^AccessDenied/) };

/** A person of the account, with one managed policy or one statement. */
async function person(name: string, policy: { readonly arn: string } | { readonly actions: string[] }) {
  const iam = new IAMClient(stage.platform.aws);
  const { User } = await iam.send(new CreateUserCommand({ UserName: name }));
  if ('arn' in policy) await iam.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn: policy.arn }));
  else {
    const Statement = [{ Effect: 'Allow', Action: policy.actions, Resource: '*' }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'own', PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  const aws = { ...stage.connection.aws, credentials };
  return { arn: User?.Arn, aws, client: new StageClient({ ...stage.connection, aws }) };
}

/** A console with a person's credentials, and a way to ask it as its page does. */
async function consoleOf(client: StageClient) {
  const { url, stop } = await startConsole({ client, stage: 'local', files: new Map() });
  const authorization = `Bearer ${new URL(url).hash.replace('#token=', '')}`;
  const ask = (path: string, body?: object) =>
    fetch(new URL(path, url), {
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    });
  return { ask, stop };
}

/** All that a stream has told, each time that the topic is in it once more. */
async function* mentions({ body }: Response, topic: string): AsyncGenerator<string, undefined> {
  let text = '';
  let known = 0;
  for await (const chunk of body ?? []) {
    text += Buffer.from(chunk).toString();
    for (; known < text.split(topic).length - 1; known += 1) yield text;
  }
  return undefined;
}

test('an operator acts only through PerformAct, a reader not at all, and each act is recorded under AWS’s caller', async () => {
  const { operatorPolicyArn, readerPolicyArn } = stage.connection;
  const olga = await person('olga', { arn: operatorPolicyArn });
  const rita = await person('rita', { arn: readerPolicyArn });

  const { executionArn } = await olga.client.signUp(
    aSignup({ signupId: 'sub_by_hand', subdomain: 'by-hand' }),
    'billing is down',
  );
  expect(await olga.client.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  const { tenantId, url } = await rita.client.status('by-hand');
  expect(url).toContain('by-hand');
  await olga.client.suspend('by-hand', 'unpaid');
  await expect(olga.client.resume('by-hand')).rejects.toMatchObject({ outcome: 'refused', error: 'IsolationBreach' });
  expect(await olga.client.verify('by-hand')).toMatchObject({
    verdict: 'isolated',
    evidence: { verifiedBy: olga.arn },
  });
  await olga.client.resume('by-hand', 'paid');
  await expect(olga.client.suspend('nobody', 'a test')).rejects.toMatchObject({ outcome: 'not-found' });

  const { entries } = await rita.client.acts({ tenant: 'by-hand' });
  expect(entries.map(({ kind, by, reason, result }) => [kind, by, reason, result?.outcome])).toEqual([
    ['resume', olga.arn, 'paid', 'done'],
    ['verify', olga.arn, undefined, 'done'],
    ['resume', olga.arn, undefined, 'refused'],
    ['suspend', olga.arn, 'unpaid', 'done'],
    ['signup', olga.arn, 'billing is down', 'done'],
  ]);
  const [refused] = (await rita.client.acts({ stage: true })).entries;
  const dayOf = ({ at = '' } = {}) => at.slice(0, 10);
  // Newest first, also where midnight has passed between the two.
  const days = [...new Set([dayOf(refused), dayOf(entries[0])])];
  const ofDays = await Promise.all(days.map((day) => rita.client.acts({ day })));
  expect(ofDays.flatMap((page) => page.entries).slice(0, 2)).toMatchObject([
    { kind: 'suspend', target: 'nobody', result: { outcome: 'not-found' } },
    { kind: 'resume', tenantId },
  ]);

  for (const act of [
    rita.client.suspend('by-hand', 'a test'),
    rita.client.redrive({ tenant: 'by-hand' }),
    rita.client.signUp(aSignup({ subdomain: 'of-a-reader' })),
  ])
    await expect(act).rejects.toMatchObject(denied);
  const { stateMachineArn, suspendTenantFunctionName: FunctionName } = stage.connection;
  const around = [
    new SFNClient(olga.aws).send(new StartExecutionCommand({ stateMachineArn, input: '{}' })),
    new LambdaClient(olga.aws).send(new InvokeCommand({ FunctionName, Payload: '{}' })),
  ];
  for (const way of around) await expect(way).rejects.toMatchObject(denied);
});

test('the console shows a reader everything, and acts in its operator’s name', async () => {
  const { operatorPolicyArn, readerPolicyArn } = stage.connection;
  const reader = await person('console-reader', { arn: readerPolicyArn });
  const operator = await person('console-operator', { arn: operatorPolicyArn });
  const { tenantId, run } = await reader.client.status('by-hand');
  const order = { act: 'suspend', tenants: [tenantId], reason: 'a test', confirm: 'by-hand' };

  const [shown, acting] = [await consoleOf(reader.client), await consoleOf(operator.client)];
  try {
    const tenant = `/api/tenants/${tenantId}`;
    const views = ['stage', 'tenants', 'tenants?q=by-hand', 'cells', 'releases', 'audits', 'queues', 'acts'];
    for (const path of [
      ...views.map((view) => `/api/${view}`),
      ...[tenant, `${tenant}/reports`, `${tenant}/report`, `/api/acts?tenant=by-hand`],
      `/api/run?execution=${encodeURIComponent(run.executionArn)}`,
    ])
      expect([path, (await shown.ask(path)).status]).toEqual([path, 200]);
    expect(await (await shown.ask('/api/acts', order)).json()).toMatchObject({
      results: [{ outcome: 'refused', error: expect.stringMatching(/^AccessDenied/) }],
    });

    // Somebody else's act is told to the reader's tab, whose console makes no act itself.
    const topic = `tenant:${tenantId}`;
    const told = mentions(await shown.ask(`/api/events?topic=${topic}`), topic);
    // Once the console has read what later changes are compared with.
    await told.next();
    expect(await (await acting.ask('/api/acts', order)).json()).toMatchObject({ results: [{ outcome: 'done' }] });
    expect((await told.next()).value).toContain('event: changed');
    await told.return(undefined);
    expect(await (await acting.ask('/api/acts', { ...order, act: 'resume' })).json()).toMatchObject({
      results: [{ outcome: 'done', report: expect.stringContaining(tenantId) }],
    });
    const { entries } = await reader.client.acts({ tenant: 'by-hand' });
    expect(entries.slice(0, 3).map(({ kind, by }) => [kind, by])).toEqual(
      ['resume', 'verify', 'suspend'].map((kind) => [kind, operator.arn]),
    );
  } finally {
    await Promise.all([shown.stop(), acting.stop()]);
  }
});

test('nobody can change, delete or add a recorded act without PerformAct, whatever their permissions', async () => {
  const { entries } = await stage.client.acts({ tenant: 'by-hand' });
  expect(entries).not.toEqual([]);
  const root = await person('alma', { actions: ['dynamodb:*'] });
  const dynamodb = new DynamoDBClient(root.aws);
  const TableName = stage.connection.actsTableName;
  const [{ tenantId = '', at = '', id = '' } = {}] = entries;
  const Key = { pk: { S: `TENANT#${tenantId}` }, sk: { S: `${at}#${id}#RESULT` } };
  const ways = [
    new DeleteItemCommand({ TableName, Key }),
    new PutItemCommand({ TableName, Item: { ...Key, day: { S: '2026-01-01' } } }),
    new UpdateItemCommand({
      ...{ TableName, Key, UpdateExpression: 'SET #by = :by' },
      ...{ ExpressionAttributeNames: { '#by': 'by' }, ExpressionAttributeValues: { ':by': { S: 'somebody else' } } },
    }),
  ];
  for (const way of ways) await expect(dynamodb.send(way as DeleteItemCommand)).rejects.toMatchObject(denied);
  expect((await stage.client.acts({ tenant: 'by-hand' })).entries).toEqual(entries);
});

/** A session of the break-glass role, as whoever may assume it opens one. */
async function breakGlass(caller: { readonly aws: object }) {
  const RoleArn = breakGlassRoleArn(stage.platform.outputs.accountId);
  const { Credentials } = await new STSClient(caller.aws).send(
    new AssumeRoleCommand({ RoleArn, RoleSessionName: 'INC-42' }),
  );
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  return { ...stage.connection.aws, credentials };
}

test('K4: a tenant’s database is restored beside its own by the break-glass role, which can do nothing else with it', async () => {
  const { tenantId } = await stage.client.status('by-hand');
  const own = tenantNames.database(tenantId);
  const restored = { DBInstanceIdentifier: `${own}-restored` };
  const snapshot = { DBSnapshotIdentifier: `${own}-before` };
  await new RDSClient(stage.platform.aws).send(new CreateDBSnapshotCommand({ ...snapshot, DBInstanceIdentifier: own }));
  const olga = await person('olivia', { arn: stage.connection.operatorPolicyArn });
  await expect(breakGlass(olga)).rejects.toMatchObject(denied);
  const restoreAs = (aws: object) =>
    new RDSClient(aws).send(new RestoreDBInstanceFromDBSnapshotCommand({ ...snapshot, ...restored }));
  await expect(restoreAs(olga.aws)).rejects.toMatchObject(denied);

  const emma = await person('emma', { actions: ['sts:AssumeRole'] });
  const aws = await breakGlass(emma);
  await restoreAs(aws);
  const rds = new RDSClient(aws);
  const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand(restored));
  const [{ KmsKeyId = '' } = {}] = DBInstances;
  expect(KmsKeyId).toContain(':key/');
  const kms = new KMSClient(aws);
  const ways = [
    kms.send(new DecryptCommand({ KeyId: KmsKeyId, CiphertextBlob: Buffer.from('anything') })),
    kms.send(new CreateGrantCommand({ KeyId: KmsKeyId, GranteePrincipal: emma.arn ?? '', Operations: ['Decrypt'] })),
    rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: own, SkipFinalSnapshot: true })),
  ];
  for (const way of ways) await expect(way).rejects.toMatchObject(denied);
  await rds.send(new DeleteDBInstanceCommand({ ...restored, SkipFinalSnapshot: true }));
  await new RDSClient(stage.platform.aws).send(new DeleteDBSnapshotCommand(snapshot));
  expect(await stage.client.verify('by-hand')).toMatchObject({ verdict: 'isolated' });
});

test('an unsigned request does nothing, whoever may call the function', async () => {
  const olga = await person('oscar', { arn: stage.connection.operatorPolicyArn });
  const lambda = new LambdaClient(olga.aws);
  const FunctionName = stage.connection.performActFunctionName;
  const Payload = JSON.stringify({ request: '{}', identity: {} });
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload }));
  expect(FunctionError).toBeDefined();
});

describe('the command ops', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ops-'));
  const outputs = join(folder, 'outputs.json');
  beforeAll(() => writeFileSync(outputs, JSON.stringify(stage.platform.outputs)));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** From another folder than the clone's, piped. */
  const ops = (...words: string[]) =>
    new Promise<{ code: number; said: string; complained: string }>((resolve) => {
      const file = join(__dirname, '../../operations/ops-bundle.cjs');
      const env = { ...process.env, ONBOARDING_OUTPUTS: outputs, NO_COLOR: '1' };
      execFile(process.execPath, [file, ...words], { cwd: folder, env }, (failed, said, complained) =>
        resolve({ code: typeof failed?.code === 'number' ? failed.code : 0, said, complained }),
      );
    });

  test('shows tenants, one tenant, cells, queues, the record of acts and the evidence', async () => {
    const tenants = await ops('tenants', '--status', 'active', '--json');
    expect(JSON.parse(tenants.said)).toMatchObject({
      tenants: [{ subdomain: 'by-hand', status: 'ACTIVE', cell: 'c1' }],
      unreadable: [],
    });
    expect((await ops('tenants', '--status', 'held')).said.trim()).toBe('(none)');
    const wide = (await ops('tenants')).said.split('\n');
    expect(wide[0]).toMatch(/^SUBDOMAIN +COMPANY +STATUS/);
    expect(Math.max(...wide.map((line) => line.length))).toBeLessThanOrEqual(120);
    expect((await ops('status', 'by-hand')).said).toContain('ACTIVE since');
    expect(JSON.parse((await ops('cells', '--json')).said)).toEqual([
      { name: 'c1', capacity: 999, taken: 1, left: 998, liveColour: 'blue' },
    ]);
    expect(JSON.parse((await ops('release', '--json')).said)).toMatchObject([{ cell: 'c1', live: { colour: 'blue' } }]);
    const before: { verdict: string; subject: string }[] = JSON.parse((await ops('preflight', '--json')).said);
    expect(before.filter(({ verdict }) => verdict !== 'ok')).toMatchObject([{ subject: 'alarm subscriber' }]);
    expect(JSON.parse((await ops('queues', '--json')).said)).toHaveLength(5);
    expect((await ops('audit-log', '--tenant', 'by-hand')).said).toMatch(/resume +by-hand|resume +t[0-9a-z]{15}/);
    const { code, said, complained } = await ops('evidence', 'by-hand', '--show');
    expect([code, JSON.parse(said)]).toMatchObject([0, { passed: true }]);
    expect(complained).toContain('as on the record');
    expect(complained).toContain(createHash('sha256').update(said).digest('hex'));
  });

  test('performs acts, and ends with an exit code for each kind of result', async () => {
    expect(await ops('suspend', 'by-hand', '--reason', 'a test')).toMatchObject({ code: 0 });
    const page = join(folder, 'report.html');
    expect(await ops('verify', 'by-hand', '--html', page)).toMatchObject({ code: 0 });
    expect(readFileSync(page, 'utf8')).toContain('by-hand');
    expect(await ops('resume', 'by-hand')).toMatchObject({ code: 0, said: expect.stringContaining('is ACTIVE since') });
    expect(await ops('redrive', 'by-hand')).toMatchObject({ code: 5, said: expect.stringContaining('succeeded') });
    expect(await ops('redrive', '--failed')).toMatchObject({ code: 5 });
    expect(await ops('replay')).toMatchObject({ code: 5 });
    expect(await ops('release', '--hold', '--reason', 'a test')).toMatchObject({ code: 5 });
    expect(await ops('release', '--image', 'latest')).toMatchObject({ code: 4 });
    expect(await ops('release', '--image', 'latest', '--hold')).toMatchObject({ code: 2 });
    expect(await ops('release', '--hold', '--cell', 'nowhere')).toMatchObject({ code: 3 });
    const [refused, held] = JSON.parse((await ops('audit-log', '--on-no-tenant', '--json')).said).entries;
    expect([refused, held]).toMatchObject([
      { kind: 'release', target: 'c1', result: { outcome: 'refused' } },
      { kind: 'steer-release', target: 'c1', reason: 'a test', result: { outcome: 'nothing' } },
    ]);
    expect(await ops('status', 'nobody')).toMatchObject({ code: 3, complained: expect.stringContaining('nobody') });
    expect(await ops('suspend', 'nobody', '--reason', 'a test')).toMatchObject({ code: 3 });
    expect(await ops('suspend', 'by-hand')).toMatchObject({ code: 2, complained: expect.stringContaining('--reason') });
    expect(await ops('redrive')).toMatchObject({ code: 2, complained: expect.stringContaining('name either') });
    expect(await ops('tenants', '--status', 'odd')).toMatchObject({ code: 2 });
  });

  test('examines the stage with a reader’s permissions', async () => {
    const { code, said } = await ops('doctor', '--json');
    const findings: { subject: string; verdict: string }[] = JSON.parse(said);
    // The local stage has nobody to tell alarms to.
    expect(findings.filter(({ verdict }) => verdict !== 'ok')).toMatchObject([{ subject: 'alarm subscriber' }]);
    expect(findings.map(({ subject }) => subject)).toEqual(
      expect.arrayContaining([
        'queue undeliveredSignups',
        'event rules',
        'waiting tasks',
        'alarms',
        'template database',
      ]),
    );
    expect(code).toBe(1);
    const robin = await person('robin', { arn: stage.connection.readerPolicyArn });
    expect((await robin.client.examine()).filter(({ verdict }) => verdict === 'unknown')).toEqual([]);
    expect((await robin.client.cells()).map(({ name }) => name)).toEqual(['c1']);
    expect((await robin.client.queues()).length).toBe(5);
    expect((await robin.client.tenants()).tenants.length).toBeGreaterThan(0);
    expect(await robin.client.report('by-hand')).toMatchObject({ recorded: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test('says of a failed run why it failed and what to do', async () => {
    const taken = ['--company', 'Other', '--subdomain', 'by-hand', '--email', 'ops@other.example'];
    const { code, said, complained } = await ops('signup', ...taken, '--wait', '--json');
    expect([code, complained]).toEqual([1, expect.stringContaining('SubdomainTaken')]);
    const { signupId } = JSON.parse(said);
    expect(complained).toContain(`--signup-id ${signupId}`);
    const { said: status } = await ops('status', signupId);
    expect(status).toContain('What to do: the customer chooses another; a new signup');
  });

  describe('restore', () => {
    const url = () => stage.platform.outputs.loadBalancerUrl;
    const routeOf = async () => {
      const { tenantId } = await stage.client.status('by-hand');
      const route = await findRoute(stage.client.table, `by-hand.${stage.platform.outputs.domain}`);
      if (!route?.database) throw new Error(`${tenantId} has no route`);
      return { ...route, database: route.database };
    };
    const record = async () => findTenant(stage.client.table, (await routeOf()).tenantId);
    const emails = async () => {
      const route = await routeOf();
      return await readLeads(url(), route, await tokenOf(stage.connection, route));
    };
    const instances = async () => {
      const { DBInstances = [] } = await new RDSClient(stage.platform.aws).send(new DescribeDBInstancesCommand({}));
      return DBInstances.map(({ DBInstanceIdentifier, DbiResourceId }) => [DBInstanceIdentifier, DbiResourceId]);
    };
    /** RDS knows seconds: what has been done is before it, what comes is after it. */
    const aSecond = async () => {
      const next = new Date(Math.floor(Date.now() / 1000) * 1000 + 1000);
      await new Promise((resolve) => setTimeout(resolve, next.getTime() - Date.now() + 5));
      return next.toISOString();
    };
    /** As the application, whose role may do that. */
    async function deleteLead(email: string): Promise<void> {
      const { tenantId, database } = await routeOf();
      const { host, port } = database;
      const user = tenantNames.databaseUser(tenantId);
      const password = new Signer({ ...stage.connection.aws, hostname: host, port, username: user }).getAuthToken();
      const ca = await stage.platform.emulator.databaseCertificates();
      const client = new Client({ host, port, user, password: await password, database: DATABASE_NAME, ssl: { ca } });
      await client.connect();
      await client.query('DELETE FROM leads WHERE email = $1', [email]);
      await client.end();
    }

    let [then, before] = ['', ''];
    beforeAll(async () => {
      await stage.platform.emulator.setPatience(0);
      for (const email of ['kept@example.org', 'lost@example.org'])
        expect(await sendLead(url(), await routeOf(), email)).toBe(201);
      then = await aSecond();
      await deleteLead('lost@example.org');
      expect(await sendLead(url(), await routeOf(), 'new@example.org')).toBe(201);
      before = await aSecond();
    });
    afterAll(() => stage.platform.emulator.setPatience(askedPatience()));

    test('is refused for a reader, an unknown tenant and a time without a backup, and makes nothing', async () => {
      const made = await instances();
      const rhea = await person('rhea', { arn: stage.connection.readerPolicyArn });
      await expect(rhea.client.restore('by-hand', then, 'a test')).rejects.toMatchObject(denied);
      for (const [tenant, to, code, words] of [
        ['nobody', then, 3, 'tenant not found'],
        ['by-hand', 'yesterday', 4, 'to: expected a time with its offset, such as'],
        ['by-hand', '2999-01-01T00:00:00Z', 4, 'to: 2999-01-01T00:00:00.000Z is still to come'],
        ['by-hand', '2020-01-01T00:00:00Z', 4, 'to: the first time that can be restored is'],
      ] as const) {
        const { code: ended, complained } = await ops('restore', tenant, '--to', to, '--reason', 'a test');
        expect([tenant, to, ended, complained]).toEqual([tenant, to, code, expect.stringContaining(words)]);
      }
      expect(await instances()).toEqual(made);
      expect(await record()).toMatchObject({ status: 'ACTIVE' });
    });

    test('brings a deleted lead back, leaves nothing behind, and is on record', async () => {
      expect(await emails()).toEqual(expect.arrayContaining(['kept@example.org', 'new@example.org']));
      const made = await instances();
      const { code, complained } = await ops('restore', 'by-hand', '--to', then, '--reason', 'INC-42');
      expect([code, complained]).toEqual([0, expect.stringContaining('2 rows')]);
      expect([await emails()].flat().sort()).toEqual(['kept@example.org', 'lost@example.org']);
      expect(await instances()).toEqual(made);
      expect(await record()).toMatchObject({ status: 'ACTIVE', restoration: { to: then, rows: 2 } });
      const { entries } = await stage.client.acts({ tenant: 'by-hand' });
      const kinds = entries.map(({ kind, result }) => [kind, result?.details?.phase]);
      // Questions on the way are as many as the restore takes.
      const isOnTheWay = (phase: unknown) => /^(?:restoring|copying|switching|copied)$/.test(`${phase}`);
      expect(kinds.filter(([, phase]) => !isOnTheWay(phase)).slice(0, 5)).toEqual([
        ['resume', undefined],
        ['verify', undefined],
        ['restore', 'done'],
        ['suspend', undefined],
        ['restore', 'restored'],
      ]);
      expect(await ops('restore', 'by-hand', '--to', then, '--reason', 'INC-42')).toMatchObject({ code: 5 });
    });

    test('gives back what it has replaced, as long as there are backups of it', async () => {
      expect((await ops('restore', 'by-hand', '--to', before, '--reason', 'it was the wrong time')).code).toBe(0);
      expect([await emails()].flat().sort()).toEqual(['kept@example.org', 'new@example.org']);
    });

    test('of a database that was deleted from outside brings the data to safety, and says what is left to do', async () => {
      const rds = new RDSClient(stage.platform.aws);
      const { tenantId, host } = await routeOf();
      const own = { DBInstanceIdentifier: tenantNames.database(tenantId) };
      const kept = await aSecond();
      await aSecond();
      await rds.send(new ModifyDBInstanceCommand({ ...own, DeletionProtection: false, ApplyImmediately: true }));
      const deletion = { ...own, SkipFinalSnapshot: true, DeleteAutomatedBackups: false };
      await rds.send(new DeleteDBInstanceCommand(deletion));
      expect(await sendLead(url(), await routeOf(), 'nobody@example.org')).toBe(503);
      expect((await requestPage(url(), host)).status).toBe(200);
      const { code, said } = await ops('verify', 'by-hand');
      expect([code, said]).toEqual([
        1,
        expect.stringMatching(
          new RegExp(`database.status[^]*${tenantId} is gone: .* see "A lost database" in the runbook`),
        ),
      ]);
      const restore = () => ops('restore', 'by-hand', '--to', kept, '--reason', 'INC-43');
      for (const _ of [1, 2])
        expect(await restore()).toMatchObject({
          code: 4,
          complained: expect.stringMatching(
            new RegExp(`${tenantId}-restored has the data of ${kept} and keeps it, and .* is gone`),
          ),
        });
      expect((await instances()).map(([id]) => id)).toContain(tenantNames.restored(tenantId));
      expect((await ops('restore', 'by-hand', '--discard', '--reason', 'INC-43')).code).toBe(0);
      expect((await ops('restore', 'by-hand', '--to', before, '--reason', 'INC-43')).code).toBe(4);
    });
  });
});
