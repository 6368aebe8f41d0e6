import { type DoorAnswers, FACT_NAMES, type LoginOutcome } from '../../functions/database/door-call';
import { FORBIDDEN_POWERS } from '../../functions/database/forbidden-powers';
import { expectedFacts, ROLES_REVISION } from '../../functions/database/release-facts';
import type { LoginName, ReplicaLoginName } from '../../functions/isolation/probes/database-door';

const refused = (code: string, message: string): LoginOutcome => ({ outcome: 'refused', code, message });
const byToken = refused('28000', 'PAM authentication failed for user "app"');
const withoutTls = refused('28000', 'no pg_hba.conf entry for host "10.0.0.1", user "app", no encryption');
const notAllowed = refused('42501', 'permission denied for database "postgres"');

/** What the door of a healthy tenant's database answers. */
export function healthyDoor(tenantId: string, revision = ROLES_REVISION) {
  const expected = expectedFacts(tenantId, revision);
  const facts: Record<string, string[]> = {};
  for (const name of FACT_NAMES) facts[name] = [...expected[name].required];
  // What RDS and the migrations add.
  facts.roles?.push('rdsadmin LOGIN SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS', 'rds_superuser', 'rds_iam');
  facts.members?.push('tenant_admin in rds_superuser INHERIT SET', `tenant_admin in app_${tenantId} ADMIN`);
  facts.owners?.push('DATABASE rdsadmin OF rdsadmin', 'SCHEMA public OF pg_database_owner');
  facts.owners?.push('TABLE funnels.leads OF funnels_owner', 'DATABASE postgres OF tenant_admin');
  facts.grants?.push(`TABLE funnels.leads TO app_${tenantId}: DELETE, INSERT, SELECT, UPDATE`);
  facts.grants?.push(
    `TABLE funnels.kysely_migration TO app_${tenantId}: ${revision < 3 ? 'DELETE, INSERT, SELECT, UPDATE' : 'SELECT'}`,
  );
  facts.foreign?.push('LANGUAGE c', 'LANGUAGE internal', 'LANGUAGE plpgsql', 'LANGUAGE sql');
  const others: Record<LoginName, LoginOutcome> = {
    decoy: byToken,
    'other-user': byToken,
    master: refused('28P01', 'password authentication failed for user "tenant_admin"'),
    expired: byToken,
    plain: withoutTls,
    'plain-master': withoutTls,
    'master-password': byToken,
    postgres: notAllowed,
    template1: notAllowed,
  };
  const unsent: Record<string, string> = {};
  const own: LoginOutcome = { outcome: 'accepted' };
  const powers = Object.fromEntries(FORBIDDEN_POWERS.map((what) => [what, '42501']));
  const toReplica: Record<ReplicaLoginName, LoginOutcome> = {
    decoy: byToken,
    application: byToken,
    'other-user': byToken,
    primary: byToken,
    master: refused('28P01', 'password authentication failed for user "tenant_admin"'),
    plain: withoutTls,
    'plain-master': withoutTls,
  };
  const replica: NonNullable<DoorAnswers['replica']> = {
    ...{ own, others: { ...toReplica }, takesWrites: false },
    // A standby refuses to make anything before it asks who may.
    powers: { ...powers, 'make a table': '25006' },
  };
  const answers: DoorAnswers = { own, others: { ...others }, powers, facts, replica };
  const unsentToReplica: Record<string, string> = {};
  return { answers, unsent, unsentToReplica };
}
