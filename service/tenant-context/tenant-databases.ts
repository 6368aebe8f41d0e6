import { setTimeout as pause } from 'node:timers/promises';
import { Signer } from '@aws-sdk/rds-signer';
import { LRUCache } from 'lru-cache';
import { Client, type ClientConfig, Pool } from 'pg';
import { POOL_CONNECTIONS, READER_CONNECTIONS } from '../../functions/contract/connections';
import { DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import { codeOf } from '../../functions/shared/error-code';
import { isLost, isRefused } from './lost-connection';
import { ReaderSessions } from './reader-sessions';
import type { TenantSessions } from './tenant-sessions';
import { Turns } from './turns';

/** The tenant's database cannot be used now. Other tenants' databases are not affected. */
class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}

/** A token for another server or user. */
export class ForeignToken extends Error {
  override readonly name = 'ForeignToken';
}

/** Server and user that a token names, which must be this tenant's ("Generating an IAM authentication token"). */
function targetOf({ tenantId, database }: RouteRecord, token: string) {
  const named = URL.canParse(`https://${token}`) ? new URL(`https://${token}`) : undefined;
  const servers = [database, database?.replica].filter((server) => server !== undefined);
  const server = servers.find(({ host, port }) => named?.hostname === host && Number(named.port) === port);
  const users = [tenantNames.databaseReader(tenantId), tenantNames.databaseUser(tenantId)];
  const user = users.find((name) => named?.searchParams.get('DBUser') === name);
  if (!server || !user) throw new ForeignToken('the token names no server or no user of this tenant');
  return { host: server.host, port: server.port, user };
}

export interface TenantDatabasesOptions {
  readonly sessions: Pick<TenantSessions, 'of' | 'forget'>;
  /** Certificate authorities of the databases, PEM. Default: those that Node knows. */
  readonly certificates?: string;
  readonly capacity?: number;
  /** For a connection, also one of the pool's. */
  readonly connectMs?: number;
  /** After which the server ends a statement. A server that answers nothing loses the connection soon after. */
  readonly statementMs?: number;
  /** Milliseconds of a clock that begins after 0. */
  readonly now?: () => number;
}

/**
 * Requests that may wait for a connection. A further one fails at once and may be repeated later.
 */
const MOST_WAITING = 20;
const CAPACITY = 200;
const IDLE_MS = 30_000;
const CONNECT_MS = 3_000;
const STATEMENT_MS = 5_000;
/** A server's own answer to a statement that took too long gets so much time. */
const SILENCE_MS = 1_000;
/** A host that is gone sends no end of a connection; the kernel notices some seconds after this. */
const KEEP_ALIVE_MS = 5_000;
/** Each of the pool's connections may be lost, and then a new one is made. */
const ATTEMPTS = POOL_CONNECTIONS + 1;
const BETWEEN_ATTEMPTS_MS = 100;
/**
 * A server that takes no connection is not asked for another one so soon. An attempt to log in costs the task, which all
 * tenants share, as much as ten queries.
 */
const REST_MS = 250;
/** "PostgreSQL Error Codes": too_many_connections, cannot_connect_now. Nobody listens. */
const TAKES_NOBODY = /^(?:53300|57P03|ECONNREFUSED)$/;
/**
 * Half of a role session's time: a connection must not last much longer than its tenant is in
 * service.
 */
const MOST_SECONDS = 450;

interface Opened {
  readonly pool: Pool;
  readonly host: string;
  readonly port: number;
}

/**
 * Connections to the databases of the tenants being served, each as the tenant's own database
 * user. The tenant's role signs a token for every new connection. Each tenant has a pool of its
 * own, so an overloaded database delays only its tenant.
 */
export class TenantDatabases {
  private readonly pools: LRUCache<string, Opened>;
  private readonly readers: ReaderSessions<Client>;
  /** Tenants whose server has just taken no connection. */
  private readonly resting: LRUCache<string, true>;

  constructor(private readonly options: TenantDatabasesOptions) {
    this.pools = new LRUCache({
      max: options.capacity ?? CAPACITY,
      dispose: ({ pool }) => void pool.end().catch(() => undefined),
    });
    this.resting = new LRUCache({
      ...{ max: options.capacity ?? CAPACITY, ttl: REST_MS, ttlResolution: 0 },
      ...(options.now && { perf: { now: options.now } }),
    });
    const most = READER_CONNECTIONS;
    const waitMs = options.connectMs ?? CONNECT_MS;
    this.readers = new ReaderSessions({
      turns: new Turns({ most, mostWaiting: MOST_WAITING, waitMs }),
      most,
      refused: () => new DatabaseUnavailable('too many read by token'),
    });
  }

  /**
   * @throws DatabaseUnavailable when the tenant has no address of its database, too many requests wait for it, or its
   * server has just taken no connection
   */
  of(route: RouteRecord): Pick<Pool, 'query'> {
    const { pool } = this.opened(route);
    if (pool.idleCount === 0) this.requireTaking(route);
    if (pool.waitingCount >= MOST_WAITING) throw new DatabaseUnavailable('too many requests wait for a connection');
    return pool;
  }

  /**
   * Does work that may be done twice: again with another connection when its own is lost, and with new credentials
   * when the login is refused.
   *
   * @throws DatabaseUnavailable as `of`
   */
  async repeatably<T>(route: RouteRecord, work: (database: Pick<Pool, 'query'>) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(this.of(route));
      } catch (thrown) {
        // A role that was deleted and created again denies the sessions of the old one.
        if (isRefused(thrown)) this.options.sessions.forget(route.tenantId);
        else if (!isLost(thrown)) throw this.noted(route, thrown);
        if (attempt === ATTEMPTS) throw this.noted(route, thrown);
      }
      await pause(BETWEEN_ATTEMPTS_MS);
    }
  }

  /**
   * A read-only session with a token of one of the tenant's database users, at the server that the token
   * names: the replica, or the primary for a reader that must see what was just written. The server itself
   * checks the token. Whoever shows the same token soon after gets the same session, for a minute at most.
   *
   * @throws ForeignToken when the token names no server or no user of this tenant
   * @throws DatabaseUnavailable when too many read this tenant's databases
   */
  withToken<T>(route: RouteRecord, token: string, work: (client: Client) => Promise<T>): Promise<T> {
    return this.readers.run(route.tenantId, token, () => this.logIn(route, token), work);
  }

  forget(tenantId: string): void {
    this.pools.delete(tenantId);
    this.readers.forget(tenantId);
  }

  clear(): void {
    this.pools.clear();
    this.readers.clear();
  }

  private requireTaking({ tenantId }: RouteRecord): void {
    if (this.resting.has(tenantId)) throw new DatabaseUnavailable('the server has just taken no connection');
  }

  private noted({ tenantId }: RouteRecord, thrown: unknown): unknown {
    if (TAKES_NOBODY.test(codeOf(thrown))) this.resting.set(tenantId, true);
    return thrown;
  }

  private async logIn(route: RouteRecord, token: string): Promise<Client> {
    this.requireTaking(route);
    const options = '-c default_transaction_read_only=on';
    const client = new Client({ ...this.accessTo(route), ...targetOf(route, token), password: token, options });
    // Without a handler, a server that stops would end this process.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (thrown) {
      void client.end();
      throw this.noted(route, thrown);
    }
    return client;
  }

  /** A route may lead to another server than before: a database that was restored. */
  private opened(route: RouteRecord): Opened {
    const { host, port } = this.accessTo(route);
    const opened = this.pools.get(route.tenantId);
    return opened?.host === host && opened.port === port ? opened : this.open(route);
  }

  /** Ends the connections to a former server of the tenant. */
  private open(route: RouteRecord): Opened {
    const access = this.accessTo(route);
    const password = async () => {
      const { credentials } = await this.options.sessions.of(route);
      const { host: hostname, port, user: username } = access;
      return new Signer({ hostname, port, username, credentials }).getAuthToken();
    };
    const pool = new Pool({
      ...access,
      password,
      max: POOL_CONNECTIONS,
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: MOST_SECONDS,
      allowExitOnIdle: true,
    });
    // Without a handler, a server that stops would end this process.
    pool.on('error', () => undefined);
    const opened = { pool, host: access.host, port: access.port };
    this.pools.set(route.tenantId, opened);
    this.resting.delete(route.tenantId);
    return opened;
  }

  private accessTo({ tenantId, database }: RouteRecord) {
    if (!database) throw new DatabaseUnavailable('the route of the tenant tells no database');
    const { certificates, connectMs = CONNECT_MS, statementMs = STATEMENT_MS } = this.options;
    return {
      ...{ host: database.host, port: database.port, database: DATABASE_NAME },
      user: tenantNames.databaseUser(tenantId),
      ssl: certificates ? { ca: certificates } : true,
      connectionTimeoutMillis: connectMs,
      statement_timeout: statementMs,
      query_timeout: statementMs + SILENCE_MS,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
      application_name: 'shared-service',
    } satisfies ClientConfig;
  }
}
