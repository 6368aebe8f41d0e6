import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { DatabaseError } from 'pg';
import { databaseError } from '../../../functions/database/database-errors';
import { isOutside } from '../../../functions/database/migration-rules';
import { MIGRATION_FILES, migration } from '../../../service/migrations/manifest';

const refused = (code: string) =>
  Object.assign(new DatabaseError('no', 2, 'error'), { code, detail: 'Key (email)=(jo@acme.example) exists.' });
const broken = (code: string) => Object.assign(new Error('broken'), { code });

test.each([
  ['a login that is refused', refused('28000'), 'AccessDenied'],
  ['a server that starts', refused('57P03'), 'TransientServiceFault'],
  ['a server without a connection left', refused('53300'), 'TransientServiceFault'],
  ['a deadlock', refused('40P01'), 'TransientConflict'],
  ['a table that is there', refused('42P07'), 'MigrationFailed'],
  ['a port that nobody listens at', broken('ECONNREFUSED'), 'TransientServiceFault'],
  ['a session that the server ended', new Error('Connection terminated unexpectedly'), 'TransientServiceFault'],
  [
    'a statement after that',
    new Error('Client has encountered a connection error and is not queryable'),
    'TransientServiceFault',
  ],
  ['a statement after the end', new Error('Client was closed and is not queryable'), 'TransientServiceFault'],
])('translates %s: %#', (_, thrown, name) => {
  expect(databaseError(thrown, 'database', 'MigrationFailed')).toMatchObject({ name });
});

test('the error message contains the SQL state and no data of a row', () => {
  const { message } = databaseError(refused('23505'), 'database of tenant t1', 'MigrationFailed') as Error;
  expect(message).toBe('database of tenant t1: no (23505)');
});

test('no released migration has changed', () => {
  expect(MIGRATION_FILES.map(({ name }) => name)).toEqual(['0001-leads-5c9e9e912f37']);
});

test('a migration is the same file when an editor or a checkout has changed its line ends', () => {
  const text = '-- outside a transaction\nCREATE INDEX CONCURRENTLY leads_by_email ON leads (email);\n';
  const saved = migration('0002-index', `\uFEFF${text.replaceAll('\n', '\r\n')}`);
  expect(saved).toEqual(migration('0002-index', text));
  expect(isOutside(saved)).toBe(true);
});

test('the list of migrations has every file of the folder, in order', () => {
  const files = globSync('service/migrations/*.sql').map((file) => basename(file, '.sql'));
  expect(MIGRATION_FILES.map(({ name }) => name.replace(/-[0-9a-f]{12}$/, ''))).toEqual(files.sort());
  for (const file of files) expect(file).toMatch(/^\d{4}-[a-z0-9-]+(\.contract)?$/);
  // Of two files with one number, a database that has the first is not known to lack the second (contract/migration.ts).
  expect(new Set(files.map((file) => file.slice(0, 4))).size).toBe(files.length);
});
