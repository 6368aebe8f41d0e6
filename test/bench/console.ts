import { setTimeout as pause } from 'node:timers/promises';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { tenantIdOf } from '../../functions/contract/naming';
import { itemKeys, stateKeys } from '../../functions/contract/records';
import { listTenantsIn } from '../../functions/tenants/tenant-store';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { startAwsProxy } from '../../local/aws-proxy';
import { StageClient } from '../../operations/client/stage-client';
import type { StageConnection } from '../../operations/stage-connection';
import { aTenantRecord } from '../support/builders';
import { type Figure, median } from '../support/figures';
import { changeFigures } from './console-changes';
import { ask, started } from './started-console';

const TENANTS = 10_000;
const TABS = 10;
const IDLE_SECONDS = 60;
const ROUNDS = 9;
/** "BatchWriteItem": at most 25 items. */
const BATCH = 25;

const TOPICS = ['tenants', 'cells', 'releases', 'audits', 'queues', 'acts'];

function records(): ReturnType<typeof aTenantRecord>[] {
  return Array.from({ length: TENANTS }, (_, n) => {
    const signupId = `sub_console_${n}`;
    const names = { tenantId: tenantIdOf(signupId), signupId, subdomain: `console-${n}`, companyName: `Company ${n}` };
    return aTenantRecord({ ...names, status: 'ACTIVE' });
  });
}

async function write({ name, client }: TenantsTable, requests: readonly object[]): Promise<void> {
  for (let n = 0; n < requests.length; n += BATCH)
    await client.send(new BatchWriteCommand({ RequestItems: { [name]: [...requests.slice(n, n + BATCH)] } }));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The list of a console that has just been started, against one query of the same page, in turn. */
async function firstPage(connection: StageConnection, table: TenantsTable): Promise<Figure> {
  const [bare, pages]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await timed(() => listTenantsIn(table, 'ACTIVE', { limit: 50 })));
    const running = await started(connection);
    pages.push(await timed(async () => await (await ask(running, '/api/tenants')).json()));
    // The console reads the other rows in the background: the next round must not wait for that.
    await ask(running, '/api/tenants?sort=company').then((answer) => answer.json());
    await running.stop();
  }
  return {
    name: `console, first page of ${TENANTS} tenants, more than a bare query`,
    value: Math.round(median(pages) - median(bare)),
    unit: 'ms',
    limit: { atMost: 300 },
    note: `${median(pages).toFixed(0)} ms against ${median(bare).toFixed(0)} ms, without the browser`,
  };
}

/** Tabs that follow everything, while nothing happens. */
async function idle(connection: StageConnection): Promise<Figure> {
  const proxy = await startAwsProxy(() => connection.aws.endpoint ?? '');
  const running = await started({ ...connection, aws: { ...connection.aws, endpoint: proxy.url } });
  try {
    let calls = 0;
    const topics = TOPICS.map((topic) => `topic=${topic}`).join('&');
    const tabs = await Promise.all(Array.from({ length: TABS }, () => ask(running, `/api/events?${topics}`)));
    await pause(2_000);
    proxy.listen(() => {
      calls += 1;
      return undefined;
    });
    await pause(IDLE_SECONDS * 1000);
    await Promise.all(tabs.map(({ body }) => body?.cancel()));
    const note = `${calls} calls in ${IDLE_SECONDS} s`;
    const value = Number((calls / IDLE_SECONDS).toFixed(2));
    return {
      name: `AWS calls of an idle console with ${TABS} tabs`,
      value,
      unit: 'a second',
      limit: { atMost: 1 },
      note,
    };
  } finally {
    await running.stop();
    await proxy.close();
  }
}

/** The console on a table with many tenants, which are taken away afterwards. */
export async function consoleFigures(connection: StageConnection): Promise<Figure[]> {
  const { table } = new StageClient(connection);
  const items = records().map((record) => ({
    ...{ ...itemKeys.tenant(record.tenantId), ...stateKeys.tenant(record.status, record.tenantId) },
    ...record,
  }));
  await write(
    table,
    items.map((Item) => ({ PutRequest: { Item } })),
  );
  try {
    return [await firstPage(connection, table), await idle(connection), ...(await changeFigures(connection))];
  } finally {
    await write(
      table,
      items.map(({ pk, sk }) => ({ DeleteRequest: { Key: { pk, sk } } })),
    );
  }
}
