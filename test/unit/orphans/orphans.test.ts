import { tenantIdOf, tenantNames } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { everyKind, type OrphansDeps, orphans } from '../../../functions/orphans/orphans';
import { witnessFor } from '../../../functions/orphans/second-witness';
import { ACCOUNT_ID, aCell, anExecution, aTenantRecord, NOW, REGION } from '../../support/builders';
import { FakeAccount } from '../../support/fake-account';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeCompute } from '../../support/fake-compute';
import { FakeTable } from '../../support/fake-table';

const now = new Date(NOW);
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();

function aScene(onOrphan: 'report' | 'remove' = 'report') {
  const table = new FakeTable();
  const account = new FakeAccount(table);
  const counted: Record<string, number> = {};
  const compute = new FakeCompute();
  const platform = { accountId: ACCOUNT_ID, region: REGION, stackRoleArn: 'arn:stack-role' };
  const { elb, zone, cloudformation, s3, rds, iam, secrets, logs, kms, tagging } = account;
  const deps: OrphansDeps = {
    table,
    compute,
    onOrphan,
    witness: async () => undefined,
    kinds: everyKind({
      table,
      compute,
      platform,
      elb,
      zone,
      cloudformation,
      s3,
      rds,
      iam,
      secrets,
      logs,
      kms,
      tagging,
    }),
    meter: {
      count: (name, value) => {
        counted[name] = value;
      },
    },
    now: () => now,
  };
  let slot = 0;
  const { slot: _, ...released } = aTenantRecord();
  const run = async () => {
    const found = await orphans.run(deps, {});
    return { ...found, orphans: found.orphans.map(({ kind, id }) => [kind, id] as [string, string]) };
  };
  return {
    ...{ table, account, counted, deps, run },
    /** A tenant with a record, and with everything a tenant may have. */
    tenant: (name: string, record: object) => {
      const tenantId = tenantIdOf(name);
      table.put({ ...itemKeys.tenant(tenantId), ...released, tenantId, signupId: name, ...record });
      slot += 1;
      return account.fill(tenantId, slot);
    },
    /** One that no record names. */
    stranger: (tenantId: string) => {
      slot += 1;
      return account.fill(tenantId, slot);
    },
  };
}

const failed = { status: 'FAILED', updatedAt: hoursAgo(2) };
const sorted = (things: [string, string][]) => things.map((thing) => thing.join(' ')).sort();

describe('Orphans', () => {
  it('G4: counts a record that cannot be parsed, keeps that tenant’s resources, and finds orphans of others', async () => {
    const { tenant, run, counted } = aScene('remove');
    tenant('a', { ...failed, subdomain: 7 });
    const left = tenant('b', failed);
    const found = await run();
    expect(sorted(found.orphans)).toEqual(sorted(left));
    expect(counted).toMatchObject({ UnreadableItems: 1, OrphanSearchesDone: 1 });
  });

  it.each(['ONBOARDING', 'ACTIVE', 'ROLLING_BACK', 'HELD', 'SUSPENDED'])(
    'reports nothing of a tenant that is %s',
    async (status) => {
      const { tenant, run, counted } = aScene('remove');
      const things = tenant('a', { status, updatedAt: hoursAgo(1000) });
      await expect(run()).resolves.toEqual({ seen: things.length, orphans: [] });
      expect(counted).toEqual({ Orphans: 0, OrphanSearchesDone: 1 });
    },
  );

  it('reports nothing of a cell’s decoy, and nothing of a run that failed a moment ago', async () => {
    const { tenant, stranger, run } = aScene('remove');
    stranger(aCell().decoy.tenantId);
    tenant('a', { status: 'FAILED', updatedAt: hoursAgo(0.5) });
    expect((await run()).orphans).toEqual([]);
  });

  it('reports each resource of a tenant whose rollback ended long ago, on any page of the search', async () => {
    const { tenant, run, account, table, counted } = aScene();
    tenant('living', { status: 'ACTIVE' });
    const left = tenant('a', failed);
    tenant('held', { status: 'HELD' });
    const before = [account.things.size, table.items.size];
    const found = await run();
    expect(sorted(found.orphans)).toEqual(sorted(left));
    expect(counted).toEqual({ Orphans: left.length, OrphanSearchesDone: 1 });
    expect([account.things.size, table.items.size]).toEqual(before);
  });

  it('reports resources of a refused signup, and of tenants without a record', async () => {
    const { stranger, run, table } = aScene();
    const refused = tenantIdOf('refused');
    const { failure: _, ...base } = aTenantRecord();
    const failure = { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'x', outcome: 'refused', at: NOW };
    table.put({ ...itemKeys.tenant(refused), ...base, ...failed, tenantId: refused, refused: true, failure });
    const left = [...stranger(refused), ...stranger(tenantIdOf('never'))];
    expect(sorted((await run()).orphans)).toEqual(sorted(left));
  });

  it('T5: reports a second key of a tenant in service, and never removes it', async () => {
    const { tenant, run, account } = aScene('remove');
    const keyArn = 'arn:key/own';
    const things = tenant('living', { status: 'ACTIVE', activatedAt: NOW, keyArn });
    const second = things.filter(([kind]) => kind === 'key');
    expect((await run()).orphans).toEqual(second);
    expect(account.kms.inputs('ScheduleKeyDeletionCommand')).toEqual([]);
    tenant('other', { status: 'ACTIVE', activatedAt: NOW, keyArn: 'arn:key/2' });
    tenant('held', { status: 'HELD', keyArn });
    expect((await run()).orphans).toEqual(second);
  });

  it('ignores a key or a secret in its deletion window', async () => {
    const { tenant, account, run } = aScene();
    const left = tenant('a', failed);
    const idOf = (kind: string) => left.find(([each]) => each === kind)?.[1] ?? '';
    account.set('key', idOf('key'), 'PendingDeletion');
    account.set('secret', idOf('secret'), 'deleted');
    const kinds = (await run()).orphans.map(([kind]) => kind);
    expect(kinds).not.toContain('key');
    expect(kinds).not.toContain('secret');
    expect(kinds).toContain('alias');
  });
});

describe('Orphans, in a stage that removes them', () => {
  it('removes all that a failed onboarding has left except databases, and nothing of other tenants', async () => {
    const { tenant, run, account, table, counted } = aScene('remove');
    const living = tenant('living', { status: 'ACTIVE', activatedAt: NOW });
    const left = tenant('a', failed);
    await run();
    expect(counted.Orphans).toBe(1);
    const database = tenantNames.database(tenantIdOf('a'));
    const here = (things: [string, string][]) => things.filter(([kind, id]) => account.has(kind, id));
    expect(sorted(here(left))).toEqual(
      sorted([
        ['database', database],
        ['key', 'arn:key/2'],
      ]),
    );
    expect(here(living)).toEqual(living.filter(([kind]) => kind !== 'claim'));
    expect(account.kms.inputs('ScheduleKeyDeletionCommand')).toEqual([{ KeyId: 'arn:key/2', PendingWindowInDays: 30 }]);
    expect(table.get(itemKeys.takenSlot('cell1', 2))).toBeUndefined();
    expect(table.get(itemKeys.freeSlot('cell1', 2))).toEqual({ ...itemKeys.freeSlot('cell1', 2), number: 2 });
    expect(table.get(itemKeys.takenSlot('cell1', 1))).toBeDefined();
    expect(sorted((await run()).orphans)).toEqual([`database ${database}`]);
  });

  it('D1: removes the DNS records of a failed onboarding, and no other record of the zone', async () => {
    const { tenant, run, account } = aScene('remove');
    account.zone.put({
      Name: 'www.funnels.example',
      Type: 'TXT',
      TTL: 60,
      ResourceRecords: [{ Value: '"of nobody"' }],
    });
    tenant('living', { status: 'ACTIVE', activatedAt: NOW });
    tenant('a', failed);
    await run();
    expect(account.zone.records.map(({ Name, Type }) => `${Name} ${Type}`)).toEqual([
      'www.funnels.example. TXT',
      's1.funnels.example. TXT',
      's1.funnels.example. A',
    ]);
  });

  it('G2: leaves a key that carries a failed tenant’s tag and serves another tenant', async () => {
    const { tenant, run, account } = aScene('remove');
    tenant('a', failed);
    account.set('key', 'arn:key/1', 'foreign');
    await run();
    expect(account.kms.inputs('ScheduleKeyDeletionCommand')).toEqual([]);
  });

  it('empties the bucket before it deletes the bucket’s stack', async () => {
    const { tenant, run, account } = aScene('remove');
    tenant('a', failed);
    await run();
    expect(account.s3.inputs('ListObjectVersionsCommand')).not.toEqual([]);
    expect(account.cloudformation.inputs('DeleteStackCommand')).toContainEqual({
      StackName: tenantNames.stack(tenantIdOf('a'), 'storage'),
      RoleARN: 'arn:stack-role',
    });
  });

  it('never empties the bucket of a protected stack: its tenant has been ACTIVE', async () => {
    const { tenant, run, account, deps } = aScene('remove');
    tenant('a', failed);
    const storage = tenantNames.stack(tenantIdOf('a'), 'storage');
    account.set('stack', storage, 'protected');
    const stacks = deps.kinds.filter(({ kind }) => kind === 'stack');
    Object.assign(deps, { kinds: stacks });
    await run();
    expect(account.s3.sent).toEqual([]);
    expect(account.has('stack', storage)).toBe(true);
  });

  it('never removes resources of a tenant without a record: the record itself may be lost', async () => {
    const { stranger, run, account, table } = aScene('remove');
    const left = stranger(tenantIdOf('never'));
    const before = [account.things.size, table.items.size];
    expect((await run()).orphans).toHaveLength(left.length);
    expect([account.things.size, table.items.size]).toEqual(before);
  });

  it('checks again right before it removes, as a redrive may have begun', async () => {
    const { tenant, run, account, table } = aScene('remove');
    const left = tenant('a', failed);
    let reads = 0;
    table.before = (command) => {
      if (command !== 'GetCommand' || ++reads !== 2) return;
      const tenantId = tenantIdOf('a');
      table.put({ ...itemKeys.tenant(tenantId), ...aTenantRecord({ tenantId, executionArn: anExecution('second') }) });
    };
    const before = account.things.size;
    expect((await run()).orphans).toHaveLength(left.length);
    expect(account.things.size).toBe(before);
  });

  it('does not free a slot that a redrive claims at the same moment', async () => {
    const { tenant, run, table } = aScene('remove');
    tenant('a', failed);
    table.before = (command) => {
      if (command !== 'TransactWriteCommand') return;
      const tenantId = tenantIdOf('a');
      table.put({ ...itemKeys.tenant(tenantId), ...aTenantRecord({ tenantId }) });
    };
    await run();
    expect(table.get(itemKeys.takenSlot('cell1', 1))).toBeDefined();
    expect(table.get(itemKeys.freeSlot('cell1', 1))).toBeUndefined();
  });

  it('searches all other kinds of resource when one kind fails, and then fails', async () => {
    const { tenant, run, deps, counted } = aScene();
    const left = tenant('a', failed);
    const broken = new FakeClient({ ListRolesCommand: awsError('AccessDenied') });
    Object.assign(deps, {
      kinds: deps.kinds.map((kind) =>
        kind.kind === 'role' ? { ...kind, list: () => brokenList(() => broken.send(new ListRolesCommand())) } : kind,
      ),
    });
    await expect(run()).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(counted).toEqual({ Orphans: left.length - 1 });
  });
});

class ListRolesCommand {
  readonly input = {};
}

async function* brokenList(ask: () => Promise<never>) {
  yield await ask();
}

describe('the second evidence that a tenant is in service', () => {
  const tenantId = tenantIdOf('a');
  const key = (n: number) => `tenants/${tenantId}/2030010${n}-x.json`;
  const body = (report: object) => ({ Body: { transformToString: async () => JSON.stringify(report) } });
  const asking = (s3: object, isProtected = false) => {
    const stacks = { DescribeStacksCommand: { Stacks: [{ EnableTerminationProtection: isProtected }] } };
    const deps = {
      cloudformation: new FakeClient(stacks),
      s3: new FakeClient({ ListObjectsV2Command: {}, GetObjectCommand: body({ passed: true, routed: false }), ...s3 }),
      platform: { accountId: ACCOUNT_ID, region: REGION },
      evidenceBucketName: 'evidence',
    };
    return witnessFor(deps, tenantId, NOW);
  };

  test('does not exist for an onboarding that failed, although it was verified before', async () => {
    const listed = ({ Bucket }: { Bucket: string }) => (Bucket === 'evidence' ? { Contents: [{ Key: key(1) }] } : {});
    expect(await asking({ ListObjectsV2Command: listed })).toBeUndefined();
    expect(await asking({ ListObjectsV2Command: () => awsError('NoSuchBucket') }).catch(() => 'thrown')).toBe('thrown');
  });

  test('is a protected stack', async () => {
    expect(await asking({}, true)).toMatch(/stack tenant-.* has termination protection/);
  });

  test('is a report of a tenant in service', async () => {
    const Contents = [{ Key: key(1) }, { Key: key(2) }];
    const reports = { ListObjectsV2Command: { Contents }, GetObjectCommand: body({ passed: true, routed: true }) };
    expect(await asking(reports)).toContain('verified it in service');
  });

  test('is an object younger than the failure', async () => {
    const LastModified = new Date(Date.parse(NOW) + 1);
    const listed = ({ Bucket }: { Bucket: string }) =>
      Bucket === 'evidence' ? {} : { Contents: [{ Key: 'index.html', LastModified }] };
    expect(await asking({ ListObjectsV2Command: listed })).toContain('index.html');
  });

  test('keeps all resources of the tenant, and is looked for once per search', async () => {
    const { tenant, run, deps, counted } = aScene('remove');
    const left = tenant('a', failed);
    let asked = 0;
    const witness = async () => {
      asked += 1;
      return 'its stacks are protected';
    };
    const found = await orphans.run({ ...deps, witness }, {});
    expect(found.orphans.map(({ removed }) => removed)).toEqual(left.map(() => false));
    expect([asked, counted.Orphans]).toEqual([1, left.length]);
    expect((await run()).orphans).toHaveLength(left.length);
  });
});
