import { DATABASE_MASTER, DATABASE_OWNER, DATABASE_SCHEMA } from '../contract/naming';
import type { ForbiddenPower } from './forbidden-powers';

/**
 * Statements that no role of the application may send with success, tried in a transaction that is rolled back. None would take
 * a lock or change a row if it were allowed.
 */
export const FORBIDDEN_STATEMENTS: Readonly<Record<ForbiddenPower, string>> = {
  'make a table': `CREATE TABLE ${DATABASE_SCHEMA}.isolation_probe ()`,
  'make a table in the schema public': 'CREATE TABLE public.isolation_probe ()',
  'make a temporary table': 'CREATE TEMPORARY TABLE isolation_probe ()',
  'make a schema': 'CREATE SCHEMA isolation_probe',
  'make a function': `CREATE FUNCTION ${DATABASE_SCHEMA}.isolation_probe() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
  'make a publication': 'CREATE PUBLICATION isolation_probe',
  'make a role': 'CREATE ROLE isolation_probe',
  'become the owner': `SET ROLE ${DATABASE_OWNER}`,
  'become the master user': `SET ROLE ${DATABASE_MASTER}`,
  'take the master user’s session': `SET SESSION AUTHORIZATION ${DATABASE_MASTER}`,
  'read passwords': 'SELECT rolpassword FROM pg_authid LIMIT 1',
  'read a file of the server': `SELECT pg_read_file('PG_VERSION')`,
  'run a program on the server': `COPY (SELECT 1) TO PROGRAM 'true'`,
};
