import { GetBucketEncryptionCommand, PutBucketEncryptionCommand } from '@aws-sdk/client-s3';
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { bucketOf, tenantIdOf } from '../../../functions/isolation/subject';
import { applicationOf, asMaster } from '../database-sessions';
import { aUser } from '../identity-changes';
import { answered } from '../probe-changes';
import { inTurn, type Revert, type Scene } from '../technique';
import { furtherRule, ruleWith } from '../techniques/routing';
import type { BenignChange } from './benign-change';

const inDatabase = async (scene: Scene, unmade: string, ...made: readonly string[]): Promise<Revert> => {
  await asMaster(scene, ...made);
  return () => asMaster(scene, unmade);
};

/** One that brings a view for everybody, as pg_stat_statements does, which RDS alone lets its master user create. */
const EXTENSION = [
  ...['CREATE EXTENSION citext SCHEMA public', 'CREATE VIEW public.statements AS SELECT 1 AS calls'],
  ...['GRANT SELECT ON public.statements TO PUBLIC', 'ALTER EXTENSION citext ADD VIEW public.statements'],
];

async function withoutBucketKey({ subject, root: { s3 } }: Scene): Promise<Revert> {
  const Bucket = bucketOf(subject);
  const { ServerSideEncryptionConfiguration: before } = await s3.send(new GetBucketEncryptionCommand({ Bucket }));
  const Rules = (before?.Rules ?? []).map((rule) => ({ ...rule, BucketKeyEnabled: false }));
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: { Rules } }));
  return () => s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration: before }));
}

async function furtherSecret({ subject, root: { secrets } }: Scene): Promise<Revert> {
  const Name = `webhooks/${tenantIdOf(subject)}`;
  const { ARN: SecretId } = await secrets.send(new CreateSecretCommand({ Name, SecretString: 'signing' }));
  return () => secrets.send(new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true }));
}

/** What no release makes, or what takes a tenant's pages away for a while: it is told, and is no reason to suspend. */
export const CHANGES_TOLD_AT_MOST: readonly BenignChange[] = [
  {
    name: 'tune, watch and integrate a tenant by hand',
    found: ['database.foreign', 'database.sessions', 'identity.logins', 'secrets.only-one', 'storage.encryption'],
    make: async (scene) => {
      const { subject, root } = scene;
      const user = applicationOf(subject);
      const login = { Action: 'rds-db:connect', Resource: '*' };
      const revert = await inTurn(
        () => inDatabase(scene, 'DROP EXTENSION citext', ...EXTENSION),
        () => inDatabase(scene, `ALTER ROLE ${user} CONNECTION LIMIT -1`, `ALTER ROLE ${user} CONNECTION LIMIT 60`),
        () => aUser(root, 'another-teams-login', login),
        () => furtherSecret(scene),
        () => withoutBucketKey(scene),
      );
      return { revert };
    },
  },
  {
    name: 'refuse visitors during maintenance, by the tenant’s rule and by one for all hosts',
    found: ['routing.only-rule', 'routing.target'],
    leavesOpen: true,
    make: async (scene) => {
      const Values = ['*'];
      const revert = await inTurn(
        () => ruleWith(scene, { Actions: [answered('503')] }),
        async () =>
          (await furtherRule(scene, [{ Field: 'path-pattern', PathPatternConfig: { Values } }], answered('503')))
            .revert,
      );
      return { revert };
    },
  },
];
