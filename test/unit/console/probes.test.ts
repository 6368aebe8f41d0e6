import { setTimeout as passes } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { tenantIdOf } from '../../../functions/contract/naming';
import { changeKeys, itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { changedNow } from '../../../functions/tenants/changes';
import { probesOn } from '../../../operations/console/probes';
import { RunHistories } from '../../../operations/console/run-histories';
import { StageAnswers } from '../../../operations/console/stage-answers';
import { TenantDirectory } from '../../../operations/console/tenant-directory';
import { aTenantRecord, REGION } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { aStageClient, tenantItem } from '../../support/running-console';

const record = (status: TenantRecord['status'], more: Partial<TenantRecord> = {}) =>
  aTenantRecord({ tenantId: tenantIdOf('sub_acme'), status, ...more });
const { tenantId, executionArn } = record('ACTIVE');
const own = `tenant:${tenantId}`;

function scene(answers: Record<string, unknown> = {}) {
  const table = new FakeTable();
  const sfn = new FakeClient(answers);
  const client = Object.assign(aStageClient(table), {
    sfn: Object.assign(new SFNClient({ region: REGION }), { send: sfn.send }),
  });
  const directory = new TenantDirectory(table, (id) => client.find(id));
  const probesOf = probesOn({
    ...{ client, directory, histories: new RunHistories(client.sfn) },
    answers: new StageAnswers(client, 'local'),
  });
  const probe = (name: string, topic = 'tenants') => {
    const found = probesOf(topic).find((each) => each.name === name);
    if (!found) throw new Error(`no probe ${name}`);
    return found;
  };
  return { table, sfn, directory, probe };
}

/** A write of the product, which marks what it writes. */
const written = (table: FakeTable, item: { readonly pk: string; readonly sk: string }) =>
  table.put({ ...item, ...changedNow() });

describe('what is written to the table', () => {
  it('is told when an onboarding begins, goes on, rolls back and ends, each once', async () => {
    const { table, probe } = scene();
    const changes = probe('changes');
    await changes.begin();
    expect(await changes.ask()).toEqual([]);
    for (const status of ['ONBOARDING', 'ONBOARDING', 'ROLLING_BACK', 'FAILED'] as const) {
      await passes(5);
      written(table, tenantItem(record(status)));
      expect(await changes.ask()).toEqual(['tenants', 'cells', own, `run:${executionArn}`]);
      expect(await changes.ask()).toEqual([]);
    }
  });

  it.each([
    ['a stack that a run waits for', { ...itemKeys.waitingTask('s'), executionArn }, [`run:${executionArn}`]],
    ['a release', { ...itemKeys.release('c1'), executionArn }, ['releases', 'cells', `run:${executionArn}`]],
    ['a live colour', itemKeys.liveColour('c1'), ['releases', 'cells']],
    ['news of acts', itemKeys.news('acts'), ['acts']],
    ['news of an audit', itemKeys.news('audits'), ['audits']],
  ])('is told of %s', async (_, item, topics) => {
    const { table, probe } = scene();
    await probe('changes').begin();
    written(table, item);
    expect(await probe('changes').ask()).toEqual(topics);
  });

  it('is told although its time is earlier than one that was seen: clocks differ', async () => {
    const { table, probe } = scene();
    written(table, itemKeys.news('acts'));
    await probe('changes').begin();
    const before = new Date(Date.now() - 2_000).toISOString();
    table.put({ ...tenantItem(record('ACTIVE')), ...changeKeys(before) });
    expect(await probe('changes').ask()).toContain(own);
  });

  it('costs one query, and reads none of what was written long ago', async () => {
    const { table, probe } = scene();
    table.put({ ...tenantItem(record('ACTIVE')), ...changeKeys('2026-01-01T00:00:00.000Z') });
    written(table, itemKeys.news('audits'));
    await probe('changes').begin();
    table.calls.length = 0;
    expect(await probe('changes').ask()).toEqual([]);
    expect([table.calls, probe('changes').calls()]).toEqual([['QueryCommand'], 1]);
  });

  it('changes its row in the list, which is read from memory', async () => {
    const { table, directory, probe } = scene();
    const status = async () => (await directory.selected({})).map((row) => row.status);
    written(table, tenantItem(record('ONBOARDING')));
    await probe('changes').begin();
    expect(await status()).toEqual(['ONBOARDING']);
    await passes(5);
    written(table, tenantItem(record('ACTIVE')));
    expect(await status()).toEqual(['ONBOARDING']);
    await probe('changes').ask();
    expect(await status()).toEqual(['ACTIVE']);
  });
});

it.each(['changes', 'acts'])(
  '%s has the list read again when it begins: nobody has asked it until then',
  async (name) => {
    const { table, directory, probe } = scene({ ListExecutionsCommand: {} });
    const status = async () => (await directory.selected({})).map((row) => row.status);
    table.put(tenantItem(record('SUSPENDED')));
    expect(await status()).toEqual(['SUSPENDED']);
    table.put(tenantItem(record('ACTIVE')));
    expect(await status()).toEqual(['SUSPENDED']);
    await probe(name).begin();
    expect(await status()).toEqual(['ACTIVE']);
  },
);

it('keeps no rows that were being read when it was told to forget them', async () => {
  const { table, directory } = scene();
  table.put(tenantItem(record('SUSPENDED')));
  const early = directory.selected({});
  directory.forget();
  table.put(tenantItem(record('ACTIVE')));
  await early;
  expect((await directory.selected({})).map((row) => row.status)).toEqual(['ACTIVE']);
});

it('tells an act when it is asked for, and what came of it', async () => {
  const { table, probe } = scene();
  const at = new Date().toISOString();
  const entry = { id: 'a', at, by: 'arn:jane', kind: 'suspend', tenantId, day: at.slice(0, 10) };
  const acts = probe('acts', 'acts');
  await acts.begin();
  table.put({ pk: `TENANT#${tenantId}`, sk: `${at}#a#ASKED`, ...entry });
  expect(await acts.ask()).toEqual(['acts', 'tenants', own]);
  table.put({ pk: `TENANT#${tenantId}`, sk: `${at}#a#RESULT`, ...entry, endedAt: at, result: { outcome: 'done' } });
  expect(await acts.ask()).toEqual(['acts', 'tenants', own]);
  expect(await acts.ask()).toEqual([]);
});

it('tells what came of an act that was asked for on the day before', async () => {
  const at = '2030-01-01T23:59:59.900Z';
  jest.useFakeTimers({ doNotFake: ['setTimeout', 'setImmediate', 'nextTick', 'queueMicrotask'], now: Date.parse(at) });
  const { table, probe } = scene();
  const entry = { id: 'a', at, by: 'arn:jane', kind: 'suspend', tenantId, day: at.slice(0, 10) };
  const acts = probe('acts', 'acts');
  await acts.begin();
  table.put({ pk: `TENANT#${tenantId}`, sk: `${at}#a#ASKED`, ...entry });
  jest.setSystemTime(Date.parse('2030-01-02T00:00:00.100Z'));
  expect(await acts.ask()).toEqual(['acts', 'tenants', own]);
  table.put({ pk: `TENANT#${tenantId}`, sk: `${at}#a#RESULT`, ...entry, endedAt: at, result: { outcome: 'done' } });
  expect(await acts.ask()).toEqual(['acts', 'tenants', own]);
  expect(acts.calls()).toBe(2);
  jest.setSystemTime(Date.parse('2030-01-02T02:00:00.000Z'));
  expect(acts.calls()).toBe(1);
});
afterEach(() => jest.useRealTimers());

it('tells an audit when it begins and when it ends', async () => {
  const audit = { executionArn: 'arn:audit', status: 'RUNNING' };
  const audits: object[] = [];
  const { probe } = scene({ ListExecutionsCommand: () => ({ executions: audits.map((each) => ({ ...each })) }) });
  const ofAudits = probe('audits', 'audits');
  await ofAudits.begin();
  audits.push(audit);
  expect(await ofAudits.ask()).toEqual(['audits']);
  audit.status = 'SUCCEEDED';
  expect(await ofAudits.ask()).toEqual(['audits']);
  expect(await ofAudits.ask()).toEqual([]);
});

it('tells a change whose effects could not be read, when they can be read', async () => {
  const { table, directory, probe } = scene();
  await probe('changes').begin();
  await directory.selected({});
  written(table, tenantItem(record('ONBOARDING')));
  table.before = (command) => {
    if (command === 'GetCommand') throw new Error('throttled');
  };
  await expect(probe('changes').ask()).rejects.toThrow('throttled');
  table.before = () => {};
  expect(await probe('changes').ask()).toContain(own);
});
