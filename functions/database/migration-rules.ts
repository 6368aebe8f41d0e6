import type { MigrationFile } from '../../service/migrations/manifest';
import { PlatformError } from '../contract/errors';
import { statementsOf } from './sql-statements';

/** First line of a file whose statements run by themselves. */
const MARKER = '-- outside a transaction\n';

export const isOutside = ({ text }: MigrationFile): boolean => text.startsWith(MARKER);

type Rule = readonly [statement: RegExp, why: string];

/** What no file may say: service/migrations/README.md. */
const NEVER: readonly Rule[] = [
  [/(?:^| )\\\S*/, 'is a command of psql'],
  [/^COPY\b.* FROM STDIN\b/, 'needs psql, which sends the rows'],
  [
    /^(?:BEGIN|START TRANSACTION|COMMIT|END|ROLLBACK|ABORT|PREPARE TRANSACTION)\b/,
    'ends or begins a transaction, which the run does',
  ],
  [/^(?:(?:SET|RESET)(?: LOCAL| SESSION)? ROLE|(?:SET|RESET)(?: LOCAL)? SESSION AUTHORIZATION)\b/, 'changes the role'],
  [/^(?:GRANT|REVOKE)\b/, 'changes rights, which the defaults of the schema give'],
  [/^(?:CREATE UNLOGGED|ALTER TABLE\b.* SET UNLOGGED)\b/, 'makes a table that a crash empties'],
];
/** "Cannot be executed inside a transaction block" (PostgreSQL, of each). */
const OUTSIDE: readonly Rule[] = [
  [
    /^(?:VACUUM|(?:CREATE(?: UNIQUE)?|DROP) INDEX CONCURRENTLY|REINDEX\b.* CONCURRENTLY|ALTER TABLE\b.* DETACH PARTITION\b.* CONCURRENTLY)\b/,
    `refuses to run in a transaction: let the file begin with the line "${MARKER.trim()}"`,
  ],
];

const NUMBERED = /^(\d{4})-[a-z0-9-]+(?:\.contract)?-[0-9a-f]{12}$/;

function numberFault(file: MigrationFile, before: MigrationFile | undefined): string[] {
  const [, number] = NUMBERED.exec(file.name) ?? [];
  if (number === undefined) return ['its name is not NNNN-NAME.sql or NNNN-NAME.contract.sql'];
  return before && number <= before.name.slice(0, 4) ? [`its number is not higher than that of ${before.name}`] : [];
}

function statementFaults(file: MigrationFile): string[] {
  const rules = isOutside(file) ? NEVER : [...NEVER, ...OUTSIDE];
  return statementsOf(file.text).flatMap(({ words }) =>
    rules.flatMap(([statement, why]) => (statement.exec(words) ?? []).map((found) => `${found.trim()} ${why}`)),
  );
}

/**
 * Refuses files that could not run to their end, or whose end could not be recorded, before one of them runs anywhere.
 *
 * @param files in the order in which they run
 * @param isPending whether a file is about to run: statements of one that has run are not judged again
 * @throws PlatformError `MigrationFailed` that names each file and what is wrong with it
 */
export function requireSound(files: readonly MigrationFile[], isPending: (name: string) => boolean): void {
  const faults = files.flatMap((file, n) =>
    [...numberFault(file, files[n - 1]), ...(isPending(file.name) ? statementFaults(file) : [])].map(
      (fault) => `migration ${file.name}: ${fault}`,
    ),
  );
  if (faults.length > 0) throw new PlatformError('MigrationFailed', faults.join('; '));
}
