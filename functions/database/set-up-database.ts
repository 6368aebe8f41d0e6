import { readFileSync } from 'node:fs';
import { Client, type ClientConfig } from 'pg';
import type * as z from 'zod';
import { MIGRATION_FILES, type MigrationFile } from '../../service/migrations/manifest';
import { PlatformError } from '../contract/errors';
import { DATABASE_NAME, DATABASE_OWNER } from '../contract/naming';
import { type Action, actionHandler } from '../shared/action-handler';
import { env } from '../shared/env';
import { codeOf } from '../shared/error-code';
import { isNamed } from '../shared/is-named';
import { SetUpDatabaseInput, SetUpDatabaseOutput } from './cell-call';
import type { RestoredLogin } from './copy-call';
import { copyStep } from './copy-step';
import { databaseError } from './database-errors';
import { migrate } from './migrate';
import { expandTarget } from './migration-plan';
import { recordStatement, roleStatements } from './roles';

export interface SetUpDatabaseDeps {
  /** The authorities of the databases' certificates, PEM. */
  readonly certificates: () => string;
  readonly files: readonly MigrationFile[];
  /** Milliseconds after which a call begins no further chunk of a restore. */
  readonly copyMs: number;
}

type Input = z.output<typeof SetUpDatabaseInput>;

const CONNECT_MS = 10_000;
/** A statement that waits for a lock of another run, or a migration of an empty database. */
const EMPTY = { statement_timeout: 30_000 } as const;
/**
 * While a statement waits for a lock on a table, every later statement on that table waits behind it, and
 * while it runs, too. The application gives up after 5 s (service/tenant-context/tenant-databases.ts). A session whose
 * function was killed gives its locks back when it idles.
 * "Client Connection Defaults", `lock_timeout` (PostgreSQL).
 */
const LIVING = {
  lock_timeout: 2_000,
  statement_timeout: 15_000,
  idle_in_transaction_session_timeout: 5_000,
} as const;

type Login = Pick<Input, 'host' | 'port' | 'user' | 'password' | 'token'> & { readonly living: boolean };

const accessOf = ({ host, port, user, living }: Login, password: string, ca: string) =>
  ({
    ...{ host, port, user, password, database: DATABASE_NAME, application_name: 'SetUpDatabase' },
    ssl: { ca },
    connectionTimeoutMillis: CONNECT_MS,
    ...(living ? LIVING : EMPTY),
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
async function asMaster(input: Login, ca: string): Promise<Client> {
  try {
    return await connected(accessOf(input, input.password, ca));
  } catch (thrown) {
    if (codeOf(thrown) !== '28000') throw thrown;
    return await connected(accessOf(input, input.token, ca));
  }
}

async function hasOwner(client: Client): Promise<boolean> {
  const { rows } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [DATABASE_OWNER]);
  return rows.length === 1;
}

/** The file that the caller names, or the last that any tenant may get. */
function targetIn(files: readonly MigrationFile[], to: string | undefined): string {
  if (to === undefined) return expandTarget(files, undefined);
  if (files.some(({ name }) => name === to)) return to;
  throw new PlatformError(
    'ConfigurationInvalid',
    `this cell's function does not know migration ${to}; deploy the cell`,
  );
}

/**
 * Makes the roles and the schema of a tenant's database and runs its migrations, in one session. It runs in
 * the network of the tenant's cell, from which alone the database can be reached, has no way to AWS and no
 * permission there. PrepareDatabase calls it and hands it what it needs.
 *
 * Every statement may run again, so that a run that was killed is taken up. Where the caller's record says that the
 * roles are of this release, they are left: what somebody has changed of them is what the audit looks for. Only a restore
 * makes them where there are none at all.
 *
 * Where the caller asks for a step of a restore, it comes last (copy-step.ts).
 *
 * Throws `TransientServiceFault`, `TransientConflict`, `AccessDenied`, `MigrationFailed`, `ConfigurationInvalid`.
 */
export const setUpDatabase: Action<typeof SetUpDatabaseInput, typeof SetUpDatabaseOutput, SetUpDatabaseDeps> = {
  name: 'SetUpDatabase',
  input: SetUpDatabaseInput,
  output: SetUpDatabaseOutput,
  run: async ({ certificates, files, copyMs }, input) => {
    const { tenantId, applicationUser, readerUser, to, living, rolesAreMade, restore } = input;
    const began = performance.now();
    const target = targetIn(files, to);
    try {
      const client = await asMaster(input, certificates());
      try {
        // A restore of a tenant whose instance was lost fills one that was made anew.
        const isNew = restore !== undefined && !(await hasOwner(client));
        const makesRoles = !rolesAreMade || isNew;
        if (makesRoles) await client.query(roleStatements(applicationUser, readerUser).join(';\n'));
        const version = await migrate(client, { files, target, living });
        if (makesRoles) await client.query(recordStatement(applicationUser));
        if (!restore) return { version };
        const msLeft = () => copyMs - (performance.now() - began);
        const login = async (from: RestoredLogin) => {
          const restored = await asMaster({ ...from, living: false }, certificates());
          try {
            // A run that failed at a later file has recorded nothing of what this database has, and the caller goes by the record.
            await migrate(restored, { files, target: version, living: false });
          } catch (thrown) {
            await restored.end();
            throw thrown;
          }
          return restored;
        };
        return { version, restore: await copyStep({ own: client, version, login, msLeft }, restore) };
      } finally {
        await client.end();
      }
    } catch (thrown) {
      if (isNamed(thrown, 'AbortError')) throw thrown;
      throw databaseError(thrown, `database of tenant ${tenantId}`, 'MigrationFailed');
    }
  },
};

export const handler = actionHandler(setUpDatabase, {
  certificates: () => readFileSync(env('DATABASE_CERTIFICATES'), 'utf8'),
  files: MIGRATION_FILES,
  get copyMs() {
    return Number(env('COPY_FOR_SECONDS')) * 1000;
  },
});
