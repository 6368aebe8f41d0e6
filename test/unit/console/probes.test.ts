import { SFNClient } from '@aws-sdk/client-sfn';
import { tenantIdOf } from '../../../functions/contract/naming';
import type { TenantRecord } from '../../../functions/contract/records';
import { probesOn } from '../../../operations/console/probes';
import { RunHistories } from '../../../operations/console/run-histories';
import { StageAnswers } from '../../../operations/console/stage-answers';
import { TenantDirectory } from '../../../operations/console/tenant-directory';
import { anExecution, aSignup, aSignupEvent, aTenantRecord, NOW, REGION } from '../../support/builders';
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
    ...{ answers: new StageAnswers(client, 'local'), followed: () => ['acts', own] },
  });
  const probe = (name: string, topic = 'tenants') => {
    const found = probesOf(topic).find((each) => each.name === name);
    if (!found) throw new Error(`no probe ${name}`);
    return found;
  };
  return { table, sfn, directory, probe };
}

afterEach(() => {
  jest.useRealTimers();
});

describe('an onboarding', () => {
  it('is told when it begins, goes on, rolls back and ends, each once', async () => {
    const { table, probe } = scene();
    const underWay = probe('under-way');
    await underWay.begin();
    // Long after its beginning the probe looks for rollbacks only where it has a reason to.
    jest.useFakeTimers();
    jest.setSystemTime(Date.now() + 11_000);
    expect(await underWay.ask()).toEqual([]);
    const told = ['tenants', 'cells', own, `run:${executionArn}`];
    for (const change of [
      record('ONBOARDING'),
      record('ONBOARDING', { keyArn: 'arn:key' }),
      record('ROLLING_BACK'),
      record('FAILED'),
    ]) {
      table.put(tenantItem(change));
      // Of a tenant that has left ONBOARDING, the next question finds the rollback.
      const found = [...(await underWay.ask()), ...(await underWay.ask())];
      expect(new Set(found)).toEqual(new Set(told));
      expect(await underWay.ask()).toEqual([]);
    }
  });

  it('costs one query while nothing is under way', async () => {
    jest.useFakeTimers();
    const { table, probe } = scene();
    const underWay = probe('under-way');
    await underWay.begin();
    jest.setSystemTime(Date.now() + 11_000);
    table.calls.length = 0;
    await underWay.ask();
    expect([table.calls, underWay.calls()]).toEqual([['QueryCommand'], 1]);
  });

  it('changes its row in the list, which is read from memory', async () => {
    const { table, directory, probe } = scene();
    const status = async () => (await directory.selected({})).map((row) => row.status);
    table.put(tenantItem(record('ONBOARDING')));
    await probe('under-way').begin();
    expect(await status()).toEqual(['ONBOARDING']);
    table.put(tenantItem(record('ACTIVE')));
    expect(await status()).toEqual(['ONBOARDING']);
    await probe('under-way').ask();
    expect(await status()).toEqual(['ACTIVE']);
  });
});

it.each(['under-way', 'acts'])(
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

it('tells a signup that was refused: it was never under way', async () => {
  const failed: object[] = [];
  const { probe } = scene({
    ListExecutionsCommand: () => ({ executions: [...failed] }),
    DescribeExecutionCommand: { input: JSON.stringify(aSignupEvent(aSignup({ subdomain: 'Not A Label' }))) },
  });
  await probe('failures').begin();
  expect(await probe('failures').ask()).toEqual([]);
  failed.push({ executionArn: anExecution('refused'), stopDate: new Date(NOW) });
  expect(await probe('failures').ask()).toEqual(['tenants', `tenant:${tenantIdOf(aSignup().signupId)}`]);
  expect(await probe('failures').ask()).toEqual([]);
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

it('has every tenant that is shown read again after an audit', async () => {
  const audit = { executionArn: 'arn:audit', status: 'RUNNING' };
  const audits: object[] = [];
  const { probe } = scene({ ListExecutionsCommand: () => ({ executions: audits.map((each) => ({ ...each })) }) });
  await probe('audits').begin();
  audits.push(audit);
  expect(await probe('audits').ask()).toEqual(['audits']);
  audit.status = 'SUCCEEDED';
  expect(await probe('audits').ask()).toEqual(['audits', 'tenants', own]);
});

it('tells a change whose effects could not be read, when they can be read', async () => {
  const { table, directory, probe } = scene();
  await probe('under-way').begin();
  await directory.selected({});
  table.put(tenantItem(record('ONBOARDING')));
  table.before = (command) => {
    if (command === 'GetCommand') throw new Error('throttled');
  };
  await expect(probe('under-way').ask()).rejects.toThrow('throttled');
  table.before = () => {};
  expect(await probe('under-way').ask()).toContain(own);
});
