import { setTimeout as pause } from 'node:timers/promises';
import { Signer } from '@aws-sdk/rds-signer';
import { LRUCache } from 'lru-cache';
import { Client, type ClientConfig } from 'pg';
import { POOL_CONNECTIONS, READER_CONNECTIONS } from '../../functions/contract/connections';
import { DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import { codeOf } from '../../functions/shared/error-code';
import { isLost, isRefused } from './lost-connection';
import { ReaderSessions } from './reader-sessions';
import { lagOf } from './replica-lag';
import type { Database } from './tenant';
import { TenantPool } from './tenant-pool';
import type { TenantSessions } from './tenant-sessions';
import { Turns } from './turns';

/** The tenant's database cannot be used now. Other tenants' databases are not affected. */
class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
}
/** Of readers, wherever they read. */
class TooManyReaders extends DatabaseUnavailable {}

/** A token for another server or user. */
export class ForeignToken extends Error {
  override readonly name = 'ForeignToken';
}

export type Server = 'primary' | 'replica';
interface Target {
  readonly server: Server;
  readonly host: string;
  readonly port: number;
  readonly user: string;
}

/** Server and user that a token names, which must be this tenant's ("Generating an IAM authentication token"). */
function targetOf({ tenantId, database }: RouteRecord, token: string): Target {
  const named = URL.canParse(`https://${token}`) ? new URL(`https://${token}`) : undefined;
  const servers = [
    ...(database ? [{ server: 'primary' as const, ...database }] : []),
    ...(database?.replica ? [{ server: 'replica' as const, ...database.replica }] : []),
  ];
  const server = servers.find(({ host, port }) => named?.hostname === host && Number(named.port) === port);
  const users = [tenantNames.databaseReader(tenantId), tenantNames.databaseUser(tenantId)];
  const user = users.find((name) => named?.searchParams.get('DBUser') === name);
  if (!server || !user) throw new ForeignToken('the token names no server or no user of this tenant');
  return { server: server.server, host: server.host, port: server.port, user };
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
  /** Seconds by which a server's data is older than the primary's. */
  readonly lagOf?: (client: Client) => Promise<number>;
  /** Milliseconds of a clock that begins after 0. */
  readonly now?: () => number;
}

type Place = Pick<Target, 'host' | 'port'>;
const nameOf = ({ tenantId }: RouteRecord, { host, port }: Place) => `${tenantId} ${host}:${port}`;

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
/**
 * For a reader that may read the primary as well: a replica that takes longer is not waited for, and is then left alone for
 * a while. Less than readers wait for their turn, so that those behind get theirs in time.
 */
const QUICK_MS = 1_000;
const LEFT_ALONE_MS = 10_000;
/** Seconds. A replica that is further behind is not read. */
const MOST_LAG = 10;
/** "PostgreSQL Error Codes", classes: what is wrong with statement, rows or login, at any server. */
const WORKS_OWN = /^(?:22|23|28|42)/;
/** "PostgreSQL Error Codes": too_many_connections, cannot_connect_now. Nobody listens. */
const TAKES_NOBODY = /^(?:53300|57P03|ECONNREFUSED)$/;
/**
 * Half of a role session's time: a connection must not last much longer than its tenant is in
 * service.
 */
const MOST_SECONDS = 450;

interface Opened {
  readonly pool: TenantPool;
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
  /** Servers that have just taken no connection. */
  private readonly resting: LRUCache<string, true>;
  /** Tenants whose replica could just not be read. */
  private readonly leftAlone: LRUCache<string, true>;

  constructor(private readonly options: TenantDatabasesOptions) {
    this.pools = new LRUCache({
      max: options.capacity ?? CAPACITY,
      dispose: ({ pool }) => void pool.end().catch(() => undefined),
    });
    const remembered = (ttl: number) =>
      new LRUCache<string, true>({
        ...{ max: 2 * (options.capacity ?? CAPACITY), ttl, ttlResolution: 0 },
        ...(options.now && { perf: { now: options.now } }),
      });
    this.resting = remembered(REST_MS);
    this.leftAlone = remembered(LEFT_ALONE_MS);
    const most = READER_CONNECTIONS;
    const waitMs = options.connectMs ?? CONNECT_MS;
    this.readers = new ReaderSessions({
      turns: new Turns({ most, mostWaiting: MOST_WAITING, waitMs }),
      most,
      refused: () => new TooManyReaders('too many read by token'),
    });
  }

  /**
   * @throws DatabaseUnavailable when the tenant has no address of its database, too many requests wait for it, or its
   * server has just taken no connection
   */
  of(route: RouteRecord): Database {
    const { pool } = this.opened(route);
    if (pool.idleCount === 0) this.requireTaking(route, this.accessTo(route));
    if (pool.waitingCount >= MOST_WAITING) throw new DatabaseUnavailable('too many requests wait for a connection');
    return pool;
  }

  /**
   * Does work that may be done twice: again with another connection when its own is lost, and with new credentials
   * when the login is refused.
   *
   * @throws DatabaseUnavailable as `of`
   */
  async repeatably<T>(route: RouteRecord, work: (database: Database) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work(this.of(route));
      } catch (thrown) {
        // A role that was deleted and created again denies the sessions of the old one.
        if (isRefused(thrown)) this.options.sessions.forget(route.tenantId);
        else if (!isLost(thrown)) throw this.noted(route, this.accessTo(route), thrown);
        if (attempt === ATTEMPTS) throw this.noted(route, this.accessTo(route), thrown);
      }
      await pause(BETWEEN_ATTEMPTS_MS);
    }
  }

  /**
   * A read-only session with a token of one of the tenant's database users, at the server that the token
   * names: the replica, or the primary for a reader that must see what was just written. The server itself
   * checks the token. Whoever shows the same token soon after gets the same session, for a minute at most.
   *
   * Beside a token for the replica, a reader may show one for the primary: then the primary is read when the replica takes
   * no connection, answers too slowly, or is too far behind. Each server checks its own token, so nobody reads without.
   *
   * @throws ForeignToken when a token names no server or no user of this tenant, or both are not of one user
   * @throws DatabaseUnavailable when too many read this tenant's databases
   */
  async withToken<T>(
    route: RouteRecord,
    token: string,
    work: (client: Client, server: Server) => Promise<T>,
    forPrimary?: string,
  ): Promise<T> {
    const { tenantId } = route;
    const target = targetOf(route, token);
    const at = (shown: string, server: Server, open: () => Promise<Client>) =>
      this.readers.run(tenantId, shown, open, (client) => work(client, server));
    const other = forPrimary === undefined ? undefined : targetOf(route, forPrimary);
    if (other && (other.server !== 'primary' || other.user !== target.user))
      throw new ForeignToken('the second token is not for the primary, or not of the same user');
    if (!other || !forPrimary || target.server === 'primary')
      return await at(token, target.server, () => this.logIn(route, target, token));
    if (!this.leftAlone.has(tenantId)) {
      try {
        return await this.readers.run(
          tenantId,
          `quick ${token}`,
          () => this.logInQuickly(route, target, token),
          (client) => this.unlessBehind(client, work),
        );
      } catch (thrown) {
        if (thrown instanceof TooManyReaders || WORKS_OWN.test(codeOf(thrown))) throw thrown;
        this.leftAlone.set(tenantId, true);
      }
    }
    return await at(forPrimary, 'primary', () => this.logIn(route, other, forPrimary));
  }

  forget(tenantId: string): void {
    this.pools.delete(tenantId);
    this.readers.forget(tenantId);
  }

  clear(): void {
    this.pools.clear();
    this.readers.clear();
  }

  private requireTaking(route: RouteRecord, server: Place): void {
    if (this.resting.has(nameOf(route, server)))
      throw new DatabaseUnavailable('the server has just taken no connection');
  }

  private noted(route: RouteRecord, server: Place, thrown: unknown): unknown {
    if (TAKES_NOBODY.test(codeOf(thrown))) this.resting.set(nameOf(route, server), true);
    return thrown;
  }

  private async logIn(route: RouteRecord, target: Target, token: string, limits: object = {}): Promise<Client> {
    this.requireTaking(route, target);
    const { host, port, user } = target;
    const options = '-c default_transaction_read_only=on';
    const client = new Client({ ...this.accessTo(route), ...limits, host, port, user, password: token, options });
    // Without a handler, a server that stops would end this process.
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (thrown) {
      void client.end();
      throw this.noted(route, target, thrown);
    }
    return client;
  }

  /** Of those who have waited for their turn behind one that got no answer, none asks again. */
  private async logInQuickly(route: RouteRecord, target: Target, token: string): Promise<Client> {
    if (this.leftAlone.has(route.tenantId)) throw new DatabaseUnavailable('the replica could just not be read');
    const ms = Math.min(QUICK_MS, this.options.statementMs ?? QUICK_MS, this.options.connectMs ?? QUICK_MS);
    const limits = { connectionTimeoutMillis: ms, statement_timeout: ms, query_timeout: 1.5 * ms };
    return await this.logIn(route, target, token, limits);
  }

  private async unlessBehind<T>(client: Client, work: (client: Client, server: Server) => Promise<T>): Promise<T> {
    const lag = await (this.options.lagOf ?? lagOf)(client);
    if (lag > MOST_LAG) throw new DatabaseUnavailable(`the replica is ${lag} s behind`);
    return await work(client, 'replica');
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
    const pool = new TenantPool({
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
