import type { ServerResponse } from 'node:http';
import { SFNClient } from '@aws-sdk/client-sfn';
import { itemKeys, type NewsOf } from '../../../functions/contract/records';
import { changedNow, tellNews } from '../../../functions/tenants/changes';
import { EventStreams } from '../../../operations/console/event-streams';
import { probesOn } from '../../../operations/console/probes';
import { RunHistories } from '../../../operations/console/run-histories';
import { StageAnswers } from '../../../operations/console/stage-answers';
import { TenantDirectory } from '../../../operations/console/tenant-directory';
import { aTenantRecord, REGION } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { aStageClient, tenantItem } from '../../support/running-console';

const { tenantId } = aTenantRecord();
const TOPICS = ['tenants', 'cells', 'releases', 'audits', 'queues', 'acts', `tenant:${tenantId}`];
const AN_HOUR = 3_600_000;

/** A stage over a table in memory, and ten tabs that follow everything. It counts each call. */
function quietConsole() {
  const table = new FakeTable(tenantItem(aTenantRecord({ status: 'ACTIVE' })));
  const sfn = new FakeClient({ ListExecutionsCommand: {} });
  const sqs = new FakeClient({ GetQueueAttributesCommand: { Attributes: {} } });
  const client = Object.assign(aStageClient(table), {
    sfn: Object.assign(new SFNClient({ region: REGION }), { send: sfn.send }),
  });
  Object.assign(client, { sqs });
  const directory = new TenantDirectory(table, (id) => client.find(id));
  const streams = new EventStreams(
    probesOn({
      ...{ client, directory, histories: new RunHistories(client.sfn) },
      answers: new StageAnswers(client, 'local'),
    }),
  );
  const told: { readonly at: number; readonly topics: string }[] = [];
  const tab = (isFirst: boolean) =>
    ({
      ...{ writeHead: () => {}, end: () => {}, on: () => {} },
      write: (text: string) => isFirst && text.startsWith('id:') && told.push({ at: Date.now(), topics: text }),
    }) as unknown as ServerResponse;
  for (let n = 0; n < 10; n += 1) streams.open(tab(n === 0), TOPICS, undefined);
  return { table, streams, told, calls: () => table.calls.length + sfn.sent.length + sqs.sent.length };
}

/** When a tab was told of the topic since then, in milliseconds. */
const toldAfter = ({ told }: ReturnType<typeof quietConsole>, topic: string, since: number) =>
  (told.find(({ at, topics }) => at >= since && topics.includes(`"${topic}"`))?.at ?? Number.NaN) - since;

let quiet: ReturnType<typeof quietConsole>;
beforeEach(async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  quiet = quietConsole();
  await jest.advanceTimersByTimeAsync(AN_HOUR);
});
afterEach(() => {
  quiet.streams.close();
  jest.useRealTimers();
});

test('ten tabs that follow everything cost at most one AWS call a second while nothing changes', async () => {
  const before = quiet.calls();
  await jest.advanceTimersByTimeAsync(AN_HOUR);
  const perSecond = ((quiet.calls() - before) * 1000) / AN_HOUR;
  expect(perSecond).toBeLessThanOrEqual(1);
  expect(perSecond).toBeGreaterThan(0.9);
});

const CHANGES: readonly (readonly [what: string, topic: string, make: (table: FakeTable) => unknown])[] = [
  [
    'a change of a tenant',
    `tenant:${tenantId}`,
    (table) => table.put({ ...tenantItem(aTenantRecord({ status: 'SUSPENDED' })), ...changedNow() }),
  ],
  ['a release', 'releases', (table) => table.put({ ...itemKeys.release('c1'), ...changedNow() })],
  ...(['acts', 'audits'] satisfies NewsOf[]).map(
    (of) => [`news of ${of}`, of, (table: FakeTable) => tellNews(table, of)] as const,
  ),
];

test.each(CHANGES)(
  '%s is told about a second later at most, although nothing has changed for an hour',
  async (...each) => {
    const [, topic, make] = each;
    const waits: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      // A quiet time of no round number, so that the change falls anywhere between two questions.
      await jest.advanceTimersByTimeAsync(60_000 + round * 41);
      const since = Date.now();
      await make(quiet.table);
      await jest.advanceTimersByTimeAsync(3_000);
      waits.push(toldAfter(quiet, topic, since));
    }
    expect(Math.max(...waits)).toBeLessThan(1_100);
  },
);
