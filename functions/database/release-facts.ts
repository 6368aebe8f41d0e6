import {
  DATABASE_MASTER,
  DATABASE_NAME,
  DATABASE_OWNER,
  DATABASE_SCHEMA,
  DATABASE_STAGING,
  tenantNames,
} from '../contract/naming';
import type { FactName } from './door-call';

/**
 * Revision of what roles.ts makes. The tenant's record has it, so that a tenant of an earlier release
 * is held to what that release made.
 *
 * 1. The owner and the application.
 * 2. The reader, too; the databases postgres and template1 are shut.
 * 3. The application changes no record of migrations.
 */
export const ROLES_REVISION = 3;

/**
 * What a tenant's database must have: `required` lines, and besides them only lines that match `allowed`.
 */
export interface ExpectedFact {
  readonly required: readonly string[];
  readonly allowed: readonly RegExp[];
}

/**
 * Roles that RDS makes for itself ("Understanding PostgreSQL roles and permissions", Amazon RDS User Guide), and
 * those of PostgreSQL. Groups nobody logs in as; a role of these names that logs in is not RDS's. A minor version, which
 * comes to one tenant after the other, may bring one more: by itself a group is nobody's way in, and its members and
 * rights are asked about.
 */
const RDS_GROUPS = 'rds_[a-z_]+';
const RDS_USERS = '(?:rdsadmin|rdsrepladmin|rdstopmgr)';
const RDS = `(?:${RDS_GROUPS}|${RDS_USERS}|pg_[a-z_]+)`;
/** What RDS's own user has, and what is in its database, which lets nobody in. */
const OF_RDS = ['.+ OF rdsadmin', '\\S+ IN DATABASE rdsadmin OF .+'];
const ATTRIBUTES = '(?: (?:SUPERUSER|CREATEDB|CREATEROLE|REPLICATION|BYPASSRLS))*';

/** Whether a line of the fact `owners` is of rows that a restore has staged, or of their schema. */
export const isStagedLine = (line: string) => new RegExp(`^[A-Z ]+ ${DATABASE_STAGING}[. ]`).test(line);

const matching = (...patterns: readonly string[]) => patterns.map((pattern) => new RegExp(`^${pattern}$`));

const anyOf = (...patterns: readonly string[]) => `(?:${patterns.join('|')})`;

/**
 * Settings of a role or a database that an operator may tune: how long, with how much memory and by which plan a
 * statement runs, and how its result is written. Every other one could run other code, write statements into the log,
 * stop the audit of sessions, or open large objects ("Server Configuration", PostgreSQL).
 */
const TUNED = anyOf(
  ...['(?:[a-z_]+_)?work_mem', 'temp_buffers', 'hash_mem_multiplier', 'default_statistics_target'],
  ...['enable_[a-z_]+', '[a-z_]+_cost', 'effective_[a-z_]+', '(?:max_)?parallel_[a-z_]+'],
  ...['jit(?:_above_cost)?', 'geqo(?:_threshold)?', '(?:from|join)_collapse_limit', 'plan_cache_mode'],
  ...['TimeZone', 'DateStyle', 'IntervalStyle', 'lc_[a-z]+', 'extra_float_digits'],
  ...['application_name', 'client_min_messages'],
);
/** None, or long enough for a statement: with a few milliseconds nothing of the application ends well. */
const TIME =
  '(?:0(?: ?[a-z]+)?|[1-9]\\d{2,}(?:\\.\\d+)?(?: ?ms)?|(?:[1-9]\\d*(?:\\.\\d+)?|0\\.[1-9]\\d*) ?(?:s|min|h|d))';
const TUNING = anyOf(`${TUNED}=.*`, `[a-z_]+_timeout=${TIME}`);
const NAME = '[a-z_][a-z0-9_]*';

/**
 * The extension by which an administrator finds slow statements. Its views show a role its own statements only, without
 * their values ("pg_stat_statements").
 */
const STATISTICS = 'pg_stat_statements';

/**
 * What `roleStatements` (roles.ts) and the migrations make, in the lines of door-facts.ts. The two files are
 * changed together.
 *
 * @param revision see ROLES_REVISION
 */
export function expectedFacts(tenantId: string, revision: number): Readonly<Record<FactName, ExpectedFact>> {
  const [master, owner, schema, database] = [DATABASE_MASTER, DATABASE_OWNER, DATABASE_SCHEMA, DATABASE_NAME];
  const [application, reader] = [tenantNames.databaseUser(tenantId), tenantNames.databaseReader(tenantId)];
  const since = (first: number, ...lines: readonly string[]) => (revision < first ? [] : lines);
  const open = revision < 2 ? ['postgres', 'template1'] : [];
  const rows = ['DELETE', 'INSERT', 'SELECT', 'UPDATE'].map((right) => `${application} ${right}`);
  // kysely's own tables (migrate.ts).
  const ofMigrations = 'kysely_migration(?:_lock)?';
  const table = revision < 3 ? '\\S+' : `(?!${ofMigrations} )\\S+`;
  const toRds = `(?:PARAMETER \\S+|DATABASE (?:postgres|template1)|SCHEMA public) TO ${RDS}: .*`;
  return {
    roles: {
      required: [`${application} LOGIN`, ...since(2, `${reader} LOGIN`), owner, `${master} LOGIN CREATEDB CREATEROLE`],
      allowed: matching(`${RDS_GROUPS}${ATTRIBUTES}`, `${RDS_USERS}(?: LOGIN)?${ATTRIBUTES}`),
    },
    members: {
      required: [
        `${application} in rds_iam INHERIT SET`,
        ...since(2, `${reader} in rds_iam INHERIT SET`),
        `${master} in ${owner} INHERIT SET ADMIN`,
      ],
      // Who makes a role may administer it.
      allowed: matching(
        `${master} in (?:${[application, ...since(2, reader)].join('|')}) ADMIN`,
        `${master} in rds_superuser(?: \\w+)*`,
        `${RDS} in ${RDS}.*`,
      ),
    },
    reach: {
      required: [`member of ${application}`, 'member of rds_iam', `schema ${schema}`, `database ${database}`],
      allowed: matching(...open.map((name) => `database ${name}`)),
    },
    owners: {
      required: [`DATABASE ${database} OF ${master}`, `SCHEMA ${schema} OF ${owner}`],
      allowed: matching(
        `DATABASE (?:postgres|template1) OF ${master}`,
        'SCHEMA public OF pg_database_owner',
        // A server that began before version 15 keeps the former owner of `public`; what is in a schema is told by itself.
        `pg_namespace IN DATABASE (?:postgres|template1) OF ${master}`,
        // Whatever kind of object it is: the migrations make it.
        `[A-Z ]+ ${schema}\\..+ OF ${owner}`,
        ...OF_RDS,
        // What is left there is told by database.leftovers; that it is anybody else's, or anybody's to read, by the others.
        `SCHEMA ${DATABASE_STAGING} OF ${owner}`,
        `[A-Z ]+ ${DATABASE_STAGING}\\..+ OF ${owner}`,
      ),
    },
    grants: {
      required: [
        `DATABASE ${database} TO ${application}: CONNECT`,
        `SCHEMA ${schema} TO ${application}: USAGE`,
        ...since(2, `DATABASE ${database} TO ${reader}: CONNECT`, `SCHEMA ${schema} TO ${reader}: USAGE`),
      ],
      allowed: matching(
        `TABLE ${schema}\\.${table} TO ${application}: DELETE, INSERT, SELECT, UPDATE`,
        ...since(3, `TABLE ${schema}\\.${ofMigrations} TO ${application}: SELECT`),
        ...since(2, `TABLE ${schema}\\.\\S+ TO ${reader}: SELECT`),
        `SEQUENCE ${schema}\\.\\S+ TO ${application}: USAGE`,
        'DATABASE (?:rdsadmin|template0) TO .*',
        ...open.map((name) => `DATABASE ${name} TO PUBLIC: .*`),
        toRds,
      ),
    },
    defaults: {
      required: [
        `${owner} IN ${schema} ON r TO ${[...rows, ...since(2, `${reader} SELECT`)].join(', ')}`,
        `${owner} IN ${schema} ON S TO ${application} USAGE`,
        `${owner} ON f TO nobody`,
      ],
      allowed: matching(`${RDS}(?: IN \\S+)? ON \\S TO .*`),
    },
    code: { required: [], allowed: matching(`EVENT TRIGGER \\S+ of ${RDS_USERS}`) },
    foreign: {
      required: ['EXTENSION plpgsql'],
      allowed: matching('LANGUAGE (?:c|internal|plpgsql|sql)', `EXTENSION ${STATISTICS}`, ...OF_RDS),
    },
    // RDS itself keeps a physical slot for each replica.
    replication: { required: [], allowed: matching('SLOT rds_\\S+ physical') },
    settings: {
      required: [`${application}: search_path=${schema}`, ...since(2, `${reader}: search_path=${schema}`)],
      allowed: matching(
        `${RDS}(?: IN ${NAME})?: .*`,
        'ALL IN rdsadmin: .*',
        `(?:ALL|${NAME})(?: IN ${NAME})?: ${TUNING}`,
      ),
    },
  };
}
