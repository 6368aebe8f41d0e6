import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { Client, DatabaseError } from 'pg';
import type * as z from 'zod';
import { type Action, actionHandler } from '../shared/action-handler';
import { env } from '../shared/env';
import { codeOf } from '../shared/error-code';
import { once } from '../shared/once';
import { settled } from '../shared/settled';
import {
  AskDatabaseInput,
  AskDatabaseOutput,
  type DoorAnswers,
  FACT_NAMES,
  type Fact,
  type FactName,
  type Login,
  type LoginOutcome,
} from './door-call';
import { FACT_QUERIES } from './door-facts';
import { FORBIDDEN_STATEMENTS } from './forbidden-statements';

export interface AskDatabaseDeps {
  /** Trusts the authorities of the databases' certificates. To read RDS's hundred takes longer than a login. */
  readonly trust: () => Promise<SecureContext>;
}

type Replica = NonNullable<z.output<typeof AskDatabaseInput>['replica']>;
type Door = Pick<z.output<typeof AskDatabaseInput>, 'host' | 'port'> & { readonly trust: SecureContext };

const CONNECT_MS = 5_000;
const STATEMENT_MS = 5_000;

const clientFor = ({ host, port, trust }: Door, { user, password, database, encrypted }: Login): Client => {
  const client = new Client({
    ...{ host, port, user, password, database, application_name: 'AskDatabase' },
    ssl: encrypted ? { secureContext: trust } : false,
    // All questions are sent at once. Each is answered, or refused, by itself.
    pipeline: true,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    // A session's own settings win over those of its role: a query means the server's own catalog.
    options: '-c search_path=pg_catalog,pg_temp',
  });
  // A server that stops would otherwise end this process.
  client.on('error', () => undefined);
  return client;
};

async function outcomeOf(client: Client): Promise<LoginOutcome> {
  try {
    await client.connect();
    return { outcome: 'accepted' };
  } catch (thrown) {
    if (thrown instanceof DatabaseError) return { outcome: 'refused', code: codeOf(thrown), message: thrown.message };
    return { outcome: 'unreached', reason: thrown instanceof Error ? thrown.message || thrown.name : String(thrown) };
  }
}

async function tried(door: Door, login: Login): Promise<[string, LoginOutcome]> {
  const client = clientFor(door, login);
  try {
    return [login.name, await outcomeOf(client)];
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @returns the SQL state of the refusal, or `done`; other errors are thrown */
async function outcomeOfStatement(sent: Promise<unknown>): Promise<string> {
  try {
    await sent;
    return 'done';
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError)) throw thrown;
    return codeOf(thrown);
  }
}

async function tryForbidden(client: Client, what: string, statement: string): Promise<[string, string]> {
  const [, outcome] = await settled([
    client.query('SAVEPOINT before'),
    outcomeOfStatement(client.query(statement)),
    client.query('ROLLBACK TO SAVEPOINT before'),
  ]);
  return [what, outcome];
}

async function powersOf(client: Client): Promise<DoorAnswers['powers']> {
  const [, outcomes] = await settled([
    client.query('BEGIN'),
    settled(Object.entries(FORBIDDEN_STATEMENTS).map(([what, statement]) => tryForbidden(client, what, statement))),
    client.query('ROLLBACK'),
  ]);
  return Object.fromEntries(outcomes);
}

const NOT_ASKED = { own: { outcome: 'unreached', reason: 'no own login was named' }, powers: {}, facts: {} } as const;

async function factOf(client: Client, name: FactName): Promise<[FactName, Fact]> {
  try {
    const { rows } = await client.query<string[]>({ text: FACT_QUERIES[name], rowMode: 'array' });
    return [name, rows.flat().sort()];
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError)) throw thrown;
    return [name, { unread: `${thrown.message} (${codeOf(thrown)})` }];
  }
}

const factsOf = async (client: Client): Promise<DoorAnswers['facts']> =>
  Object.fromEntries(await settled(FACT_NAMES.map((name) => factOf(client, name))));

/** The own login, and what is asked with it. A session that breaks leaves the questions open. */
async function withOwn<T>(door: Door, login: Login, ask: (client: Client) => Promise<T>) {
  const client = clientFor(door, login);
  try {
    const own = await outcomeOf(client);
    return own.outcome === 'accepted' ? { own, asked: await ask(client) } : { own };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { own: { outcome: 'unreached', reason } as const };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function asked(door: Door, login: Login | undefined): Promise<Omit<DoorAnswers, 'others' | 'replica'>> {
  if (!login) return NOT_ASKED;
  const ask = async (client: Client) => await settled([powersOf(client), factsOf(client)]);
  const { own, asked: [powers, facts] = [{}, {}] } = await withOwn(door, login, ask);
  return { own, powers, facts };
}

async function takesWrites(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ transaction_read_only: string }>('SHOW transaction_read_only');
  return rows[0]?.transaction_read_only !== 'on';
}

/** A replica has its source's roles and objects: only its door, and what its reader may do there, are its own. */
async function replicasAnswers(door: Door, { own: login, others }: Replica): Promise<DoorAnswers['replica']> {
  const ask = async (client: Client) => await settled([powersOf(client), takesWrites(client)]);
  const [answers, outcomes] = await settled([
    withOwn(door, login, ask),
    settled(others.map((each) => tried(door, each))),
  ]);
  const { own, asked: [powers, writes] = [{}] } = answers;
  return { own, powers, takesWrites: writes, others: Object.fromEntries(outcomes) };
}

/**
 * Tries the door of a tenant's database: which logins it accepts, what the application's role may do there, and what
 * roles, rights and objects there are. The same of the door of its replica. It runs in the network of the tenant's cell, from which alone the
 * database can be reached, and has no permission in AWS. VerifyIsolation and AuditTenant call it.
 *
 * It judges nothing and changes nothing: each login is ended at once, and what it tries is rolled back. A refused login
 * is an answer.
 */
export const askDatabase: Action<typeof AskDatabaseInput, typeof AskDatabaseOutput, AskDatabaseDeps> = {
  name: 'AskDatabase',
  input: AskDatabaseInput,
  output: AskDatabaseOutput,
  run: async ({ trust }, { host, port, own, others, replica }) => {
    const trusted = await trust();
    const door = { host, port, trust: trusted };
    const [answers, outcomes, ofReplica] = await settled([
      asked(door, own),
      settled(others.map((login) => tried(door, login))),
      replica ? replicasAnswers({ ...replica, trust: trusted }, replica) : Promise.resolve(undefined),
    ]);
    return { ...answers, others: Object.fromEntries(outcomes), replica: ofReplica };
  },
};

export const handler = actionHandler(askDatabase, {
  trust: once(async () => createSecureContext({ ca: readFileSync(env('DATABASE_CERTIFICATES'), 'utf8') })),
});
