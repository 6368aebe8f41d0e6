import { MAX_CONNECTIONS } from '../contract/connections';
import type { FactName } from './door-call';

const ROLE = (oid: string) =>
  `CASE ${oid} WHEN 0 THEN 'PUBLIC' ELSE coalesce((SELECT quote_ident(rolname) FROM pg_roles WHERE oid = ${oid}), 'unknown') END`;
const WORD = (condition: string, word: string) => `CASE WHEN ${condition} THEN '${word}' END`;
/** Who logs in and is not RDS's. */
const USERS = `(SELECT * FROM pg_roles WHERE rolcanlogin AND rolname !~ '^(pg_|rds)') u`;
/** Schemas that are not the server's own. */
const SCHEMAS = `(SELECT * FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') n`;
const OF_NO_EXTENSION = (oid: string) => `NOT EXISTS (SELECT FROM pg_depend WHERE objid = ${oid} AND deptype = 'e')`;

/**
 * Whatever kind of object belongs to a role, in each database of the server: the server itself must know it, to drop no role
 * that has something ("pg_shdepend"). What belongs to the server's own first user, RDS's, is not in it.
 */
const OWNED = `(SELECT * FROM pg_shdepend WHERE deptype = 'o' AND dbid <> 0) s`;
const THIS_DATABASE = '(SELECT oid FROM pg_database WHERE datname = current_database())';
/** Kinds of objects that lead elsewhere, and those of other facts. */
const LEADING = ['pg_extension', 'pg_foreign_server', 'pg_foreign_data_wrapper', 'pg_publication'];
const classes = (names: readonly string[]) => names.map((name) => `'${name}'::regclass`).join(', ');
const TOLD_BY_OTHERS = classes([...LEADING, 'pg_default_acl', 'pg_event_trigger']);
/** Another database's names cannot be read from here. */
const IS_ELSEWHERE = `s.dbid <> ${THIS_DATABASE}`;
const ELSEWHERE = `DISTINCT concat(s.classid::regclass, ' IN DATABASE ', (SELECT quote_ident(datname) FROM pg_database WHERE oid = s.dbid),
  ' OF ', ${ROLE('s.refobjid')})`;

/** One line for each grantee of an object but its owner. */
const grants = (kind: string, from: string, name: string, acl: string, owner: string) => `
  SELECT concat('${kind} ', ${name}, ' TO ', ${ROLE('a.grantee')}, ': ', string_agg(
    DISTINCT a.privilege_type || ${`CASE WHEN a.is_grantable THEN '*' ELSE '' END`}, ', '))
  FROM ${from}, LATERAL aclexplode(${acl}) a
  WHERE a.grantee <> ${owner}
  GROUP BY ${name}, a.grantee`;

/** What an extension brings has the owner and the rights that it gives: the fact `foreign` tells of each extension. */
const RELATIONS = `pg_class c JOIN ${SCHEMAS} ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND ${OF_NO_EXTENSION('c.oid')}`;
const FUNCTIONS = `pg_proc p JOIN ${SCHEMAS} ON n.oid = p.pronamespace AND ${OF_NO_EXTENSION('p.oid')}`;
const IN_SCHEMA = (name: string) => `quote_ident(n.nspname) || '.' || quote_ident(${name})`;

/**
 * Queries that any role may send, each with lines of text in one column. Names are quoted as in SQL, so
 * no name can look like another line.
 *
 * Source: "System Catalogs" (PostgreSQL).
 */
export const FACT_QUERIES: Readonly<Record<FactName, string>> = {
  roles: `
    SELECT concat_ws(' ', quote_ident(rolname), ${WORD('rolcanlogin', 'LOGIN')}, ${WORD('rolsuper', 'SUPERUSER')},
      ${WORD('rolcreatedb', 'CREATEDB')}, ${WORD('rolcreaterole', 'CREATEROLE')},
      ${WORD('rolreplication', 'REPLICATION')}, ${WORD('rolbypassrls', 'BYPASSRLS')})
    FROM pg_roles WHERE rolname !~ '^pg_'`,
  members: `
    SELECT concat_ws(' ', quote_ident(m.rolname), 'in', quote_ident(r.rolname), ${WORD('bool_or(a.inherit_option)', 'INHERIT')},
      ${WORD('bool_or(a.set_option)', 'SET')}, ${WORD('bool_or(a.admin_option)', 'ADMIN')})
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
    GROUP BY m.rolname, r.rolname`,
  reach: `
    SELECT 'member of ' || quote_ident(rolname) FROM pg_roles WHERE pg_has_role(oid, 'MEMBER')
    UNION ALL SELECT 'schema ' || quote_ident(n.nspname) FROM ${SCHEMAS} WHERE has_schema_privilege(n.oid, 'USAGE, CREATE')
    UNION ALL SELECT 'database ' || quote_ident(datname) FROM pg_database
      WHERE datallowconn AND has_database_privilege(oid, 'CONNECT, CREATE, TEMPORARY')`,
  owners: `
    SELECT concat('DATABASE ', quote_ident(datname), ' OF ', ${ROLE('datdba')}) FROM pg_database
    UNION ALL SELECT concat('SCHEMA ', quote_ident(n.nspname), ' OF ', ${ROLE('n.nspowner')}) FROM ${SCHEMAS}
    UNION ALL SELECT concat(CASE s.classid WHEN 'pg_class'::regclass THEN 'TABLE' WHEN 'pg_proc'::regclass THEN 'FUNCTION'
        ELSE upper(i.type) END, ' ', i.identity, ' OF ', ${ROLE('s.refobjid')})
      FROM ${OWNED}, LATERAL pg_identify_object(s.classid, s.objid, 0) i
      WHERE s.dbid = ${THIS_DATABASE} AND s.classid NOT IN ('pg_namespace'::regclass, ${TOLD_BY_OTHERS})
        AND ${OF_NO_EXTENSION('s.objid')} AND i.identity !~ '^pg_temp'
    UNION ALL SELECT ${ELSEWHERE} FROM ${OWNED} WHERE ${IS_ELSEWHERE} AND s.classid NOT IN (${TOLD_BY_OTHERS})`,
  grants: [
    grants(
      'DATABASE',
      'pg_database d',
      'quote_ident(d.datname)',
      `coalesce(d.datacl, acldefault('d', d.datdba))`,
      'd.datdba',
    ),
    grants(
      'SCHEMA',
      SCHEMAS,
      'quote_ident(n.nspname)',
      `coalesce(n.nspacl, acldefault('n', n.nspowner))`,
      'n.nspowner',
    ),
    grants(
      'TABLE',
      `(SELECT * FROM ${RELATIONS} WHERE c.relkind <> 'S') n`,
      IN_SCHEMA('n.relname'),
      'n.relacl',
      'n.relowner',
    ),
    grants(
      'SEQUENCE',
      `(SELECT * FROM ${RELATIONS} WHERE c.relkind = 'S') n`,
      IN_SCHEMA('n.relname'),
      'n.relacl',
      'n.relowner',
    ),
    grants(
      'COLUMN',
      `(SELECT * FROM ${RELATIONS} JOIN pg_attribute t ON t.attrelid = c.oid) n`,
      `${IN_SCHEMA('n.relname')} || '.' || quote_ident(n.attname)`,
      'n.attacl',
      'n.relowner',
    ),
    grants(
      'FUNCTION',
      `(SELECT * FROM ${FUNCTIONS}) n`,
      IN_SCHEMA('n.proname'),
      `coalesce(n.proacl, acldefault('f', n.proowner))`,
      'n.proowner',
    ),
    grants('PARAMETER', 'pg_parameter_acl p', 'p.parname', 'p.paracl', '10'),
  ].join(' UNION ALL '),
  defaults: `
    SELECT concat(${ROLE('d.defaclrole')}, coalesce(' IN ' || quote_ident(n.nspname), ''), ' ON ', d.defaclobjtype, ' TO ',
      coalesce(string_agg(DISTINCT ${ROLE('a.grantee')} || ' ' || a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ', ')
        FILTER (WHERE a.grantee <> d.defaclrole), 'nobody'))
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
      LEFT JOIN LATERAL aclexplode(d.defaclacl) a ON true
    GROUP BY d.defaclrole, n.nspname, d.defaclobjtype`,
  code: `
    SELECT concat('FUNCTION ', ${IN_SCHEMA('p.proname')}, ' runs as ', ${ROLE('p.proowner')}) FROM ${FUNCTIONS} WHERE p.prosecdef
    UNION ALL SELECT concat('TRIGGER ', quote_ident(t.tgname), ' on ', ${IN_SCHEMA('c.relname')})
      FROM ${RELATIONS} JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
    UNION ALL SELECT concat('RULE ', quote_ident(r.rulename), ' on ', ${IN_SCHEMA('c.relname')})
      FROM ${RELATIONS} JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
    UNION ALL SELECT concat('POLICY ', quote_ident(y.polname), ' on ', ${IN_SCHEMA('c.relname')})
      FROM ${RELATIONS} JOIN pg_policy y ON y.polrelid = c.oid
    UNION ALL SELECT concat('ROW SECURITY of ', ${IN_SCHEMA('c.relname')}) FROM ${RELATIONS} WHERE c.relrowsecurity
    UNION ALL SELECT concat('CAST by ', ${IN_SCHEMA('p.proname')}) FROM ${FUNCTIONS} JOIN pg_cast k ON k.castfunc = p.oid
    UNION ALL SELECT concat('EVENT TRIGGER ', quote_ident(evtname), ' of ', ${ROLE('evtowner')}) FROM pg_event_trigger`,
  foreign: `
    SELECT 'EXTENSION ' || quote_ident(extname) FROM pg_extension
    UNION ALL SELECT 'LANGUAGE ' || quote_ident(lanname) FROM pg_language
    UNION ALL SELECT 'FOREIGN DATA WRAPPER ' || quote_ident(fdwname) FROM pg_foreign_data_wrapper
    UNION ALL SELECT 'SERVER ' || quote_ident(srvname) FROM pg_foreign_server
    UNION ALL SELECT concat('USER MAPPING ON ', quote_ident(srvname), ' FOR ', quote_ident(usename)) FROM pg_user_mappings
    UNION ALL SELECT ${ELSEWHERE} FROM ${OWNED} WHERE ${IS_ELSEWHERE} AND s.classid IN (${classes(LEADING)})
    UNION ALL SELECT 'FOREIGN TABLE ' || ${IN_SCHEMA('c.relname')} FROM ${RELATIONS} WHERE c.relkind = 'f'`,
  replication: `
    SELECT 'PUBLICATION ' || quote_ident(pubname) FROM pg_publication
    UNION ALL SELECT 'SUBSCRIPTION ' || quote_ident(subname) FROM pg_subscription
    UNION ALL SELECT concat('SLOT ', quote_ident(slot_name), ' ', slot_type) FROM pg_replication_slots`,
  // What begins a session, and what keeps the application from its rows without letting anybody else at them: a limit of the
  // database or of a user below the server's own, a user's last day, tables that a crash empties, and roles that have nothing
  // of a table which the defaults give them.
  settings: `
    SELECT concat(CASE s.setrole WHEN 0 THEN 'ALL' ELSE ${ROLE('s.setrole')} END,
      coalesce(' IN ' || (SELECT quote_ident(datname) FROM pg_database WHERE oid = s.setdatabase), ''), ': ', setting)
    FROM pg_db_role_setting s, unnest(s.setconfig) setting
    UNION ALL SELECT concat('DATABASE ', quote_ident(datname), ': CONNECTION LIMIT ', datconnlimit) FROM pg_database
      WHERE datname = current_database() AND datconnlimit BETWEEN 0 AND ${MAX_CONNECTIONS - 1}
    UNION ALL SELECT concat('ROLE ', quote_ident(rolname), ': ', limited) FROM ${USERS}, LATERAL (VALUES
        (CASE WHEN rolconnlimit BETWEEN 0 AND ${MAX_CONNECTIONS - 1} THEN 'CONNECTION LIMIT ' || rolconnlimit END),
        (CASE WHEN isfinite(rolvaliduntil) THEN 'VALID UNTIL ' || rolvaliduntil END)) l (limited)
      WHERE limited IS NOT NULL
    UNION ALL SELECT concat('TABLE ', ${IN_SCHEMA('c.relname')}, ': UNLOGGED') FROM ${RELATIONS}
      WHERE c.relkind <> 'p' AND c.relpersistence = 'u'
    UNION ALL SELECT concat('TABLE ', ${IN_SCHEMA('c.relname')}, ' TO ', ${ROLE('a.grantee')}, ': nothing')
      FROM ${RELATIONS} JOIN pg_default_acl d ON d.defaclnamespace = n.oid AND d.defaclrole = c.relowner AND d.defaclobjtype = 'r',
        LATERAL aclexplode(d.defaclacl) a
      WHERE c.relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) h WHERE h.grantee = a.grantee)
      GROUP BY c.relname, n.nspname, a.grantee`,
};
