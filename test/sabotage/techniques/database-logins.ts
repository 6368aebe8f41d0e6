import { databaseUserArnOf } from '../../../functions/isolation/subject';
import { withoutTls } from '../database-changes';
import { applicationOf, asMaster, inDatabase, masterPassword } from '../database-sessions';
import { roleNameOf } from '../identity-changes';
import { decoyRoleOf, unbounded, unlocking } from '../probe-changes';
import type { AttackTechnique, Revert, Scene } from '../technique';

const masterArnOf = ({ subject }: Scene) => databaseUserArnOf(subject).replace(/[^/]+$/, 'tenant_admin');

const readerOf = (application: string) => application.replace(/^app_/, 'read_');
const replicasUserArn = ({ subject }: Scene, user: 'app' | 'read') => {
  const { ResourceId, ReplicaResourceId = '' } = subject.stacks.database.outputs;
  return databaseUserArnOf(subject).replace(ResourceId, ReplicaResourceId).replace('/app_', `/${user}_`);
};

const asMasterBoth = (scene: Scene, made: string, unmade: string) => async (): Promise<Revert> => {
  await asMaster(scene, made);
  return () => asMaster(scene, unmade);
};

/** What opens the door of the tenant's database to another one than its application. */
export const DATABASE_LOGIN_TECHNIQUES: readonly AttackTechnique[] = [
  inDatabase(
    'take rds_iam from the application',
    'probes.database-login',
    (user) => [`REVOKE rds_iam FROM ${user}`],
    (user) => [`GRANT rds_iam TO ${user}`],
    () => 'the tenant’s role was refused',
  ),
  inDatabase(
    'let the application no longer log in',
    'probes.database-login',
    (user) => [`ALTER ROLE ${user} NOLOGIN`],
    (user) => [`ALTER ROLE ${user} LOGIN`],
    () => 'is not permitted to log in',
  ),
  unlocking(
    'let another tenant log in to the database',
    'probes.database-from-decoy',
    'a login with the decoy’s token was accepted',
    (scene) => [unbounded(scene, decoyRoleOf(scene.subject), ['rds-db:connect'], databaseUserArnOf(scene.subject))],
  ),
  unlocking(
    'let the tenant’s role log in as the master user, by token',
    'probes.database-other-user',
    'as the master user with the tenant’s token was accepted',
    (scene) => [
      unbounded(scene, roleNameOf(scene.subject), ['rds-db:connect'], masterArnOf(scene)),
      asMasterBoth(scene, 'GRANT rds_iam TO CURRENT_USER', 'REVOKE rds_iam FROM CURRENT_USER'),
    ],
  ),
  withoutTls(
    'let the master user log in without TLS',
    'probes.database-without-tls',
    'of the master user without TLS was asked for its secret',
  ),
  {
    name: 'let the application log in with the master password',
    check: 'probes.database-master-password',
    detonate: async (scene) => {
      const user = applicationOf(scene.subject);
      await asMaster(
        scene,
        `REVOKE rds_iam FROM ${user}`,
        `ALTER ROLE ${user} PASSWORD '${await masterPassword(scene)}'`,
      );
      return {
        expectedEvidence: 'with the master password was accepted',
        revert: () => asMaster(scene, `ALTER ROLE ${user} PASSWORD NULL`, `GRANT rds_iam TO ${user}`),
      };
    },
  },
  inDatabase(
    'take rds_iam from the reader',
    'probes.replica-login',
    (user) => [`REVOKE rds_iam FROM ${readerOf(user)}`],
    (user) => [`GRANT rds_iam TO ${readerOf(user)}`],
    () => 'the tenant’s reader was refused',
  ),
  unlocking(
    'let another tenant log in to the replica',
    'probes.replica-from-decoy',
    'a login to the replica with the decoy’s token was accepted',
    (scene) => [unbounded(scene, decoyRoleOf(scene.subject), ['rds-db:connect'], replicasUserArn(scene, 'read'))],
  ),
  unlocking(
    'let the tenant’s role log in to the replica as the application',
    'probes.replica-other-token',
    'a login to the replica as the application was accepted',
    (scene) => [unbounded(scene, roleNameOf(scene.subject), ['rds-db:connect'], replicasUserArn(scene, 'app'))],
  ),
  withoutTls(
    'let the master user log in to the replica without TLS',
    'probes.replica-without-tls',
    'of the master user to the replica without TLS was asked for its secret',
  ),
  inDatabase(
    'let the reader become the owner',
    'probes.replica-reads-only',
    (user) => [`GRANT funnels_owner TO ${readerOf(user)}`],
    (user) => [`REVOKE funnels_owner FROM ${readerOf(user)}`],
    () => 'the reader could become the owner',
  ),
  inDatabase(
    'let the application make tables',
    'probes.database-powers',
    (user) => ['SET ROLE funnels_owner', `GRANT CREATE ON SCHEMA funnels TO ${user}`],
    (user) => ['SET ROLE funnels_owner', `REVOKE CREATE ON SCHEMA funnels FROM ${user}`],
    () => 'the application could make a table',
  ),
  inDatabase(
    'let everybody make temporary tables',
    'probes.database-powers',
    () => ['GRANT TEMPORARY ON DATABASE funnels TO PUBLIC'],
    () => ['REVOKE TEMPORARY ON DATABASE funnels FROM PUBLIC'],
    () => 'the application could make a temporary table',
  ),
  inDatabase(
    'let the application become the owner',
    'probes.database-powers',
    (user) => [`GRANT funnels_owner TO ${user}`],
    (user) => [`REVOKE funnels_owner FROM ${user}`],
    () => 'the application could become the owner',
  ),
  inDatabase(
    'let the application make roles',
    'probes.database-powers',
    (user) => [`ALTER ROLE ${user} CREATEROLE`],
    (user) => [`ALTER ROLE ${user} NOCREATEROLE`],
    () => 'the application could make a role',
  ),
  inDatabase(
    'let everybody into the database postgres',
    'probes.database-others',
    () => ['GRANT CONNECT ON DATABASE postgres TO PUBLIC'],
    () => ['REVOKE CONNECT ON DATABASE postgres FROM PUBLIC'],
    () => 'a login to the database postgres was accepted',
  ),
  inDatabase(
    'let the application into template1',
    'probes.database-others',
    (user) => [`GRANT CONNECT ON DATABASE template1 TO ${user}`],
    (user) => [`REVOKE CONNECT ON DATABASE template1 FROM ${user}`],
    () => 'a login to the database template1 was accepted',
  ),
];
