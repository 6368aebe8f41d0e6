import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import { DATABASE_MASTER, DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import { type Subject, tenantIdOf } from '../../functions/isolation/subject';
import { databaseOf } from './database-changes';
import type { AttackTechnique, Scene } from './technique';

/** The user of the shared service in the tenant's database. */
export const applicationOf = (subject: Subject) => tenantNames.databaseUser(tenantIdOf(subject));

export async function masterPassword({ subject, root: { secrets } }: Scene): Promise<string> {
  const { SecretString = '{}' } = await secrets.send(
    new GetSecretValueCommand({ SecretId: databaseOf(subject).SecretArn }),
  );
  return JSON.parse(SecretString).password;
}

async function tokenOf({ subject, aws }: Scene, username: string): Promise<string> {
  const { EndpointAddress: hostname, EndpointPort } = databaseOf(subject);
  const { region, credentials } = aws;
  return new Signer({ hostname, port: Number(EndpointPort), username, region, credentials }).getAuthToken();
}

async function ask(
  { subject }: Scene,
  { user, password, database = DATABASE_NAME }: { user: string; password: string; database?: string },
  statements: readonly string[],
) {
  const { EndpointAddress: host, EndpointPort } = databaseOf(subject);
  const place = { host, port: Number(EndpointPort), database };
  // An attacker asks for no certificate.
  const client = new Client({ ...place, user, password, ssl: { rejectUnauthorized: false } });
  client.on('error', () => undefined);
  try {
    await client.connect();
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Runs statements as the master user, with the secret's password, or with a token when that is not taken. */
async function asMasterIn(scene: Scene, database: string, statements: readonly string[]): Promise<void> {
  const login = { user: DATABASE_MASTER, database };
  try {
    await ask(scene, { ...login, password: await masterPassword(scene) }, statements);
  } catch (thrown) {
    if (!/authentication failed/.test(String(thrown))) throw thrown;
    await ask(scene, { ...login, password: await tokenOf(scene, DATABASE_MASTER) }, statements);
  }
}

export const asMaster = (scene: Scene, ...statements: readonly string[]): Promise<void> =>
  asMasterIn(scene, DATABASE_NAME, statements);

/** Runs statements as the shared service does, with a token. */
export const asApplication = async (scene: Scene, ...statements: readonly string[]) => {
  const user = applicationOf(scene.subject);
  return ask(scene, { user, password: await tokenOf(scene, user) }, statements);
};

type ByUser = (application: string) => readonly string[];

/** Statements of the master user, and those that put it right. */
export const inDatabase = (
  name: string,
  check: string,
  made: ByUser,
  unmade: ByUser,
  expectedEvidence: (application: string) => string,
): AttackTechnique => ({
  name,
  check,
  detonate: async (scene) => {
    const user = applicationOf(scene.subject);
    await asMaster(scene, ...made(user));
    return { expectedEvidence: expectedEvidence(user), revert: () => asMaster(scene, ...unmade(user)) };
  },
});

const OTHER_DATABASE = 'postgres';

/** A statement of the master user in another database of the tenant's server, and the one that puts it right. */
export const inOtherDatabase = (
  name: string,
  check: string,
  [made, unmade]: readonly [made: string, unmade: string],
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async (scene) => {
    await asMasterIn(scene, OTHER_DATABASE, [made]);
    return { expectedEvidence, revert: () => asMasterIn(scene, OTHER_DATABASE, [unmade]) };
  },
});
