import { ScriptedMachine } from '../support/scripted-machine';

let scripted: ScriptedMachine;
beforeAll(async () => {
  scripted = await ScriptedMachine.migration();
}, 60_000);
afterAll(() => scripted.stop());
beforeEach(() => scripted.reset());

const request = { cell: 'c1', phase: 'expand' };
const eventsOf = (name: string) =>
  scripted
    .calls()
    .filter((call) => call.function === name)
    .map(({ event }) => event);
const migration = { cell: 'c1', phase: 'expand', target: '0002' };
const by = expect.stringMatching(/:execution:Scripted:/);
const failed = { error: 'MigrationFailed', message: 'migration 0002-source: syntax error (42601)' };
const settled = { target: '0002', failure: { step: 'MigrateTenant', error: 'MigrationFailed', cause: 't2: (42601)' } };

test('migrates each tenant that is behind, and ends with the counts', async () => {
  const { status, output } = await scripted.run(request);
  expect([status, JSON.parse(output ?? '')]).toEqual(['SUCCEEDED', { target: '0002', failure: null }]);
  expect(eventsOf('ClaimMigration')).toEqual([{ executionArn: by, request }]);
  expect(eventsOf('PlanMigration')).toEqual([{ cell: 'c1', phase: 'expand', to: '0002' }]);
  const asked = eventsOf('PrepareDatabase');
  expect(asked.map(({ tenantId }) => tenantId).sort()).toEqual(['t1', 't2', 't3']);
  for (const event of asked) expect(event).toMatchObject({ executionArn: by, migration });
  expect(eventsOf('SettleMigration')).toEqual([
    {
      ...{ executionArn: by, migration, current: 5, unreadable: [], failure: null },
      counts: { migrated: 3, left: 0, failed: 0 },
    },
  ]);
});

test('ends well when nobody is behind', async () => {
  scripted.script('PlanMigration', { output: { target: '0002', behind: [], current: 8, unreadable: ['t9'] } });
  expect((await scripted.run(request)).status).toBe('SUCCEEDED');
  expect(eventsOf('PrepareDatabase')).toEqual([]);
  expect(eventsOf('SettleMigration')).toEqual([
    expect.objectContaining({ counts: { migrated: 0, left: 0, failed: 0 }, current: 8, unreadable: ['t9'] }),
  ]);
});

test('a tenant that fails aborts no other; the run ends under its error, and a redrive starts over', async () => {
  scripted.script('PrepareDatabase.t2', failed);
  scripted.script('SettleMigration', { output: settled }, { output: { target: '0002', failure: null } });
  const { status, error, cause, executionArn } = await scripted.run(request);
  expect([status, error]).toEqual(['FAILED', 'MigrationFailed']);
  expect(cause).toContain('t2: (42601)');
  expect(eventsOf('StopMigration')).toEqual([
    {
      ...{ executionArn: by, migration, tenantId: 't2' },
      failure: { step: 'MigrateTenant', error: 'MigrationFailed', cause: expect.stringContaining('42601') },
    },
  ]);
  expect(eventsOf('SettleMigration')[0]).toMatchObject({ counts: { migrated: 2, left: 0, failed: 1 }, failure: null });

  scripted.script('PrepareDatabase.t2', { output: { outcome: 'migrated' } });
  expect((await scripted.redrive(executionArn)).status).toBe('SUCCEEDED');
  expect(eventsOf('ClaimMigration')).toHaveLength(2);
});

test('a lock that is not had is tried again', async () => {
  scripted.script('PrepareDatabase.t1', { error: 'TransientConflict' }, { output: { outcome: 'migrated' } });
  expect((await scripted.run(request)).status).toBe('SUCCEEDED');
  expect(eventsOf('StopMigration')).toEqual([]);
});

test('a cell that another migration has ends the run under that name, and nothing is settled', async () => {
  scripted.script('ClaimMigration', { error: 'MigrationUnderWay', message: 'since 12:00' });
  const { status, error } = await scripted.run(request);
  expect([status, error]).toEqual(['FAILED', 'MigrationUnderWay']);
  expect(eventsOf('SettleMigration')).toEqual([]);
});

test.each(['PlanMigration', 'StopMigration'])('a failure of %s is settled, too', async (name) => {
  scripted.script('PrepareDatabase.t2', failed);
  scripted.script(name, { error: 'ClaimLost' });
  scripted.script('SettleMigration', { output: settled });
  expect((await scripted.run(request)).status).toBe('FAILED');
  expect(eventsOf('SettleMigration')[0]?.failure).toMatchObject({ error: 'ClaimLost' });
});
