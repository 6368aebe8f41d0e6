import { inDatabase } from '../database-sessions';
import type { AttackTechnique } from '../technique';

const FUNCTION = `CREATE FUNCTION funnels.copied() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`;
const readerOf = (application: string) => application.replace(/app_/, 'read_');
const asOwner = (...statements: string[]) => ['SET ROLE funnels_owner', ...statements, 'RESET ROLE'];

/** What an intruder with the master user's password, or a hasty administrator, does behind the door. */
export const DATABASE_DOOR_TECHNIQUES: readonly AttackTechnique[] = [
  inDatabase(
    'make a second user with a password',
    'database.logins',
    () => [`CREATE ROLE analyst LOGIN PASSWORD 'known'`],
    () => ['DROP ROLE analyst'],
    () => 'analyst LOGIN: no release makes this',
  ),
  inDatabase(
    'make a user that looks like RDS’s own, by IAM',
    'database.logins',
    () => ['CREATE ROLE rds_ad LOGIN', 'GRANT rds_iam TO rds_ad'],
    () => ['DROP ROLE rds_ad'],
    () => 'rds_ad LOGIN: no release makes this',
  ),
  inDatabase(
    'let the application make databases',
    'database.logins',
    (user) => [`ALTER ROLE ${user} CREATEDB`],
    (user) => [`ALTER ROLE ${user} NOCREATEDB`],
    (user) => `${user} LOGIN CREATEDB`,
  ),
  inDatabase(
    'let the owner log in',
    'database.logins',
    () => [`ALTER ROLE funnels_owner LOGIN PASSWORD 'known'`],
    () => ['ALTER ROLE funnels_owner NOLOGIN PASSWORD NULL'],
    () => 'funnels_owner LOGIN',
  ),
  inDatabase(
    'let the application see what all sessions do',
    'database.members',
    (user) => [`GRANT pg_monitor TO ${user}`],
    (user) => [`REVOKE pg_monitor FROM ${user}`],
    (user) => `${user} in pg_monitor`,
  ),
  inDatabase(
    'let the master user become the application',
    'database.members',
    (user) => [`GRANT ${user} TO CURRENT_USER`],
    (user) => [`REVOKE ${user} FROM CURRENT_USER`],
    (user) => `tenant_admin in ${user} INHERIT SET ADMIN`,
  ),
  inDatabase(
    'let the application administer the owner',
    'database.members',
    (user) => [`GRANT funnels_owner TO ${user} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`],
    (user) => [`REVOKE funnels_owner FROM ${user}`],
    (user) => `${user} in funnels_owner ADMIN`,
  ),
  inDatabase(
    'copy the leads into a table of another owner',
    'database.owners',
    () => ['CREATE TABLE public.copy AS SELECT * FROM funnels.leads'],
    () => ['DROP TABLE public.copy'],
    () => 'TABLE public.copy OF tenant_admin',
  ),
  inDatabase(
    'make a schema beside the tenant’s',
    'database.owners',
    () => ['CREATE SCHEMA exports'],
    () => ['DROP SCHEMA exports'],
    () => 'SCHEMA exports OF tenant_admin',
  ),
  inDatabase(
    'leave rows of a restore behind',
    'database.leftovers',
    () => [
      'CREATE SCHEMA funnels_restored AUTHORIZATION funnels_owner',
      ...asOwner('CREATE TABLE funnels_restored.t0 AS SELECT * FROM funnels.leads'),
    ],
    () => ['DROP SCHEMA funnels_restored CASCADE'],
    () => 'rows of a restore: SCHEMA funnels_restored OF funnels_owner, TABLE funnels_restored.t0 OF funnels_owner',
  ),
  inDatabase(
    'let the application read what a restore has staged',
    'database.grants',
    (user) => [
      'CREATE SCHEMA funnels_restored AUTHORIZATION funnels_owner',
      ...asOwner(`GRANT USAGE ON SCHEMA funnels_restored TO ${user}`),
    ],
    () => ['DROP SCHEMA funnels_restored CASCADE'],
    (user) => `SCHEMA funnels_restored TO ${user}: USAGE`,
  ),
  inDatabase(
    'make a second database',
    'database.owners',
    () => ['CREATE DATABASE copy'],
    () => ['DROP DATABASE copy'],
    () => 'DATABASE copy OF tenant_admin',
  ),
  inDatabase(
    'let everybody read the leads',
    'database.grants',
    () => asOwner('GRANT SELECT ON funnels.leads TO PUBLIC'),
    () => asOwner('REVOKE SELECT ON funnels.leads FROM PUBLIC'),
    () => 'TABLE funnels.leads TO PUBLIC: SELECT',
  ),
  inDatabase(
    'let everybody read the addresses of the leads, one column',
    'database.grants',
    () => asOwner('GRANT SELECT (email) ON funnels.leads TO PUBLIC'),
    () => asOwner('REVOKE SELECT (email) ON funnels.leads FROM PUBLIC'),
    () => 'COLUMN funnels.leads.email TO PUBLIC: SELECT',
  ),
  inDatabase(
    'let everybody read tables to come',
    'database.grants',
    () => asOwner('ALTER DEFAULT PRIVILEGES IN SCHEMA funnels GRANT SELECT ON TABLES TO PUBLIC'),
    () => asOwner('ALTER DEFAULT PRIVILEGES IN SCHEMA funnels REVOKE SELECT ON TABLES FROM PUBLIC'),
    () => 'PUBLIC SELECT',
  ),
  inDatabase(
    'let everybody connect to the tenant’s database',
    'database.grants',
    () => ['GRANT CONNECT ON DATABASE funnels TO PUBLIC'],
    () => ['REVOKE CONNECT ON DATABASE funnels FROM PUBLIC'],
    () => 'DATABASE funnels TO PUBLIC: CONNECT',
  ),
  inDatabase(
    'let the application empty its tables',
    'database.grants',
    (user) => asOwner(`GRANT TRUNCATE ON funnels.leads TO ${user}`),
    (user) => asOwner(`REVOKE TRUNCATE ON funnels.leads FROM ${user}`),
    () => 'DELETE, INSERT, SELECT, TRUNCATE, UPDATE',
  ),
  inDatabase(
    'lend the owner’s rights by a function',
    'database.code',
    () => asOwner(`CREATE FUNCTION funnels.lent() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`),
    () => asOwner('DROP FUNCTION funnels.lent()'),
    () => 'FUNCTION funnels.lent runs as funnels_owner',
  ),
  inDatabase(
    'run code at each new lead',
    'database.code',
    () =>
      asOwner(
        FUNCTION,
        'CREATE TRIGGER copying BEFORE INSERT ON funnels.leads FOR EACH ROW EXECUTE FUNCTION funnels.copied()',
      ),
    () => asOwner('DROP FUNCTION funnels.copied() CASCADE'),
    () => 'TRIGGER copying on funnels.leads',
  ),
  inDatabase(
    'change what an insert does, by a rule',
    'database.code',
    () => asOwner('CREATE RULE doing AS ON INSERT TO funnels.leads DO ALSO SELECT 1'),
    () => asOwner('DROP RULE doing ON funnels.leads'),
    () => 'RULE doing on funnels.leads',
  ),
  inDatabase(
    'hide leads from the application by a policy',
    'database.code',
    () =>
      asOwner(
        'ALTER TABLE funnels.leads ENABLE ROW LEVEL SECURITY',
        'CREATE POLICY hidden ON funnels.leads USING (false)',
      ),
    () => asOwner('DROP POLICY hidden ON funnels.leads', 'ALTER TABLE funnels.leads DISABLE ROW LEVEL SECURITY'),
    () => 'POLICY hidden on funnels.leads',
  ),
  inDatabase(
    'let the reader connect once at a time',
    'database.logins',
    (user) => [`ALTER ROLE ${readerOf(user)} CONNECTION LIMIT 1`],
    (user) => [`ALTER ROLE ${readerOf(user)} CONNECTION LIMIT -1`],
    () => 'LOGIN CONNECTION LIMIT 1',
  ),
  inDatabase(
    'copy the leads into a large object',
    'database.owners',
    () => [
      `SELECT lo_from_bytea(4711, convert_to(coalesce((SELECT json_agg(l) FROM funnels.leads l)::text, ''), 'UTF8'))`,
    ],
    () => ['SELECT lo_unlink(4711)'],
    () => 'LARGE OBJECT 4711 OF tenant_admin',
  ),
  inDatabase(
    'make an extension that no release has',
    'database.foreign',
    () => ['CREATE EXTENSION citext SCHEMA public'],
    () => ['DROP EXTENSION citext'],
    () => 'EXTENSION citext: no release makes this',
  ),
  inDatabase(
    'publish the leads',
    'database.replication',
    () => ['CREATE PUBLICATION everything FOR TABLE funnels.leads'],
    () => ['DROP PUBLICATION everything'],
    () => 'PUBLICATION everything',
  ),
  inDatabase(
    'begin the application’s sessions in another schema',
    'database.sessions',
    (user) => [`ALTER ROLE ${user} SET search_path = public, funnels`],
    (user) => [`ALTER ROLE ${user} SET search_path = funnels`],
    () => 'search_path=public, funnels',
  ),
  inDatabase(
    'begin all sessions of the database in another schema',
    'database.sessions',
    () => ['ALTER DATABASE funnels SET search_path = public'],
    () => ['ALTER DATABASE funnels RESET search_path'],
    () => 'ALL IN funnels: search_path=public',
  ),
  inDatabase(
    'begin the application’s sessions as another role',
    'database.sessions',
    (user) => [`ALTER ROLE ${user} SET role = 'rds_iam'`],
    (user) => [`ALTER ROLE ${user} RESET role`],
    () => 'role=rds_iam',
  ),
  inDatabase(
    'let a backslash end texts of the application',
    'database.sessions',
    (user) => [`ALTER ROLE ${user} SET standard_conforming_strings = off`],
    (user) => [`ALTER ROLE ${user} RESET standard_conforming_strings`],
    () => 'standard_conforming_strings=off: no release makes this',
  ),
  inDatabase(
    'keep new passwords as weak digests',
    'database.sessions',
    () => [`ALTER DATABASE funnels SET password_encryption = 'md5'`],
    () => ['ALTER DATABASE funnels RESET password_encryption'],
    () => 'ALL IN funnels: password_encryption=md5',
  ),
  {
    name: 'say of the tenant that its database is of an earlier release',
    check: 'database.release',
    detonate: async ({ subject }) => ({
      expectedEvidence: 'behind a release',
      believed: { ...subject, rolesRevision: 1 },
      revert: async () => undefined,
    }),
  },
];
