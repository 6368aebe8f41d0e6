import { applicationOf, asApplication, asMaster } from '../database-sessions';
import type { BenignChange } from './benign-change';

const byMaster = (name: string, made: readonly string[], unmade: readonly string[] = []): BenignChange => ({
  name,
  make: async (target) => {
    await asMaster(target, ...made);
    return { revert: () => asMaster(target, ...unmade) };
  },
});
const AS_OWNER = 'SET ROLE funnels_owner';
const LEAD = `'0195f000-0000-7000-8000-00000000beef'`;

/** What visitors, migrations and administrators do in a tenant's database. */
export const CHANGES_IN_THE_DATABASE: readonly BenignChange[] = [
  {
    name: 'keep a lead, as the application',
    make: async (target) => {
      await asApplication(
        target,
        `INSERT INTO leads (id, name, email, message) VALUES (${LEAD}, 'Jo', 'jo@example.org', '')`,
      );
      return { revert: () => asApplication(target, `DELETE FROM leads WHERE id = ${LEAD}`) };
    },
  },
  byMaster(
    'vacuum the leads sooner, rebuild their indexes and say what they are',
    [
      AS_OWNER,
      'ALTER TABLE funnels.leads SET (autovacuum_vacuum_scale_factor = 0.05)',
      'REINDEX TABLE funnels.leads',
      `COMMENT ON TABLE funnels.leads IS 'of visitors'`,
    ],
    [
      AS_OWNER,
      'ALTER TABLE funnels.leads RESET (autovacuum_vacuum_scale_factor)',
      'COMMENT ON TABLE funnels.leads IS NULL',
    ],
  ),
  {
    name: 'name the application’s sessions, and end those that idle for an hour',
    make: async (target) => {
      const user = applicationOf(target.subject);
      const set = [`SET application_name = 'service'`, `SET idle_session_timeout = '1h'`];
      const reset = ['RESET application_name', 'RESET idle_session_timeout'];
      const of = (changes: readonly string[]) => changes.map((each) => `ALTER ROLE ${user} ${each}`);
      await asMaster(target, ...of(set));
      return { revert: () => asMaster(target, ...of(reset)) };
    },
  },
  byMaster('analyze the leads', ['ANALYZE funnels.leads']),
  byMaster(
    'keep statistics of two columns',
    [AS_OWNER, 'CREATE STATISTICS funnels.together ON name, email FROM funnels.leads'],
    [AS_OWNER, 'DROP STATISTICS funnels.together'],
  ),
  byMaster(
    'run a migration that makes a table with numbers',
    [AS_OWNER, 'CREATE TABLE funnels.later (id serial PRIMARY KEY)', 'CREATE INDEX ON funnels.leads (email)'],
    [AS_OWNER, 'DROP TABLE funnels.later', 'DROP INDEX funnels.leads_email_idx'],
  ),
  {
    name: 'give the application’s statements more time',
    make: async (target) => {
      const user = applicationOf(target.subject);
      await asMaster(target, `ALTER ROLE ${user} SET statement_timeout = '20s'`);
      return { revert: () => asMaster(target, `ALTER ROLE ${user} SET statement_timeout = '10s'`) };
    },
  },
  byMaster(
    'set the database’s time zone',
    [`ALTER DATABASE funnels SET timezone = 'Europe/Berlin'`],
    ['ALTER DATABASE funnels RESET timezone'],
  ),
];
