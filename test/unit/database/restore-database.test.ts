import type * as z from 'zod';
import { tenantIdOf, tenantNames } from '../../../functions/contract/naming';
import { itemKeys, stateKeys, type TenantRecord } from '../../../functions/contract/records';
import type { CopyDataInput, StepTaken } from '../../../functions/database/copy-call';
import { restoreDatabase } from '../../../functions/database/restore-database';
import { ACCOUNT_ID, aTenantRecord, NOW, REGION } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { SESSION } from '../../support/tenant-world';

const tenantId = tenantIdOf('acme');
const [OWN, RESTORED] = [tenantNames.database(tenantId), tenantNames.restored(tenantId)];
const TO = '2026-03-01T11:00:00.000Z';
const hours = (n: number) => new Date(Date.parse(TO) + n * 3_600_000);

type Step = z.output<typeof CopyDataInput>['step'];

interface Instance {
  readonly DBInstanceIdentifier: string;
  readonly DbiResourceId: string;
  DBInstanceStatus: string;
  password: string;
  data: string;
  readonly [other: string]: unknown;
}

/** A tenant whose database has lost a lead since `TO`, and RDS with its backups. */
class Scene {
  readonly table = new FakeTable();
  readonly instances = new Map<string, Instance>();
  /** Of each copy, what the tenant's database had before. */
  readonly replaced: string[] = [];
  private made = 0;

  constructor(record: Partial<TenantRecord> = {}) {
    const base = { tenantId, subdomain: 'acme', status: 'ACTIVE', activatedAt: NOW, keyArn: 'arn:key' } as const;
    this.put({ ...base, ...record });
    this.instances.set(OWN, {
      ...{ DBInstanceIdentifier: OWN, DbiResourceId: 'db-OWN', DBInstanceStatus: 'available', password: 'own' },
      ...{ data: 'after the loss', InstanceCreateTime: hours(-24), LatestRestorableTime: hours(1) },
      ...{ BackupRetentionPeriod: 7, AllocatedStorage: 20, DBSubnetGroup: { DBSubnetGroupName: 'tenant-subnets' } },
      ...{ VpcSecurityGroups: [{ VpcSecurityGroupId: 'sg-1' }] },
      DBParameterGroups: [{ DBParameterGroupName: 'tenant-parameters' }],
    });
  }

  private put(record: Parameters<typeof aTenantRecord>[0]): void {
    const whole = aTenantRecord(record);
    this.table.put({ ...itemKeys.tenant(tenantId), ...stateKeys.tenant(whole.status, tenantId), ...whole });
  }

  suspend(): void {
    this.put({ ...this.record, status: 'SUSPENDED', suspension: { at: NOW, by: 'jane', reason: 'restore' } });
  }

  get record(): TenantRecord {
    return aTenantRecord(this.table.get(itemKeys.tenant(tenantId)) as Partial<TenantRecord>);
  }
  get restored(): Instance | undefined {
    return this.instances.get(RESTORED);
  }
  get own(): string | undefined {
    return this.instances.get(OWN)?.data;
  }

  private named(id: string): Instance | Error {
    return this.instances.get(id) ?? awsError('DBInstanceNotFoundFault');
  }

  readonly sts = new FakeClient({ AssumeRoleCommand: { Credentials: SESSION } });
  readonly rds = new FakeClient({
    DescribeDBInstancesCommand: ({ DBInstanceIdentifier }: { DBInstanceIdentifier: string }) => {
      const found = this.named(DBInstanceIdentifier);
      return found instanceof Error ? found : { DBInstances: [{ ...found, Endpoint: { Address: 'r', Port: 5432 } }] };
    },
    RestoreDBInstanceToPointInTimeCommand: (input: { Tags: unknown; RestoreTime: Date }) => {
      if (this.restored) return awsError('DBInstanceAlreadyExistsFault');
      this.made += 1;
      this.instances.set(RESTORED, {
        ...{ DBInstanceIdentifier: RESTORED, DbiResourceId: `db-R${this.made}`, DBInstanceStatus: 'creating' },
        ...{ password: 'of then', data: `as at ${input.RestoreTime.toISOString()}`, TagList: input.Tags },
      });
      return {};
    },
    ModifyDBInstanceCommand: (input: { DBInstanceIdentifier: string; MasterUserPassword: string }) => {
      const found = this.named(input.DBInstanceIdentifier);
      if (found instanceof Error) return found;
      found.password = input.MasterUserPassword;
      return {};
    },
    DescribeDBInstanceAutomatedBackupsCommand: () => ({ DBInstanceAutomatedBackups: this.retained }),
    DeleteDBInstanceCommand: ({ DBInstanceIdentifier: id }: { DBInstanceIdentifier: string }) =>
      this.instances.delete(id) ? {} : awsError('DBInstanceNotFoundFault'),
  });
  /** Automated backups that RDS has kept of an instance that is gone. */
  retained: { DBInstanceAutomatedBackupsArn: string; RestoreWindow: { EarliestTime: Date; LatestTime: Date } }[] = [];
  readonly cloudformation = new FakeClient({
    DescribeStacksCommand: ({ StackName }: { StackName: string }) => {
      const outputs: Record<string, string> = StackName.endsWith('-network')
        ? { DatabaseSecurityGroupId: 'sg-1' }
        : { SubnetGroupName: 'tenant-subnets', ParameterGroupName: 'tenant-parameters' };
      const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
      return { Stacks: [{ Outputs }] };
    },
  });
  /** Chunks of a restored instance that are beside the tenant's rows. */
  staged: { readonly instance: string; readonly chunks: number } | undefined;
  /** PrepareDatabase, of which each call has time for one of three chunks. */
  private steps(step: Step): StepTaken | 'AccessDenied' | 'InvalidRequest' {
    const own = this.instances.get(OWN);
    if (!own) return 'AccessDenied';
    if (step.is === 'drop') {
      const was = this.staged;
      this.staged = undefined;
      return { is: was ? 'dropped' : 'nothing', rows: 0 };
    }
    const ours = this.staged?.instance === step.instance ? this.staged.chunks : 0;
    if (this.placed === step.instance) return { is: 'switched', rows: 3 };
    if (step.is === 'switch') {
      if (this.record.status !== 'SUSPENDED') return 'InvalidRequest';
      if (ours < 3) return { is: 'staging', rows: 0 };
      this.waits -= 1;
      if (this.waits >= 0) return { is: 'switching', rows: 0 };
      this.replaced.push(own.data);
      own.data = this.restored?.data ?? '';
      this.placed = step.instance;
      this.staged = undefined;
      return { is: 'switched', rows: 3 };
    }
    if (step.from.password !== this.restored?.password || step.gib !== 20) return 'AccessDenied';
    this.staged = { instance: step.instance, chunks: Math.min(3, ours + 1) };
    return { is: this.staged.chunks < 3 ? 'staging' : 'staged', rows: this.staged.chunks };
  }
  /** The restored instance whose rows were put in place, and calls for which the server is not done with that. */
  placed = '';
  waits = 1;
  readonly lambda = new FakeClient({
    InvokeCommand: ({ Payload }: { Payload: string }) => {
      const taken = this.steps(JSON.parse(Payload).step);
      const answer = typeof taken === 'string' ? { errorType: taken } : { tenantId, ...taken };
      const failed = typeof taken === 'string' ? { FunctionError: 'Unhandled' } : {};
      return { ...failed, Payload: Buffer.from(JSON.stringify(answer)) };
    },
  });

  readonly pauses: number[] = [];
  readonly deps = {
    ...{ table: this.table, accountId: ACCOUNT_ID, region: REGION, sts: this.sts, rdsAs: () => this.rds },
    ...{ lambda: this.lambda, prepareDatabaseFunction: 'PrepareDatabase', now: () => hours(2) },
    cloudformation: this.cloudformation,
    pause: async (ms: number) => {
      this.pauses.push(ms);
    },
  };
  readonly fakes = [this.table, this.sts, this.rds, this.lambda];

  restore(to: string | undefined = TO) {
    return restoreDatabase.run(this.deps, { tenant: tenantId, to });
  }
  discard() {
    return restoreDatabase.run(this.deps, { tenant: tenantId });
  }
  available(): void {
    if (this.restored) this.restored.DBInstanceStatus = 'available';
  }
  /** As the command does it: again until it is done. */
  async complete(): Promise<string> {
    for (;;) {
      const { phase } = await this.restore();
      if (phase === 'restoring') this.available();
      else if (phase === 'restored') this.suspend();
      else if (!['copying', 'switching', 'copied'].includes(phase)) return phase;
    }
  }
}

test('the tenant’s data is that of the time, and nothing is left of the restored instance', async () => {
  const scene = new Scene();
  expect(await scene.restore()).toMatchObject({ phase: 'restoring', instanceId: RESTORED });
  expect(await scene.restore()).toMatchObject({ phase: 'restoring' });
  expect(scene.record.restoring).toEqual({ to: TO, at: hours(2).toISOString() });
  scene.available();
  for (const rows of [1, 2]) expect(await scene.restore()).toMatchObject({ phase: 'copying', rows });
  expect(await scene.restore()).toMatchObject({ phase: 'restored', rows: 3 });
  expect(scene.own).toBe('after the loss');
  scene.suspend();
  expect(await scene.restore()).toMatchObject({ phase: 'switching' });
  expect(await scene.restore()).toMatchObject({ phase: 'done', rows: 3, suspension: 'restore' });
  expect(scene.own).toBe(`as at ${TO}`);
  expect(scene.restored).toBeUndefined();
  expect(scene.record.restoration).toEqual({ to: TO, at: hours(2).toISOString(), rows: 3, from: 'db-R1' });
  expect(scene.record.restoring).toBeUndefined();
});

test('the restored instance is as closed as the tenant’s own, and carries its tag', async () => {
  const scene = new Scene();
  await scene.restore();
  expect(scene.rds.inputs('RestoreDBInstanceToPointInTimeCommand')).toEqual([
    {
      ...{ SourceDBInstanceIdentifier: OWN, TargetDBInstanceIdentifier: RESTORED, RestoreTime: new Date(TO) },
      ...{
        DBSubnetGroupName: 'tenant-subnets',
        VpcSecurityGroupIds: ['sg-1'],
        DBParameterGroupName: 'tenant-parameters',
      },
      ...{ PubliclyAccessible: false, MultiAZ: false, EnableIAMDatabaseAuthentication: true },
      ...{ BackupRetentionPeriod: 0, CopyTagsToSnapshot: true },
      Tags: [
        { Key: 'tenantId', Value: tenantId },
        { Key: 'restoredTo', Value: TO },
      ],
    },
  ]);
});

test('its session is limited to the tenant’s two instances and key', async () => {
  const scene = new Scene();
  await scene.restore();
  const [{ RoleArn, Policy } = {}] = scene.sts.inputs('AssumeRoleCommand');
  expect(RoleArn).toBe(`arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-break-glass`);
  const { Statement } = JSON.parse(String(Policy)) as { Statement: { Action: string[]; Resource: string[] }[] };
  const resourcesOf = (action: string) => Statement.find(({ Action }) => Action.includes(action))?.Resource;
  expect(resourcesOf('rds:DeleteDBInstance')).toEqual([`arn:aws:rds:${REGION}:${ACCOUNT_ID}:db:${RESTORED}`]);
  expect(resourcesOf('kms:CreateGrant')).toEqual(['arn:key']);
  expect(String(Policy).length).toBeLessThan(2048);
});

test('a restore that dies at any call is taken up by the next one, and copies once it is known to have copied', async () => {
  const phases = {
    begun: (scene: Scene) => scene,
    available: async (scene: Scene) => {
      await scene.restore();
      scene.available();
      return scene;
    },
    suspended: async (scene: Scene) => {
      await scene.restore();
      scene.available();
      for (let at = 0; at < 3; at += 1) await scene.restore();
      scene.suspend();
      scene.waits = 0;
      return scene;
    },
  };
  for (const [name, arrange] of Object.entries(phases)) {
    const deaths = await dieAtEachCall(
      async () => {
        const scene = await arrange(new Scene());
        return Object.assign(scene, { run: () => scene.restore() });
      },
      async (scene) => {
        const recorded = scene.record.restoration !== undefined;
        const copies = scene.replaced.length;
        await scene.complete();
        expect(scene.own).toBe(`as at ${TO}`);
        expect(scene.restored).toBeUndefined();
        expect(scene.record).toMatchObject({ restoration: { to: TO } });
        expect(scene.record.restoring).toBeUndefined();
        if (recorded) expect(scene.replaced).toHaveLength(copies);
      },
    );
    expect([name, deaths.length > 4]).toEqual([name, true]);
    if (name !== 'begun') expect(deaths).toContain('after InvokeCommand');
  }
});

test('a lead that comes after the restore is not lost by the same command again', async () => {
  const scene = new Scene();
  await scene.complete();
  const own = scene.instances.get(OWN);
  if (own) own.data = 'a new lead';
  expect(await scene.restore()).toMatchObject({ phase: 'done' });
  scene.table.put({ ...scene.table.get(itemKeys.tenant(tenantId)), ...itemKeys.tenant(tenantId), status: 'ACTIVE' });
  expect(await scene.restore()).toMatchObject({ phase: 'nothing', rows: 3 });
  expect([scene.own, scene.restored]).toEqual(['a new lead', undefined]);
});

test('a restored instance that is not wanted any more is deleted, and the tenant’s data stays', async () => {
  const scene = new Scene();
  expect(await scene.discard()).toMatchObject({ phase: 'nothing' });
  await scene.restore();
  scene.available();
  await scene.restore();
  expect(scene.staged).toMatchObject({ chunks: 1 });
  expect(await scene.discard()).toMatchObject({ phase: 'done' });
  const left = [scene.own, scene.restored, scene.record.restoring, scene.staged];
  expect(left).toEqual(['after the loss', undefined, undefined, undefined]);
});

test.each([
  'incompatible-restore',
  'incompatible-network',
  'insufficient-capacity',
  'storage-full',
  'stopped',
  'failed',
])('a restored instance that is %s is not waited for: the refusal says so, and it can be discarded', async (status) => {
  const scene = new Scene();
  await scene.restore();
  if (scene.restored) scene.restored.DBInstanceStatus = status;
  await expect(scene.restore()).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: expect.stringMatching(new RegExp(`^${RESTORED} is ${status}.*discard it`)),
  });
  expect(await scene.discard()).toMatchObject({ phase: 'done' });
  expect([scene.restored, scene.own]).toEqual([undefined, 'after the loss']);
});

test('a restored instance that was discarded is waited for until it is gone', async () => {
  const scene = new Scene();
  await scene.restore();
  if (scene.restored) scene.restored.DBInstanceStatus = 'deleting';
  expect(await scene.restore()).toMatchObject({ phase: 'restoring' });
});

test('rows that a restore has left in the database are dropped, whatever else is left of it', async () => {
  const scene = new Scene();
  scene.staged = { instance: 'db-FORMER', chunks: 2 };
  expect(await scene.discard()).toMatchObject({ phase: 'done' });
  expect(scene.staged).toBeUndefined();
});

test('a tenant that is resumed by hand after its rows were replaced is suspended before the restore goes on', async () => {
  const scene = new Scene();
  await scene.restore();
  scene.available();
  scene.placed = scene.restored?.DbiResourceId ?? '';
  expect(await scene.restore()).toMatchObject({ phase: 'restored', rows: 3 });
  expect(scene.record.restoration).toBeUndefined();
});

describe('of an instance that is gone', () => {
  const gone = () => {
    const scene = new Scene();
    scene.instances.delete(OWN);
    return scene;
  };
  const backup = (from: number, to: number) => ({
    DBInstanceAutomatedBackupsArn: `arn:aws:rds:auto-backup:ab-${from}`,
    RestoreWindow: { EarliestTime: hours(from), LatestTime: hours(to) },
  });

  test.each([
    ['nothing was kept', [], /^to: tenant-\S+ is gone: .* "A lost database" .* kept no automated backups of it$/],
    ['that time was not kept', [backup(-9, -1)], /can restore 2026-03-01T02:00:00.000Z to 2026-03-01T10:00:00.000Z$/],
  ])('%s: the refusal says so, and nothing is made', async (_, retained, words) => {
    const scene = gone();
    scene.retained = retained;
    await expect(scene.restore()).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: expect.stringMatching(words),
    });
    expect([scene.restored, scene.record.restoring]).toEqual([undefined, undefined]);
  });

  test('the data is brought to safety, waits for an instance that is made anew, and fills that', async () => {
    const scene = gone();
    scene.retained = [backup(-9, -1), backup(-5, 5)];
    expect(await scene.restore()).toMatchObject({ phase: 'restoring' });
    expect(scene.rds.inputs('RestoreDBInstanceToPointInTimeCommand')).toMatchObject([
      {
        ...{ SourceDBInstanceAutomatedBackupsArn: 'arn:aws:rds:auto-backup:ab--5', RestoreTime: new Date(TO) },
        ...{ VpcSecurityGroupIds: ['sg-1'], DBSubnetGroupName: 'tenant-subnets' },
        ...{ DBParameterGroupName: 'tenant-parameters', PubliclyAccessible: false },
      },
    ]);
    scene.available();
    const waits = {
      name: 'InvalidRequest',
      message: expect.stringMatching(/has the data of .* and keeps it.*is gone/),
    };
    await expect(scene.restore()).rejects.toMatchObject(waits);
    scene.suspend();
    await expect(scene.restore()).rejects.toMatchObject(waits);
    expect(scene.lambda.sent).toEqual([]);
    const status = { DBInstanceStatus: 'available', password: 'own', data: 'nothing', AllocatedStorage: 20 };
    scene.instances.set(OWN, { DBInstanceIdentifier: OWN, DbiResourceId: 'db-NEW', ...status });
    expect(await scene.complete()).toBe('done');
    expect([scene.own, scene.restored]).toEqual([`as at ${TO}`, undefined]);
  });

  test('data that the lost instance had been given is restored again, also when it was made anew before', async () => {
    for (const isAnew of [false, true]) {
      const scene = new Scene();
      await scene.complete();
      scene.instances.delete(OWN);
      scene.retained = [backup(-9, 5)];
      const anew = () =>
        scene.instances.set(OWN, {
          ...{ DBInstanceIdentifier: OWN, DbiResourceId: 'db-NEW', DBInstanceStatus: 'available', password: 'own' },
          ...{ data: 'nothing', AllocatedStorage: 20, InstanceCreateTime: hours(3), BackupRetentionPeriod: 7 },
          LatestRestorableTime: hours(4),
        });
      if (isAnew) anew();
      expect(await scene.restore()).toMatchObject({ phase: 'restoring' });
      anew();
      expect(await scene.complete()).toBe('done');
      expect([scene.own, scene.replaced]).toEqual([`as at ${TO}`, ['after the loss', 'nothing']]);
    }
  });

  test('a copy that was put into an instance that is lost now is not deleted', async () => {
    const scene = new Scene();
    await scene.restore();
    scene.available();
    const [{ DbiResourceId = '' } = {}] = [scene.restored];
    scene.suspend();
    const restoration = { to: TO, at: hours(2).toISOString(), rows: 3, from: DbiResourceId };
    scene.table.put({ ...scene.table.get(itemKeys.tenant(tenantId)), ...itemKeys.tenant(tenantId), restoration });
    scene.instances.delete(OWN);
    await expect(scene.restore()).rejects.toThrow(/has the data of .* and keeps it/);
    expect(scene.restored).toBeDefined();
  });

  test('what RDS cannot mend is not written to, and a restore of it can be given up', async () => {
    const scene = new Scene();
    await scene.restore();
    scene.available();
    const own = scene.instances.get(OWN);
    if (own) own.DBInstanceStatus = 'failed';
    await expect(scene.restore()).rejects.toThrow(/is failed, which RDS cannot mend; see "A lost database"/);
    expect(await scene.discard()).toMatchObject({ phase: 'done' });
    expect([scene.restored, scene.lambda.sent]).toEqual([undefined, []]);
  });
});

test.each<[string, string, Partial<TenantRecord>]>([
  ['that is none', 'yesterday', {}],
  ['without a zone', '2026-03-01T11:00:00', {}],
  ['to come', hours(3).toISOString(), {}],
  ['that RDS has not stored yet', hours(1.5).toISOString(), {}],
  ['before the database', hours(-25).toISOString(), {}],
  ['of a tenant that is being onboarded', TO, { status: 'ONBOARDING' }],
  ['of a tenant that failed', TO, { status: 'FAILED' }],
])('a time %s is refused before anything is made', async (_, to, record) => {
  const scene = new Scene(record);
  await expect(scene.restore(to)).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: record.status ? expect.stringContaining(record.status) : expect.stringMatching(/^to: /),
  });
  expect(scene.rds.inputs('RestoreDBInstanceToPointInTimeCommand')).toEqual([]);
  expect(scene.restored).toBeUndefined();
});

// On 2026-10-25 this time is there twice in Berlin, and nobody but the operator knows which is meant.
test.each(['2026-10-25T02:30:00', '2026-10-25T02:30 Europe/Berlin', '2026-10-25T02:30:00+0200'])(
  'the time %s is refused: its offset is missing or unreadable, and the refusal says so',
  async (to) => {
    const scene = new Scene();
    await expect(scene.restore(to)).rejects.toThrow('expected a time with its offset, such as 2030-01-01T12:00:00Z or');
    expect(scene.restored).toBeUndefined();
  },
);

test('a time before the days for which backups are kept is refused', async () => {
  const scene = new Scene();
  const own = scene.instances.get(OWN);
  if (own) scene.instances.set(OWN, { ...own, InstanceCreateTime: hours(-24 * 30) });
  await expect(scene.restore(hours(-24 * 8).toISOString())).rejects.toThrow(/^to: the first time/);
  expect(await scene.restore(hours(-24 * 6).toISOString())).toMatchObject({ phase: 'restoring' });
});

test('another time is refused while a restore is under way, and an unknown tenant always', async () => {
  const scene = new Scene();
  await scene.restore();
  scene.suspend();
  scene.available();
  await expect(scene.restore(hours(-1).toISOString())).rejects.toThrow(`${RESTORED} has the data of ${TO}`);
  expect(scene.own).toBe('after the loss');
  const unknown = restoreDatabase.run(scene.deps, { tenant: 'nobody', to: TO });
  await expect(unknown).rejects.toMatchObject({ name: 'InvalidRequest' });
});

test('a password that RDS does not apply in two minutes ends the attempt, and nothing is copied', async () => {
  const scene = new Scene();
  await scene.restore();
  scene.available();
  scene.suspend();
  const restored = scene.restored;
  if (restored) scene.instances.set(RESTORED, { ...restored, PendingModifiedValues: { MasterUserPassword: '****' } });
  await expect(scene.restore()).rejects.toMatchObject({ name: 'TransientConflict' });
  expect(scene.pauses.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(120_000);
  expect(scene.own).toBe('after the loss');
});
