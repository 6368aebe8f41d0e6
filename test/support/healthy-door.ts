import { type DoorAnswers, FACT_NAMES, type LoginOutcome } from '../../functions/database/door-call';
import { FORBIDDEN } from '../../functions/database/door-powers';
import { expectedFacts, ROLES_REVISION } from '../../functions/database/release-facts';
import type { LoginName } from '../../functions/isolation/probes/database-door';

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
  const powers = Object.fromEntries(Object.keys(FORBIDDEN).map((what) => [what, '42501']));
  const answers: DoorAnswers = { own, others: { ...others }, powers, facts };
  return { answers, unsent };
}
