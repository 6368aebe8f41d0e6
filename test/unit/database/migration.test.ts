import { type MigrationClaim, MigrationRequestSchema } from '../../../functions/contract/migration';
import { tenantIdOf } from '../../../functions/contract/naming';
import { itemKeys, type RouteRecord, stateKeys, type TenantRecord } from '../../../functions/contract/records';
import type { Release } from '../../../functions/contract/release';
import { claimMigration } from '../../../functions/database/claim-migration';
import { filesBehind, targetOf } from '../../../functions/database/migration-plan';
import { noticeMigrationEnd } from '../../../functions/database/notice-migration-end';
import { planMigration } from '../../../functions/database/plan-migration';
import { prepareDatabase } from '../../../functions/database/prepare-database';
import { ROLES_REVISION } from '../../../functions/database/release-facts';
import { settleMigration } from '../../../functions/database/settle-migration';
import { stopMigration } from '../../../functions/database/stop-migration';
import { probeColour } from '../../../functions/delivery/probe-colour';
import { openClaim } from '../../../functions/delivery/release-store';
import type { MigrationFile } from '../../../service/migrations/manifest';
import { aCell, aTenantRecord, NOW } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { readable } from '../../support/fake-compute';
import { FakeTable } from '../../support/fake-table';
import { aReleaseRun, DIGEST } from '../../support/release-world';
import { LOGIN_TOKEN, MASTER, SESSION } from '../../support/tenant-world';

const file = (name: string): MigrationFile => ({ name: `${name}-0123456789ab`, text: '' });
const FILES = ['0001-leads', '0002-source', '0003-drop-phone.contract', '0004-score'].map(file);
const [LEADS, SOURCE, DROP, SCORE] = FILES.map(({ name }) => name) as [string, string, string, string];
const run = (name = 'first') => `arn:aws:states:eu-central-1:111122223333:execution:TenantMigration:${name}`;
const cell = aCell().name;
const subdomains = ['acme', 'beta', 'gamma', 'delta'] as const;

const aRelease: Release = {
  ...{ cell: aCell(), from: 'blue', to: 'green', digest: DIGEST, releaseId: 'r1', attempt: 'r1.0' },
};

/** A cell with four tenants in service, one of them suspended, whose databases have the first file. */
class Scene {
  readonly table = new FakeTable({ ...itemKeys.liveColour(cell), colour: 'blue', since: NOW });
  /** What the live version of the service tells at /healthz. */
  liveKnows: string | undefined = SCORE;
  liveStatus = 200;
  readonly sns = new FakeClient({ PublishCommand: {} });
  /** What SetUpDatabase answers for a tenant; the target where nothing is said. */
  readonly answers = new Map<string, object>();
  readonly cellFunctions = new FakeClient({
    InvokeCommand: ({ Payload }: { Payload: string }) => {
      const { tenantId, to } = JSON.parse(Payload) as { tenantId: string; to: string };
      return this.answers.get(tenantId) ?? { Payload: Buffer.from(JSON.stringify({ version: to })) };
    },
  });

  constructor() {
    for (const subdomain of subdomains) {
      const tenantId = tenantIdOf(subdomain);
      const host = `${subdomain}.funnels.example`;
      const status = subdomain === 'delta' ? 'SUSPENDED' : 'ACTIVE';
      const database = { version: LEADS, preparedAt: NOW, seconds: 1 };
      const record = aTenantRecord({ tenantId, subdomain, host, status, activatedAt: NOW, database });
      this.table.put({ ...itemKeys.tenant(tenantId), ...stateKeys.tenant(status, tenantId), ...record });
      const route = {
        host,
        tenantId,
        companyName: subdomain,
        status,
        roleArn: 'arn:role',
        externalId: 'x',
        bucketName: 'b',
        keyArn: 'k',
      };
      this.table.put({ ...itemKeys.route(host), ...route, database: { host: 'db', port: 5432, version: LEADS } });
    }
  }

  get deps() {
    return {
      table: this.table,
      files: FILES,
      compute: { readableCells: readable(aCell()), live: async () => ({ colour: 'blue' as const }) },
      probe: async () => ({ status: this.liveStatus, body: 'ok', version: 'v3', migration: this.liveKnows }),
      sts: new FakeClient({ AssumeRoleCommand: { Credentials: SESSION } }),
      secretsAs: () => new FakeClient({ GetSecretValueCommand: { SecretString: JSON.stringify(MASTER) } }),
      lambda: this.cellFunctions,
      signLogin: async () => LOGIN_TOKEN,
      ...{ secrets: new FakeClient({}), rotationFunction: 'arn:rotate' },
      sns: this.sns,
      topicArn: 'arn:topic',
      runbookUrl: 'https://runbook.acme.io',
      meter: { count: () => {} },
      now: () => new Date(NOW),
    };
  }

  claim(request: object = {}, executionArn = run()) {
    return claimMigration.run(this.deps, { executionArn, request: { cell, ...request } });
  }

  /** As the machine does it: in turn, the first failure stops the rest. */
  async migrate(request: object = {}, executionArn = run()) {
    const migration = await this.claim(request, executionArn);
    const plan = await planMigration.run(this.deps, { ...migration, to: migration.target });
    const outcomes: string[] = [];
    for (const { tenantId } of plan.behind) {
      const given = { executionArn, migration, tenantId };
      const done = await prepareDatabase.run(this.deps, given).catch(async (thrown: Error) => {
        const failure = { step: 'MigrateTenant', error: thrown.name, reason: thrown.message };
        return await stopMigration.run(this.deps, { ...given, failure });
      });
      if ('outcome' in done) outcomes.push(done.outcome);
    }
    const count = (outcome: string) => outcomes.filter((each) => each === outcome).length;
    const counts = { migrated: count('migrated'), left: count('left'), failed: count('failed') };
    const { current, unreadable } = plan;
    return settleMigration.run(this.deps, { executionArn, migration, counts, current, unreadable, failure: null });
  }

  fails(subdomain: string, errorType: string, errorMessage: string): void {
    const Payload = Buffer.from(JSON.stringify({ errorType, errorMessage }));
    this.answers.set(tenantIdOf(subdomain), { FunctionError: 'Unhandled', Payload });
  }

  record = (subdomain: string) => this.table.get(itemKeys.tenant(tenantIdOf(subdomain))) as unknown as TenantRecord;
  route = (subdomain: string) =>
    this.table.get(itemKeys.route(`${subdomain}.funnels.example`)) as unknown as RouteRecord;
  claimNow = () => this.table.get(itemKeys.migration(cell)) as unknown as MigrationClaim;
  versions = () => Object.fromEntries(subdomains.map((name) => [name, this.route(name).database?.version]));
  release() {
    return openClaim(this.table, { release: aRelease, executionArn: aReleaseRun() }, NOW);
  }
}

const all = (version: string) => Object.fromEntries(subdomains.map((name) => [name, version]));
let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});

describe('the last file of a run', () => {
  const target = (wanted: object, contracted?: string) =>
    targetOf(FILES, MigrationRequestSchema.parse({ cell, ...wanted }), contracted);

  test.each([
    [{ phase: 'expand' }, undefined, SOURCE],
    [{ phase: 'expand' }, DROP, SCORE],
    [{ phase: 'expand', to: '0001-leads' }, undefined, LEADS],
    [{ phase: 'contract' }, undefined, DROP],
    [{ phase: 'contract' }, DROP, SCORE],
    [{ phase: 'contract', to: '0003-drop-phone.contract.sql' }, undefined, DROP],
  ])('of %j, when the cell has contracted %s, is %s', (wanted, contracted, expected) => {
    expect(target(wanted, contracted)).toBe(expected);
  });

  test.each([
    [{ phase: 'expand', to: '0004-score' }, 'contract to it first'],
    [{ phase: 'expand', to: '0009-none' }, 'no migration is called 0009-none'],
  ])('of %j is refused: %s', (wanted, why) => {
    expect(() => target(wanted)).toThrow(why);
  });

  test('of a contraction must be named when several migrations remove something', () => {
    const more = [...FILES, file('0005-drop-name.contract')];
    expect(() => targetOf(more, { phase: 'contract' }, undefined)).toThrow('name the last with --to');
  });

  test('leaves a database that is ahead alone', () => {
    expect(filesBehind(FILES, '0009-later-0123456789ab', SCORE)).toEqual([]);
    expect(filesBehind(FILES, undefined, SOURCE)).toEqual([LEADS, SOURCE]);
  });
});

test('expands every tenant in service, and contracts after the release', async () => {
  expect(await scene.migrate()).toMatchObject({ target: SOURCE, migrated: 4, failed: 0, left: 0, failure: null });
  expect(scene.versions()).toEqual(all(SOURCE));
  expect(scene.record('acme')).toMatchObject({
    database: { version: SOURCE, preparedAt: NOW, roles: ROLES_REVISION },
    migration: { by: run(), outcome: 'migrated', target: SOURCE, seconds: 0 },
  });
  expect(await scene.migrate({ phase: 'contract' })).toMatchObject({ target: DROP, migrated: 4 });
  expect(scene.claimNow()).toMatchObject({
    outcome: 'completed',
    contracted: DROP,
    counts: { migrated: 4, current: 0 },
  });
  expect(await scene.migrate({ phase: 'expand' })).toMatchObject({ target: SCORE, migrated: 4 });
  expect(await scene.migrate()).toMatchObject({ migrated: 0, current: 4 });
});

test('a tenant with the roles of an earlier release is migrated, though it lacks no file', async () => {
  await scene.migrate();
  const record = scene.record('beta');
  scene.table.put({ ...record, database: { ...record.database, roles: ROLES_REVISION - 1 } });
  const { behind } = await planMigration.run(scene.deps, { cell, phase: 'expand' });
  expect(behind).toMatchObject([{ tenantId: tenantIdOf('beta'), files: [] }]);
  expect(await scene.migrate()).toMatchObject({ migrated: 1, current: 3 });
  expect(scene.record('beta').database?.roles).toBe(ROLES_REVISION);
});

test('a file that could not run to its end is refused before any tenant gets one', async () => {
  const broken: MigrationFile = { name: SOURCE, text: 'ALTER TABLE leads ADD source text; COMMIT' };
  const deps = { ...scene.deps, files: FILES.map((each) => (each.name === SOURCE ? broken : each)) };
  const plan = () => planMigration.run(deps, { cell, phase: 'expand' });
  await expect(plan()).rejects.toMatchObject({
    name: 'MigrationFailed',
    message: `migration ${SOURCE}: COMMIT ends or begins a transaction, which the run does`,
  });
  await scene.migrate();
  expect(await plan()).toMatchObject({ behind: [], current: 4 });
});

test('asks for limits that spare the application, and hands over what PrepareDatabase hands over', async () => {
  await scene.migrate();
  const { FunctionName, Payload } = scene.cellFunctions.inputs('InvokeCommand')[0] ?? {};
  expect(FunctionName).toBe(`tenant-onboarding-SetUpDatabase-${cell}`);
  expect(JSON.parse(String(Payload))).toMatchObject({
    living: true,
    to: SOURCE,
    host: 'db',
    port: 5432,
    token: LOGIN_TOKEN,
  });
});

test('makes the roles of an earlier release anew, and leaves those that are on record as this release’s', async () => {
  const handedOver = () =>
    scene.cellFunctions.inputs('InvokeCommand').map(({ Payload }) => JSON.parse(String(Payload)).rolesAreMade);
  await scene.migrate();
  expect(handedOver()).toEqual([false, false, false, false]);
  await scene.migrate({ phase: 'contract' });
  expect(handedOver().slice(4)).toEqual([true, true, true, true]);
});

test('a tenant that fails stops the rest; the message names it, the file and the SQL state; a run after the mend finishes', async () => {
  const why = 'SetUpDatabase of cell cell1: migration 0002-source-0123456789ab: syntax error (42601)';
  const third = (await planMigration.run(scene.deps, { cell, phase: 'expand' })).behind[2]?.host.split('.')[0] ?? '';
  scene.fails(third, 'MigrationFailed', why.replace('SetUpDatabase of cell cell1: ', ''));
  const { failure, ...counts } = await scene.migrate();
  expect(counts).toMatchObject({ migrated: 2, failed: 1, left: 1 });
  expect(failure).toMatchObject({
    error: 'MigrationFailed',
    cause: expect.stringContaining(`${third}.funnels.example`),
  });
  expect(failure?.cause).toContain(why);
  const { Subject, Message } = scene.sns.inputs('PublishCommand')[0] ?? {};
  expect(Subject).toBe(`Migration failed: ${third}.funnels.example`);
  expect(Message).toMatch(/0002-source.*\(42601\).*2 tenants migrated, 1 failed, 1 left.*#migration-failed/s);
  expect(scene.record(third).migration).toMatchObject({ outcome: 'failed', target: SOURCE, reason: why });
  expect(scene.route(third).database?.version).toBe(LEADS);
  expect(scene.claimNow()).toMatchObject({ outcome: 'failed', failure: { host: `${third}.funnels.example` } });

  scene.answers.clear();
  const before = scene.cellFunctions.sent.length;
  expect(await scene.migrate()).toMatchObject({ migrated: 2, current: 2, failure: null });
  expect(scene.cellFunctions.sent.length - before).toBe(2);
  expect(scene.versions()).toEqual(all(SOURCE));
});

test('of fifty runs that start at once one gets the cell, and the others name it', async () => {
  const starts = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => scene.claim({}, run(`run-${n}`))));
  expect(starts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const { executionArn } = scene.claimNow();
  for (const start of starts)
    if (start.status === 'rejected')
      expect(start.reason).toMatchObject({ name: 'MigrationUnderWay', message: expect.stringContaining(executionArn) });
});

test('no release begins while tenants are being migrated, and nothing is removed during a release', async () => {
  await scene.claim();
  await expect(scene.release()).rejects.toMatchObject({
    name: 'MigrationUnderWay',
    message: expect.stringContaining(run()),
  });
  scene.table.put({ ...scene.claimNow(), endedAt: NOW } as never);
  await scene.release();
  await expect(scene.claim({ phase: 'contract' })).rejects.toMatchObject({ name: 'ReleaseUnderWay' });
  await expect(scene.claim({ phase: 'expand' })).resolves.toMatchObject({ target: SOURCE });
});

test.each([
  [SOURCE, 200, 'InvalidRequest'],
  [undefined, 200, 'InvalidRequest'],
  [SCORE, 503, 'TransientServiceUnsteady'],
])('nothing is removed that the live version may need: it knows %s and answers %i', async (knows, status, name) => {
  scene.liveKnows = knows;
  scene.liveStatus = status;
  await expect(scene.claim({ phase: 'contract' })).rejects.toMatchObject({ name });
  expect(scene.claimNow()).toBeUndefined();
  await expect(scene.claim({ phase: 'expand' })).resolves.toMatchObject({ target: SOURCE });
});

test.each([
  [SOURCE, 'ImageUnusable'],
  [DROP, undefined],
])('no image is released that does not know what was removed: it knows %s', async (knows, error) => {
  await scene.migrate({ phase: 'contract' });
  await scene.release();
  const probe = async () => ({ status: 200, body: 'ok', version: DIGEST, migration: knows });
  const given = { release: aRelease, executionArn: aReleaseRun() };
  const probing = probeColour.run({ table: scene.table, probe }, given).catch(({ name }: Error) => ({ name }));
  expect(await probing).toEqual(error ? { name: error } : { probed: 3 });
});

test('a run that was stopped is noted, and another may take the cell; the stopped one changes nothing any more', async () => {
  const migration = await scene.claim();
  const failure = { step: 'MigrateTenants', error: 'RunAborted', reason: 'stopped' };
  const end = { executionArn: run(), input: { cell }, failure };
  expect(await noticeMigrationEnd(scene.deps, end)).toBe('unfinished');
  expect(scene.claimNow().unfinished).toMatchObject({ error: 'RunAborted' });
  await scene.claim({}, run('second'));
  expect(await noticeMigrationEnd(scene.deps, end)).toBe('foreign');
  const given = { executionArn: run(), migration, tenantId: tenantIdOf('acme') };
  await expect(prepareDatabase.run(scene.deps, given)).rejects.toMatchObject({ name: 'ClaimLost' });
});

test('leaves a tenant alone that is of another cell or not in service any more', async () => {
  const migration = await scene.claim();
  const record = scene.record('acme');
  scene.table.put({ ...record, status: 'FAILED' } as never);
  const given = { executionArn: run(), migration, tenantId: tenantIdOf('acme') };
  expect(await prepareDatabase.run(scene.deps, given)).toMatchObject({ outcome: 'left' });
  expect(scene.cellFunctions.sent).toHaveLength(0);
});

test.each([
  [{ cell: '' }, 'InvalidRequest'],
  [{ phase: 'sideways' }, 'InvalidRequest'],
  [{ cell: 'elsewhere' }, 'ConfigurationInvalid'],
])('refuses %j', async (request, name) => {
  await expect(scene.claim(request)).rejects.toMatchObject({ name });
});

test('names a record that cannot be read, and migrates the others', async () => {
  scene.table.put({ ...scene.record('acme'), plan: 'unheard' } as never);
  expect(await scene.migrate()).toMatchObject({ migrated: 3, unreadable: [tenantIdOf('acme')] });
});
