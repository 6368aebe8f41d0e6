import type { Client } from 'pg';
import { POOL_CONNECTIONS, READER_CONNECTIONS } from '../../functions/contract/connections';
import type { ReleaseStage } from '../releases/stage';
import { type Figure, median, percentile } from '../support/figures';
import { type LeadClient, loadOf, newLead, paced } from './lead-load';
import { memoryOf } from './memory';
import type { TenantDoor } from './tenant-door';

const PER_SECOND = 200;
const WATCHED_A_SECOND = 10;
const MEMORY_EVERY_MS = 1_000;

/** Sessions of a server that are not the watcher's own. */
const SESSIONS = `SELECT count(*)::int AS sessions FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

/** Megabytes of the shared service's tasks, as a row in time. */
function watchMemory(stage: ReleaseStage) {
  const megabytes: number[] = [];
  const tasks: number[] = [];
  const timer = setInterval(async () => {
    const { service } = await memoryOf(stage.platform);
    megabytes.push([...service.values()].reduce((sum, each) => sum + each, 0));
    tasks.push(service.size);
  }, MEMORY_EVERY_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return { megabytes, tasks: Math.max(...tasks) };
    },
  };
}

/** Reads and writes over all tenants, as a whole cell has them. */
export async function crowdFigures(
  stage: ReleaseStage,
  client: LeadClient,
  doors: readonly TenantDoor[],
  seconds: number,
): Promise<Figure[]> {
  const tokens = await Promise.all(doors.map((door) => door.readerToken()));
  // Each of a server's clients opens its session in turn: all at once would measure the start of the servers.
  const watchers: Client[] = [];
  for (const door of doors) watchers.push(await door.script());
  const once = (n: number) => {
    const at = Math.floor(n / 2) % doors.length;
    const host = doors[at]?.host ?? '';
    return n % 2 ? client.list(host, tokens[at] ?? '') : client.send(host, newLead());
  };
  const memory = watchMemory(stage);
  const watch = async (n: number): Promise<number> => {
    const { rows = [] } = (await watchers[n % watchers.length]?.query<{ sessions: number }>(SESSIONS)) ?? {};
    return rows[0]?.sessions ?? Number.NaN;
  };
  const [answers, sessions] = await Promise.all([
    paced(PER_SECOND, seconds, once),
    paced(WATCHED_A_SECOND, seconds, watch),
  ]);
  const { megabytes, tasks } = memory.stop();
  for (const watcher of watchers) await watcher.end();
  const { failed, wrong } = loadOf(answers);
  const times = answers.map(({ ms }) => ms);
  const third = Math.floor(megabytes.length / 3);
  const [middle, last] = [median(megabytes.slice(third, 2 * third)), median(megabytes.slice(2 * third))];
  const crowd = `${doors.length} tenants, ${PER_SECOND} a second for ${seconds} s`;
  return [
    {
      name: `failed requests, ${crowd}`,
      ...{ value: failed, unit: 'requests', limit: { exactly: 0 } },
      note: `of ${answers.length}, half of them reads; p50 ${percentile(times, 50).toFixed(0)} ms, p99 ${percentile(times, 99).toFixed(0)} ms; ${wrong || 'all answered well'}`,
    },
    {
      name: `memory of the service, last third of the time beside the second`,
      ...{ value: last / middle, unit: 'times', limit: { atMost: 1.1 } },
      note: `${middle.toFixed(0)} MB, then ${last.toFixed(0)} MB`,
    },
    {
      name: 'most connections of the service at one server',
      value: Math.max(...sessions),
      ...{ unit: 'connections', limit: { atMost: tasks * (POOL_CONNECTIONS + READER_CONNECTIONS) } },
      note: `${tasks} task(s), each ${POOL_CONNECTIONS} and ${READER_CONNECTIONS} readers; ${sessions.length} looks`,
    },
  ];
}
