import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DescribeDBInstancesCommand, RDSClient, RebootDBInstanceCommand } from '@aws-sdk/client-rds';
import type { ReleaseStage } from '../releases/stage';
import { type Figure, median } from '../support/figures';
import type { TenantDoor } from './tenant-door';

const ROUNDS = 7;
/** Of emulated servers on an idle machine: what one takes with a session, and its first connection. */
const MEGABYTES = 11;
/** The emulator's own session, in which it asks who logs in, ends two seconds after the last login. */
const ALONE_MS = 2_500;
const FIRST_MS = 192;

/** A file of another user's process, or of one that has just ended, is empty. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Megabytes of the processes of one server, shared pages in proportion ("proc_pid_smaps", Linux). */
function serverMegabytes(resourceId: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const [server] = pids.filter((pid) => read(`/proc/${pid}/cmdline`).includes(`${resourceId}/data`));
  const isServers = (pid: string) =>
    pid === server || read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ')[1] === server;
  const kilobytes = pids
    .filter((pid) => server && isServers(pid))
    .map((pid) => Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0));
  return kilobytes.reduce((sum, each) => sum + each, 0) / 1024;
}

/** What one emulated instance takes of the machine, and how long a first connection waits for its server. */
export async function serverFigures(stage: ReleaseStage, door: TenantDoor): Promise<Figure[]> {
  const rds = new RDSClient(stage.platform.aws);
  const { instance: DBInstanceIdentifier } = door;
  const [stopped, running]: [number[], number[]] = [[], []];
  const login = async (times: number[]) => {
    const began = performance.now();
    const session = await door.script();
    await session.query('SELECT 1');
    times.push(performance.now() - began);
    return session;
  };
  let resourceId = '';
  for (let round = 0; round < ROUNDS; round += 1) {
    // The emulator starts a server that was rebooted with the next connection.
    await rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier }));
    for (let status = ''; status !== 'available'; await pause(20)) {
      const { DBInstances = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
      status = DBInstances[0]?.DBInstanceStatus ?? '';
      resourceId = DBInstances[0]?.DbiResourceId ?? '';
    }
    const first = await login(stopped);
    const second = await login(running);
    await second.end();
    await first.end();
  }
  const session = await login(running);
  await pause(ALONE_MS);
  const megabytes = serverMegabytes(resourceId);
  await session.end();
  return [
    {
      name: 'first connection to an emulated instance whose server is stopped',
      ...{ value: Math.round(median(stopped)), unit: 'ms', limit: { atMost: FIRST_MS } },
      note: `${median(running).toFixed(0)} ms when it runs; medians of ${ROUNDS}`,
    },
    {
      name: 'memory of an emulated instance with one session',
      ...{ value: megabytes, unit: 'MB', limit: { atMost: MEGABYTES } },
      ...(megabytes === 0 && { problems: ['its processes were not found'] }),
    },
  ];
}
