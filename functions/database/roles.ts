import { DEFAULT_MIGRATION_LOCK_TABLE, DEFAULT_MIGRATION_TABLE } from 'kysely';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { DATABASE_NAME, DATABASE_OWNER, DATABASE_SCHEMA } from '../contract/naming';

/**
 * Of a session of the application or the reader. It may set both for itself: they end what was forgotten, and limit
 * nobody who means to.
 */
const STATEMENT_TIMEOUT = '10s';
const IDLE_IN_TRANSACTION_TIMEOUT = '15s';

const createUnlessThere = (role: string, attributes: string) => `
  DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${escapeLiteral(role)}) THEN
      CREATE ROLE ${escapeIdentifier(role)} ${attributes};
    END IF;
  END $$;`;

/**
 * What everybody may enter by default, besides the tenant's own database. RDS's master user owns both. Where
 * it does not, they are RDS's to close.
 */
const SHUT_OTHER_DATABASES = `
  DO $$ DECLARE name text; BEGIN
    FOR name IN SELECT datname FROM pg_database
      WHERE datname IN ('postgres', 'template1') AND pg_has_role(datdba, 'USAGE')
        AND has_database_privilege('public', oid, 'CONNECT, CREATE, TEMPORARY')
    LOOP
      EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', name);
    END LOOP;
  END $$;`;

/**
 * Of the transaction: two runs that make the same role, or grant to it, at once fail by duplicate keys, or as a "tuple
 * concurrently updated". A run whose caller was killed goes on while the next one begins.
 */
const ONE_AT_A_TIME = `SELECT pg_advisory_xact_lock(hashtext('tenant-onboarding roles'))`;

/**
 * Statements, as the master user, that make the roles of a tenant's database. They may run again, and are
 * to be sent as one query, which is one transaction.
 *
 * - The owner has schema and tables. Nobody logs in as the owner; the master user may become it.
 * - The application logs in by IAM alone, reads and writes rows, and makes nothing.
 * - The reader logs in by IAM alone and reads rows, of the replica too, which has its source's roles.
 * - PUBLIC, which every role belongs to, has nothing.
 *
 * `GRANT rds_iam` of the master user to itself is left out: RDS would take no password of it any more.
 * Attributes like NOSUPERUSER are not named: only a superuser may name them, even where nothing changes.
 *
 * release-facts.ts has what these statements make, in the words of the isolation checks.
 *
 * Sources: "Understanding PostgreSQL roles and permissions", "Creating a database account using IAM
 * authentication" (Amazon RDS User Guide); "ALTER DEFAULT PRIVILEGES" (PostgreSQL).
 */
export function roleStatements(applicationUser: string, readerUser: string): readonly string[] {
  const [owner, application, reader, schema, database] = [
    DATABASE_OWNER,
    applicationUser,
    readerUser,
    DATABASE_SCHEMA,
    DATABASE_NAME,
  ].map(escapeIdentifier);
  const users = `${application}, ${reader}`;
  return [
    ONE_AT_A_TIME,
    createUnlessThere(DATABASE_OWNER, 'NOLOGIN'),
    createUnlessThere(applicationUser, 'LOGIN'),
    createUnlessThere(readerUser, 'LOGIN'),
    `GRANT rds_iam TO ${users}`,
    `GRANT ${owner} TO CURRENT_USER`,
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
    SHUT_OTHER_DATABASES,
    'REVOKE ALL ON SCHEMA public FROM PUBLIC',
    `CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${owner}`,
    `GRANT CONNECT ON DATABASE ${database} TO ${users}`,
    `GRANT USAGE ON SCHEMA ${schema} TO ${users}`,
    // Tables that are there already, of a tenant of an earlier release.
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${reader}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema}
       GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${application}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema} GRANT SELECT ON TABLES TO ${reader}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} IN SCHEMA ${schema} GRANT USAGE ON SEQUENCES TO ${application}`,
    `ALTER DEFAULT PRIVILEGES FOR ROLE ${owner} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`,
    ...[application, reader].flatMap((user) => [
      `ALTER ROLE ${user} SET search_path = ${schema}`,
      `ALTER ROLE ${user} SET statement_timeout = '${STATEMENT_TIMEOUT}'`,
      `ALTER ROLE ${user} SET idle_in_transaction_session_timeout = '${IDLE_IN_TRANSACTION_TIMEOUT}'`,
    ]),
  ];
}

/**
 * A statement, as the owner, that keeps the application from the record of its migrations: the defaults give it the rows of
 * each table, and whoever changes these makes a migration run again, or never. It may be sent again.
 */
export function recordStatement(applicationUser: string): string {
  const tables = [DEFAULT_MIGRATION_TABLE, DEFAULT_MIGRATION_LOCK_TABLE].map(
    (table) => `${escapeIdentifier(DATABASE_SCHEMA)}.${escapeIdentifier(table)}`,
  );
  return `${ONE_AT_A_TIME}; REVOKE INSERT, UPDATE, DELETE ON ${tables.join(', ')} FROM ${escapeIdentifier(applicationUser)}`;
}
