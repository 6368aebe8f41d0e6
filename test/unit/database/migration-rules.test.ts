import { requireSound } from '../../../functions/database/migration-rules';
import { statementsOf } from '../../../functions/database/sql-statements';
import { MIGRATION_FILES, migration } from '../../../service/migrations/manifest';

const OUTSIDE = '-- outside a transaction\n';
const refusalOf = (...files: readonly [string, string][]) => {
  try {
    requireSound(
      files.map(([name, text]) => migration(name, text)),
      () => true,
    );
  } catch (thrown) {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : thrown;
  }
  return 'sound';
};

test('the migrations of this release are sound', () => {
  expect(() => requireSound(MIGRATION_FILES, () => true)).not.toThrow();
});

test.each([
  ['COMMIT', 'ALTER TABLE leads ADD a int;\nCommit; ALTER TABLE leads ADD b int'],
  ['BEGIN', '/* all of it */ BEGIN; SELECT 1; END'],
  ['ROLLBACK', 'SELECT 1; ROLLBACK'],
  ['SET ROLE', 'SET ROLE tenant_admin; CREATE TABLE a ()'],
  ['RESET SESSION AUTHORIZATION', 'RESET SESSION AUTHORIZATION'],
  ['GRANT', 'CREATE TABLE a (); GRANT SELECT ON a TO PUBLIC'],
  ['CREATE UNLOGGED', 'CREATE UNLOGGED TABLE a ()'],
  ['ALTER TABLE A SET UNLOGGED', 'ALTER TABLE a SET UNLOGGED'],
  ['CREATE UNIQUE INDEX CONCURRENTLY', 'CREATE UNIQUE INDEX CONCURRENTLY a ON leads (name)'],
  ['VACUUM', 'VACUUM leads'],
  ['\\COPY', `\\copy leads FROM 'leads.csv'`],
  ['\\CONNECT', 'SELECT 1;\n\\connect funnels\nSELECT 2'],
  ['COPY LEADS FROM STDIN', 'COPY leads FROM STDIN;\n1\tJo\n\\.\n'],
])('a file with %s is refused before it runs', (word, text) => {
  expect(refusalOf(['0001-a', text])).toContain(`MigrationFailed: migration 0001-a-`);
  expect(refusalOf(['0001-a', text])).toContain(`: ${word} `);
});

test.each([
  [
    'a body in quotes',
    `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $b$ BEGIN; COMMIT; END; $b$; SELECT E'\\'; COMMIT'`,
  ],
  [
    'a body in SQL',
    'CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE a WHEN 1 THEN 2 END; SELECT 3; END; SELECT 1',
  ],
  ['text and comments', `-- COMMIT;\nINSERT INTO leads (name) VALUES ('a; COMMIT; ''b'); /* ; VACUUM */`],
  ['a rule', 'CREATE RULE r AS ON INSERT TO a DO INSTEAD (SELECT 1; DELETE FROM a)'],
  ['names of its own', 'ALTER TABLE a ADD "commit; end" int; ALTER TABLE a RENAME begin TO grant_of'],
  [
    'what runs by itself',
    `${OUTSIDE}DROP INDEX CONCURRENTLY IF EXISTS a; CREATE INDEX CONCURRENTLY a ON leads (name);`,
  ],
])('a file with %s is sound', (_, text) => {
  expect(refusalOf(['0001-a', text])).toBe('sound');
});

test('a number is higher than the one before, and no statement of a file that has run is judged', () => {
  expect(refusalOf(['0001-a', ''], ['0001-b', ''])).toContain('0001-b-e3b0c44298fc: its number is not higher');
  expect(refusalOf(['0002-b', ''], ['0001-a', ''])).toContain('migration 0001-a');
  expect(refusalOf(['1-a', ''])).toContain('its name is not NNNN-NAME.sql');
  expect(() => requireSound([migration('0001-a', 'COMMIT')], () => false)).not.toThrow();
});

test('statements of a file outside a transaction may share a line, and have semicolons within', () => {
  const file = `${OUTSIDE}DROP INDEX a; DO $$ BEGIN PERFORM 1;\nEND $$;\n-- the end;\n`;
  expect(statementsOf(file).map(({ text }) => text)).toEqual([
    `${OUTSIDE}DROP INDEX a`,
    'DO $$ BEGIN PERFORM 1;\nEND $$',
  ]);
});
