import { Signer } from '@aws-sdk/rds-signer';
import { LRUCache } from 'lru-cache';
import { Client, type ClientConfig, Pool } from 'pg';
import { POOL_CONNECTIONS } from '../../functions/contract/connections';
import { DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import type { TenantSessions } from './tenant-sessions';

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
  readonly sessions: Pick<TenantSessions, 'of'>;
  /** Certificate authorities of the databases, PEM. Default: those that Node knows. */
  readonly certificates?: string;
  readonly capacity?: number;
}

/**
 * Requests that may wait for a connection. A further one fails at once and may be repeated later.
 */
const MOST_WAITING = 20;
const CAPACITY = 200;
const IDLE_MS = 30_000;
const CONNECT_MS = 3_000;
const STATEMENT_MS = 5_000;
/**
 * Half of a role session's time: a connection must not last much longer than its tenant is in
 * service.
 */
const MOST_SECONDS = 450;

/**
 * Connections to the databases of the tenants being served, each as the tenant's own database
 * user. The tenant's role signs a token for every new connection. Each tenant has a pool of its
 * own, so an overloaded database delays only its tenant.
 */
export class TenantDatabases {
  private readonly pools: LRUCache<string, Pool>;

  constructor(private readonly options: TenantDatabasesOptions) {
    this.pools = new LRUCache({
      max: options.capacity ?? CAPACITY,
      dispose: (pool) => void pool.end().catch(() => undefined),
    });
  }

  /** @throws DatabaseUnavailable when the tenant has no address of its database, or too many requests wait for it */
  of(route: RouteRecord): Pick<Pool, 'query'> {
    const pool = this.pools.get(route.tenantId) ?? this.open(route);
    if (pool.waitingCount >= MOST_WAITING) throw new DatabaseUnavailable('too many requests wait for a connection');
    return pool;
  }

  /**
   * A read-only session with a token of one of the tenant's database users, at the server that the token
   * names: the replica, or the primary for a reader that must see what was just written. The server itself
   * checks the token.
   *
   * @throws ForeignToken when the token names no server or no user of this tenant
   */
  async withToken<T>(route: RouteRecord, token: string, work: (client: Client) => Promise<T>): Promise<T> {
    const access = this.accessTo(route);
    const options = '-c default_transaction_read_only=on';
    const client = new Client({ ...access, ...targetOf(route, token), password: token, options });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await work(client);
    } finally {
      await client.end();
    }
  }

  forget(tenantId: string): void {
    this.pools.delete(tenantId);
  }

  clear(): void {
    this.pools.clear();
  }

  private open(route: RouteRecord): Pool {
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
    this.pools.set(route.tenantId, pool);
    return pool;
  }

  private accessTo({ tenantId, database }: RouteRecord) {
    if (!database) throw new DatabaseUnavailable('the route of the tenant tells no database');
    return {
      ...{ host: database.host, port: database.port, database: DATABASE_NAME },
      user: tenantNames.databaseUser(tenantId),
      ssl: this.options.certificates ? { ca: this.options.certificates } : true,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      application_name: 'shared-service',
    } satisfies ClientConfig;
  }
}
