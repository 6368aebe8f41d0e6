import { readFileSync } from 'node:fs';
import { Client, DatabaseError } from 'pg';
import type * as z from 'zod';
import { type Action, actionHandler } from '../shared/action-handler';
import { env } from '../shared/env';
import { codeOf } from '../shared/error-code';
import { settled } from '../shared/settled';
import {
  AskDatabaseInput,
  AskDatabaseOutput,
  type DoorAnswers,
  FACT_NAMES,
  type Login,
  type LoginOutcome,
} from './door-call';
import { FACT_QUERIES } from './door-facts';
import { FORBIDDEN } from './door-powers';

export interface AskDatabaseDeps {
  /** The authorities of the databases' certificates, PEM. */
  readonly certificates: () => string;
}

type Door = Pick<z.output<typeof AskDatabaseInput>, 'host' | 'port'> & { readonly ca: string };

const CONNECT_MS = 5_000;
const STATEMENT_MS = 5_000;

const clientFor = ({ host, port, ca }: Door, { user, password, database, encrypted }: Login): Client => {
  const client = new Client({
    ...{ host, port, user, password, database, application_name: 'AskDatabase' },
    ssl: encrypted ? { ca } : false,
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
async function tryForbidden(client: Client, statement: string): Promise<string> {
  await client.query('SAVEPOINT before');
  try {
    await client.query(statement);
    return 'done';
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError)) throw thrown;
    return codeOf(thrown);
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT before');
  }
}

async function powersOf(client: Client): Promise<DoorAnswers['powers']> {
  const powers: Record<string, string> = {};
  await client.query('BEGIN');
  for (const [what, statement] of Object.entries(FORBIDDEN)) powers[what] = await tryForbidden(client, statement);
  await client.query('ROLLBACK');
  return powers;
}

async function factsOf(client: Client): Promise<DoorAnswers['facts']> {
  const facts: DoorAnswers['facts'] = {};
  for (const name of FACT_NAMES)
    try {
      const { rows } = await client.query<string[]>({ text: FACT_QUERIES[name], rowMode: 'array' });
      facts[name] = rows.flat().sort();
    } catch (thrown) {
      if (!(thrown instanceof DatabaseError)) throw thrown;
      facts[name] = { unread: `${thrown.message} (${codeOf(thrown)})` };
    }
  return facts;
}

const NOT_ASKED = { own: { outcome: 'unreached', reason: 'no own login was named' }, powers: {}, facts: {} } as const;

/** The own login, and what is asked with it. A session that breaks leaves the questions open. */
async function asked(door: Door, login: Login | undefined): Promise<Omit<DoorAnswers, 'others'>> {
  if (!login) return NOT_ASKED;
  const client = clientFor(door, login);
  try {
    const own = await outcomeOf(client);
    if (own.outcome !== 'accepted') return { own, powers: {}, facts: {} };
    return { own, powers: await powersOf(client), facts: await factsOf(client) };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    return { own: { outcome: 'unreached', reason }, powers: {}, facts: {} };
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Tries the door of a tenant's database: which logins it accepts, what the application's role may do there, and what
 * roles, rights and objects there are. It runs in the network of the tenant's cell, from which alone the
 * database can be reached, and has no permission in AWS. VerifyIsolation and AuditTenant call it.
 *
 * It judges nothing and changes nothing: each login is ended at once, and what it tries is rolled back. A refused login
 * is an answer.
 */
export const askDatabase: Action<typeof AskDatabaseInput, typeof AskDatabaseOutput, AskDatabaseDeps> = {
  name: 'AskDatabase',
  input: AskDatabaseInput,
  output: AskDatabaseOutput,
  run: async ({ certificates }, { host, port, own, others }) => {
    const door = { host, port, ca: certificates() };
    const [answers, outcomes] = await settled([asked(door, own), settled(others.map((login) => tried(door, login)))]);
    return { ...answers, others: Object.fromEntries(outcomes) };
  },
};

export const handler = actionHandler(askDatabase, {
  certificates: () => readFileSync(env('DATABASE_CERTIFICATES'), 'utf8'),
});
