import { readFileSync } from 'node:fs';
import { Client, type ClientConfig } from 'pg';
import type * as z from 'zod';
import { DATABASE_NAME } from '../contract/naming';
import { type Action, actionHandler } from '../shared/action-handler';
import { env } from '../shared/env';
import { codeOf } from '../shared/error-code';
import { isNamed } from '../shared/is-named';
import { SetUpDatabaseInput, SetUpDatabaseOutput } from './cell-call';
import { databaseError } from './database-errors';
import { migrate } from './migrate';
import { roleStatements } from './roles';

export interface SetUpDatabaseDeps {
  /** The authorities of the databases' certificates, PEM. */
  readonly certificates: () => string;
}

type Input = z.output<typeof SetUpDatabaseInput>;

const CONNECT_MS = 10_000;
/** A statement that waits for a lock of another run, or a migration of an empty database. */
const STATEMENT_MS = 30_000;

const accessOf = ({ host, port, user }: Input, password: string, ca: string) =>
  ({
    ...{ host, port, user, password, database: DATABASE_NAME, application_name: 'SetUpDatabase' },
    ssl: { ca },
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    keepAlive: true,
  }) satisfies ClientConfig;

async function connected(access: ClientConfig): Promise<Client> {
  const client = new Client(access);
  // A server that stops would otherwise end this process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * Logs in as the master user. An RDS that counts the master user among the members of rds_iam, as it may
 * administer one, refuses its password and asks for a token.
 */
async function asMaster(input: Input, ca: string): Promise<{ client: Client; access: ClientConfig }> {
  const byPassword = accessOf(input, input.password, ca);
  try {
    return { client: await connected(byPassword), access: byPassword };
  } catch (thrown) {
    if (codeOf(thrown) !== '28000') throw thrown;
    const byToken = accessOf(input, input.token, ca);
    return { client: await connected(byToken), access: byToken };
  }
}

/**
 * Makes the roles and the schema of a tenant's database and runs its migrations. It runs in the network of the
 * tenant's cell, from which alone the database can be reached, has no way to AWS and no permission there.
 * PrepareDatabase calls it and hands it what it needs.
 *
 * Every statement may run again, so that a run that was killed is taken up.
 *
 * Throws `TransientServiceFault`, `TransientConflict`, `AccessDenied`, `MigrationFailed`.
 */
export const setUpDatabase: Action<typeof SetUpDatabaseInput, typeof SetUpDatabaseOutput, SetUpDatabaseDeps> = {
  name: 'SetUpDatabase',
  input: SetUpDatabaseInput,
  output: SetUpDatabaseOutput,
  run: async ({ certificates }, input) => {
    try {
      const { client, access } = await asMaster(input, certificates());
      try {
        for (const statement of roleStatements(input.applicationUser, input.readerUser)) await client.query(statement);
      } finally {
        await client.end();
      }
      return { version: await migrate(access) };
    } catch (thrown) {
      if (isNamed(thrown, 'AbortError')) throw thrown;
      throw databaseError(thrown, `database of tenant ${input.tenantId}`, 'MigrationFailed');
    }
  },
};

export const handler = actionHandler(setUpDatabase, {
  certificates: () => readFileSync(env('DATABASE_CERTIFICATES'), 'utf8'),
});
