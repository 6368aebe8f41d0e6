import { createHash } from 'node:crypto';
import leads from './0001-leads.sql';

export interface MigrationFile {
  /**
   * Name of the file without `.sql`, and a digest of its text: a file that was changed after it ran is
   * noticed as one that is missing.
   */
  readonly name: string;
  readonly text: string;
}

/** The same file, whatever editor or checkout has put before it and at the ends of its lines: its digest is for ever. */
export function migration(file: string, read: string): MigrationFile {
  const text = read.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
  return { name: `${file}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`, text };
}

/**
 * The migrations, in the order in which they run. A file that has been released is never changed.
 *
 * A file `NNNN-NAME.sql` expands: the version of the service before it runs on beside it. A file
 * `NNNN-NAME.contract.sql` removes what only earlier versions need.
 */
export const MIGRATION_FILES: readonly MigrationFile[] = [migration('0001-leads', leads)];

/** Whether a migration removes what earlier versions of the service need. */
export const isContract = (name: string): boolean => /\.contract-[0-9a-f]{12}$/.test(name);

/** The migration that this version of the service needs: its last one that expands. */
export function neededBy(files: readonly MigrationFile[]): string {
  const needed = files.findLast(({ name }) => !isContract(name));
  if (!needed) throw new Error('service/migrations has no file');
  return needed.name;
}

/** The last migration that this version of the service knows, be it one that it needs or not. */
export function knownTo(files: readonly MigrationFile[]): string {
  const last = files.at(-1);
  if (!last) throw new Error('service/migrations has no file');
  return last.name;
}
