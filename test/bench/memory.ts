import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Platform } from '../../local/platform';

const run = promisify(execFile);

/** Megabytes of resident memory by process id. */
type Resident = ReadonlyMap<number, number>;

export interface Memory {
  /** The tasks that tenants share, one a cell. */
  readonly service: Resident;
  /** The processes that run functions. */
  readonly functions: Resident;
  readonly emulator: Resident;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly megabytes: number;
  readonly command: string;
}

const LINE = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/;

async function processes(): Promise<Process[]> {
  const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,rss=,args='], { maxBuffer: 16 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, parent, kilobytes, command = ''] = LINE.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), megabytes: Number(kilobytes) / 1024, command }] : [];
  });
}

export async function memoryOf({ emulator }: Platform): Promise<Memory> {
  const all = await processes();
  const resident = (wanted: (process: Process) => boolean) =>
    new Map(all.filter(wanted).map(({ pid, megabytes }) => [pid, megabytes]));
  return {
    service: resident(({ parent, command }) => parent === emulator.pid && command.includes('/images/')),
    functions: resident(({ parent, command }) => parent === emulator.pid && command.includes('ministack-lambda')),
    emulator: resident(({ pid }) => pid === emulator.pid),
  };
}
