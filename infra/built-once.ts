import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';

/** Of a lock that names no process, because it is being written, or was made by an earlier release. */
const STALE_MS = 120_000;

const RecordSchema = z.object({ inputs: z.string(), outputs: z.string(), result: z.unknown() });

export interface Build<T> {
  /** File that says what was built last. */
  readonly record: string;
  readonly inputs: () => string;
  /** Digest of what is there now. */
  readonly outputs: () => string;
  readonly result: z.ZodType<T>;
  readonly build: () => Promise<T>;
}

/**
 * Builds only where inputs or outputs are not those of the last build. Of several processes that
 * need the same build, one makes it, and the others wait for it.
 *
 * @returns what the build has returned, now or then
 */
export async function builtOnce<T>({ record, inputs, outputs, result, build }: Build<T>): Promise<T> {
  const lock = `${record}.lock`;
  mkdirSync(dirname(record), { recursive: true });
  await taken(lock);
  try {
    const wanted = inputs();
    const last = lastBuild(record);
    if (last?.inputs === wanted && last.outputs === outputs()) return result.parse(last.result);
    const built = await build();
    // A file that was edited meanwhile may or may not be in this build, so it is not recorded.
    if (inputs() === wanted) {
      writeFileSync(`${record}.unfinished`, JSON.stringify({ inputs: wanted, outputs: outputs(), result: built }));
      renameSync(`${record}.unfinished`, record);
    }
    return built;
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function lastBuild(record: string): z.output<typeof RecordSchema> | undefined {
  if (!statSync(record, { throwIfNoEntry: false })) return undefined;
  return RecordSchema.safeParse(JSON.parse(readFileSync(record, 'utf8'))).data;
}

/** Takes the lock, a file that only one process can make. It names that process: who was killed in a build holds none. */
async function taken(lock: string): Promise<void> {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch {
      if (isAbandoned(lock)) removeAbandoned(lock);
      await pause(50);
    }
  }
}

/**
 * Of several processes that find the lock abandoned, one removes it. Another one, which has looked at it before, would
 * remove the lock that somebody has taken since.
 */
function removeAbandoned(lock: string): void {
  const removing = `${lock}.removing`;
  try {
    writeFileSync(removing, '', { flag: 'wx' });
  } catch {
    if (isOld(removing)) rmSync(removing, { force: true });
    return;
  }
  try {
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true });
  } finally {
    rmSync(removing, { force: true });
  }
}

const isOld = (file: string) =>
  Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > STALE_MS;

const hasCode = (thrown: unknown, code: string) =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === code;

function isAbandoned(lock: string): boolean {
  try {
    const owner = Number(readFileSync(lock, 'utf8'));
    if (owner > 0) return !process.kill(owner, 0);
  } catch (thrown) {
    if (hasCode(thrown, 'ESRCH')) return true;
    // A folder is the lock of an earlier release.
    if (!hasCode(thrown, 'EISDIR')) return false;
  }
  return isOld(lock);
}
