import { createHash } from 'node:crypto';
import { type Migration, sql } from 'kysely';
import leads from '../../service/migrations/0001-leads.sql';

/** Text of each migration, in the order in which they run. A file that has been released is never changed. */
const FILES: readonly (readonly [name: string, text: string])[] = [['0001-leads', leads]];

/**
 * The name has a digest of the text: a file that was changed after it ran is noticed as one that is
 * missing.
 */
const nameOf = (file: string, text: string) =>
  `${file}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}`;

export const MIGRATIONS: Readonly<Record<string, Migration>> = Object.fromEntries(
  FILES.map(([file, text]) => [
    nameOf(file, text),
    {
      up: async (database) => {
        await sql.raw(text).execute(database);
      },
    } satisfies Migration,
  ]),
);
