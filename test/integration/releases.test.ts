import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import {
  DeleteRuleCommand,
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { RedriveExecutionCommand } from '@aws-sdk/client-sfn';
import { STSClient } from '@aws-sdk/client-sts';
import { fromHttp } from '@aws-sdk/credential-providers';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Client } from 'pg';
import { control } from '../../emulator/control';
import { executionArnOf } from '../../functions/acts/executions';
import { OTHER_COLOUR } from '../../functions/contract/cell';
import { DATABASE_NAME, DATABASE_OWNER, DATABASE_SCHEMA, tenantNames } from '../../functions/contract/naming';
import { itemKeys } from '../../functions/contract/records';
import { MIGRATION_LOCK } from '../../functions/database/one-session';
import { readClaim } from '../../functions/delivery/release-store';
import { tenantsOf } from '../../functions/delivery/tenants-of-cell';
import { findRoute } from '../../functions/tenants/routes';
import { assumeTenantRole } from '../../functions/tenants/tenant-session';
import { requestPage } from '../../local/page';
import { ReleasePipeline } from '../../local/release-pipeline';
import { pushVersion } from '../../local/service-versions';
import { Migrations } from '../../operations/client/migrations';
import { Releases } from '../../operations/client/releases';
import { ReleasedCell } from '../support/released-cell';
import { eventually } from '../support/running-stage';

let released: ReleasedCell;

beforeAll(async () => {
  released = await ReleasedCell.start();
});
afterAll(() => released?.stop());

describe('tenants whose databases lack a migration that the service needs', () => {
  const [acme, beta, gamma, delta] = ['acme', 'beta', 'gamma', 'delta'].map((name) => `${name}.funnels.localhost`) as [
    string,
    string,
    string,
    string,
  ];

  /** A session of the master user of the tenant's database, with the secret that the tenant's role alone may read. */
  async function masterOf(host: string): Promise<Client> {
    const { aws, emulator } = released.platform;
    const route = await findRoute(released.client.table, host);
    if (!route?.database) throw new Error(`${host} has no database`);
    const task = fromHttp({
      awsContainerCredentialsFullUri: emulator.containerCredentialsUrl(released.cell.taskRoleArn),
    });
    const sts = new STSClient({ ...aws, credentials: task });
    const credentials = await assumeTenantRole(sts, route, 'releases-test');
    const { SecretString = '' } = await new SecretsManagerClient({ ...aws, credentials }).send(
      new GetSecretValueCommand({ SecretId: tenantNames.secret(route.tenantId) }),
    );
    const { username: user, password } = JSON.parse(SecretString) as { username: string; password: string };
    const ssl = { ca: await emulator.databaseCertificates() };
    const { host: server, port } = route.database;
    const client = new Client({ host: server, port, user, password, database: DATABASE_NAME, ssl });
    await client.connect();
    return client;
  }

  async function asMaster(host: string, statements: string): Promise<void> {
    const client = await masterOf(host);
    await client.query(`SET ROLE ${DATABASE_OWNER}; SET search_path = ${DATABASE_SCHEMA}; ${statements}`);
    await client.end();
  }

  /** A tenant of a release before the first migration, by its database, its record and its route. */
  async function setBack(host: string, statements: string): Promise<void> {
    await asMaster(host, statements);
    const { client, name: TableName } = released.client.table;
    const tenantId = (await findRoute(released.client.table, host))?.tenantId ?? '';
    for (const Key of [itemKeys.route(host), itemKeys.tenant(tenantId)])
      await client.send(
        new UpdateCommand({
          ...{ TableName, Key, UpdateExpression: 'SET #database.#version = :none' },
          ExpressionAttributeNames: { '#database': 'database', '#version': 'version' },
          ExpressionAttributeValues: { ':none': '0000-none-000000000000' },
        }),
      );
  }

  const pageOf = async (host: string) => {
    const { status, body } = await requestPage(released.platform.outputs.loadBalancerUrl, host);
    return status === 503 ? body.trim() : status;
  };
  const UPDATING = 'This site is being updated.';

  test('get 503, and no release; one run migrates them, stops at one that fails, and finishes after the mend', async () => {
    const migrations = new Migrations(released.client);
    const expand = { phase: 'expand' } as const;
    await Promise.all([
      ...[acme, beta].map((host) => setBack(host, 'DROP TABLE kysely_migration, leads')),
      // The table is still there: the migration that makes it fails.
      setBack(gamma, 'DROP TABLE kysely_migration'),
    ]);
    await eventually('503 of the tenants that are behind', async () => {
      const pages = await Promise.all([acme, beta, gamma, delta].map(pageOf));
      return pages.every((page, n) => page === (n < 3 ? UPDATING : 200)) || undefined;
    });
    const refused = await released.client.follow((await released.begin('good')).executionArn);
    expect(refused.failure).toMatchObject({ error: 'TenantBehind', reason: expect.stringContaining('0001-leads') });

    const plan = await migrations.preview(released.cell, expand);
    expect(plan.behind.map(({ host }) => host).sort()).toEqual([acme, beta, gamma]);
    // The run waits at gamma, so that the second start meets it.
    const other = await masterOf(gamma);
    await other.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    const starts = [1, 2].map(() => migrations.start(released.cell, expand));
    const asked = await Promise.all(starts).finally(() => other.end());
    expect(asked.map(({ how }) => how).sort()).toEqual(['nothing', 'started']);
    expect(new Set(asked.map(({ executionArn }) => executionArn)).size).toBe(1);
    const failed = await released.client.follow(asked[0]?.executionArn ?? '');
    expect(failed.failure?.error).toBe('MigrationFailed');
    expect(failed.failure?.reason).toMatch(new RegExp(`${gamma}.* migration 0001-leads-\\w+: .*\\(42P07\\)`));
    expect(await migrations.status(released.cell)).toMatchObject({ outcome: 'failed', failure: { host: gamma } });
    expect(await released.client.find(gamma)).toMatchObject({ migration: { outcome: 'failed' } });

    await asMaster(gamma, 'DROP TABLE leads');
    const { executionArn } = (await migrations.status(released.cell)) ?? { executionArn: '' };
    expect(await released.client.redrive({ executionArn })).toMatchObject({ how: 'redriven' });
    expect(await released.client.follow(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await migrations.status(released.cell)).toMatchObject({
      outcome: 'completed',
      counts: { failed: 0, left: 0 },
    });
    await eventually('pages of all tenants', async () => {
      const pages = await Promise.all([acme, beta, gamma, delta].map(pageOf));
      return pages.every((page) => page === 200) || undefined;
    });
  });
});

test('a release reaches every tenant ring by ring, and no visitor’s request fails', async () => {
  const { digest, releaseId, run, visits } = await released.release('good');
  expect([run.status, run.failure]).toEqual(['SUCCEEDED', undefined]);
  expect(await released.live()).toMatchObject({ colour: 'green', digest, releaseId });
  expect(visits.failed).toBe(0);
  expect(visits.requests).toBeGreaterThan(100);
  // The version before, and the new one: never a third.
  expect([...visits.answers.keys()]).toEqual([expect.not.stringContaining(digest), `200 ${digest}`]);
  const claim = await readClaim(released.client.table, released.cell.name);
  expect(claim).toMatchObject({
    outcome: 'completed',
    rings: [
      { ring: 0, tenants: 0 },
      { ring: 1, tenants: 2 },
      { ring: 3, tenants: 2 },
    ],
  });
});

test('the same release, started again, does nothing; a release of a cell that another one has fails and names it', async () => {
  const { digest, releaseId } = (await readClaim(released.client.table, released.cell.name)) ?? {};
  const request = { cell: released.cell.name, digest, releaseId };
  const stateMachineArn = released.platform.outputs.releaseMachineArn;
  const again = await released.client.follow(await released.client.start(request, { stateMachineArn }));
  expect([again.status, await released.live()]).toEqual([
    'SUCCEEDED',
    expect.objectContaining({ colour: 'green', digest }),
  ]);
  // The first release is stopped right after it has claimed the cell, so that the second one meets it.
  const image = await released.push('good');
  const name = `stopped-${image.releaseId}`;
  const executionArn = executionArnOf(stateMachineArn, name);
  const { endpointUrl } = released.platform.outputs;
  await control(endpointUrl, 'tasks', { executionArn, state: 'PrepareTask', fate: 'abort' });
  await released.client.start({ ...image, cell: released.cell.name }, { stateMachineArn, name });
  expect((await released.client.follow(executionArn)).status).toBe('ABORTED');
  expect((await new Releases(released.client).status(released.cell)).stopped).toBe('redrivable');
  const lost = await released.client.follow((await released.begin('good')).executionArn);
  expect(lost).toMatchObject({
    status: 'FAILED',
    failure: { error: 'ReleaseUnderWay', reason: expect.stringContaining('has cell c1') },
  });
  await released.client.sfn.send(new RedriveExecutionCommand({ executionArn }));
  expect((await released.client.follow(executionArn)).status).toBe('SUCCEEDED');
});

test('KeepCells removes the former colour’s tasks when its time is over', async () => {
  const lambda = new LambdaClient(released.platform.aws);
  const keep = () =>
    lambda.send(new InvokeCommand({ FunctionName: released.platform.outputs.keepCellsFunctionName, Payload: '{}' }));
  const desired = async () => {
    const services = [released.cell.services.blue, released.cell.services.green];
    const answer = await new ECSClient(released.platform.aws).send(
      new DescribeServicesCommand({ cluster: released.cell.clusterName, services }),
    );
    return answer.services?.map(({ desiredCount = 0 }) => desiredCount) ?? [];
  };
  expect(Math.min(...(await desired()))).toBeGreaterThan(0);
  const { client, name: TableName } = released.client.table;
  await client.send(
    new UpdateCommand({
      ...{ TableName, Key: itemKeys.liveColour(released.cell.name), UpdateExpression: 'SET #idle.#keepUntil = :past' },
      ExpressionAttributeNames: { '#idle': 'idle', '#keepUntil': 'keepUntil' },
      ExpressionAttributeValues: { ':past': '2020-01-01T00:00:00.000Z' },
    }),
  );
  await eventually('tasks of one colour alone', async () => {
    expect((await keep()).FunctionError).toBeUndefined();
    return Math.min(...(await desired())) === 0 || undefined;
  });
  const [idle, serving] = [Math.min(...(await desired())), Math.max(...(await desired()))];
  expect([idle, serving > 0]).toEqual([0, true]);
});

test('an operator moves a tenant again whose rule somebody has changed, and the act is on record', async () => {
  const [tenant] = await tenantsOf(released.client.table, released.cell, ['ACTIVE']);
  if (!tenant) throw new Error('no tenant is in service');
  const { colour } = await released.live();
  const idle = OTHER_COLOUR[colour];
  const elb = new ElasticLoadBalancingV2Client(released.platform.aws);
  const Actions = [{ Type: 'forward', TargetGroupArn: released.cell.targetGroupArns[idle] }] as const;
  await elb.send(new ModifyRuleCommand({ RuleArn: tenant.ruleArn, Actions: [...Actions] }));
  const moved = await new Releases(released.client).retry(tenant.host, 'it was left behind');
  expect(moved).toEqual({ tenantId: tenant.tenantId, host: tenant.host, before: idle, colour });
  const { Rules } = await elb.send(new DescribeRulesCommand({ RuleArns: [tenant.ruleArn ?? ''] }));
  expect(Rules?.[0]?.Actions?.[0]?.TargetGroupArn).toBe(released.cell.targetGroupArns[colour]);
  const { entries } = await released.client.acts({ tenant: tenant.tenantId });
  expect(entries).toContainEqual(expect.objectContaining({ kind: 'retry-move', reason: 'it was left behind' }));
});

test('an operator has the deleted rule of a tenant in service made again', async () => {
  const [tenant] = await tenantsOf(released.client.table, released.cell, ['ACTIVE']);
  if (!tenant) throw new Error('no tenant is in service');
  const elb = new ElasticLoadBalancingV2Client(released.platform.aws);
  await elb.send(new DeleteRuleCommand({ RuleArn: tenant.ruleArn }));
  const answers = (status: number) =>
    eventually(`${status} of ${tenant.host}`, async () => {
      const page = await requestPage(released.platform.outputs.loadBalancerUrl, tenant.host);
      return page.status === status || undefined;
    });
  await answers(404);
  const { colour } = await released.live();
  const moved = await new Releases(released.client).retry(tenant.host, 'its rule was deleted');
  expect(moved).toEqual({ tenantId: tenant.tenantId, host: tenant.host, colour });
  await answers(200);
  const again = await tenantsOf(released.client.table, released.cell, ['ACTIVE']);
  const { ruleArn } = again.find(({ tenantId }) => tenantId === tenant.tenantId) ?? {};
  const { Rules } = await elb.send(new DescribeRulesCommand({ RuleArns: [ruleArn ?? ''] }));
  expect(Rules?.[0]).toMatchObject({ Priority: String(tenant.slot?.priority) });
}, 60_000);

test('a change of the service that is pushed and approved reaches every tenant through the pipeline', async () => {
  const pipeline = new ReleasePipeline(released.platform.aws);
  // The images of the tests above have been pushed, too, and their executions wait.
  await pipeline.clear('the test pushes another image');
  const since = new Date();
  const digest = await pushVersion(released.platform, 'good', 'pushed');
  const execution = await pipeline.begun(digest, since);
  const approval = await pipeline.approvalOf(execution);
  if (approval === 'none') throw new Error('the execution has ended without an approval');
  expect(await released.live()).not.toMatchObject({ digest });
  await pipeline.approve(approval, 'seen in dev');
  expect(await pipeline.ended(execution)).toBe('Succeeded');
  expect(await released.live()).toMatchObject({ digest, releaseId: `p-${execution}` });
  const visitors = released.visitors(5);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([...(await visitors.stop()).answers.keys()]).toEqual([`200 ${digest}`]);
});
