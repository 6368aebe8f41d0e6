import type { S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import { LRUCache } from 'lru-cache';
import type { RouteRecord } from '../../functions/contract/records';
import { assumeTenantRole, SESSION_SECONDS, type SessionCredentials } from '../../functions/tenants/tenant-session';

/** Clients with the credentials of one tenant's role. */
export interface TenantClients {
  readonly s3: Pick<S3Client, 'send'>;
  readonly credentials: SessionCredentials;
}

export interface TenantSessionsOptions {
  readonly sts: Pick<STSClient, 'send'>;
  readonly s3As: (credentials: SessionCredentials) => Pick<S3Client, 'send'>;
  readonly capacity?: number;
  readonly idleMs?: number;
  readonly now?: () => number;
}

/**
 * A session ends this long before its credentials expire, so that no request begins with
 * credentials that expire under it.
 */
const SAFETY_MS = 60_000;
const CAPACITY = 200;
const IDLE_MS = 60_000;

interface Session {
  readonly clients: TenantClients;
  readonly expiresAt: number;
}

/**
 * Sessions in the roles of the tenants being served. It holds credentials of at most `capacity`
 * tenants. It forgets a tenant when nobody has requested its page for `idleMs`, when the tenant
 * stops being ACTIVE, and when AWS denies its session.
 */
export class TenantSessions {
  private readonly sessions: LRUCache<string, Session>;
  private readonly opening = new Map<string, Promise<Session>>();
  private readonly now: () => number;

  constructor(private readonly options: TenantSessionsOptions) {
    this.now = options.now ?? Date.now;
    this.sessions = new LRUCache({
      max: options.capacity ?? CAPACITY,
      ttl: options.idleMs ?? IDLE_MS,
      ttlResolution: 0,
      perf: { now: this.now },
    });
  }

  get size(): number {
    return this.sessions.size;
  }

  async of(route: RouteRecord): Promise<TenantClients> {
    const { tenantId } = route;
    const session = this.sessions.get(tenantId) ?? (await (this.opening.get(tenantId) ?? this.open(route)));
    const ttl = Math.min(this.options.idleMs ?? IDLE_MS, session.expiresAt - this.now());
    if (ttl > 0) this.sessions.set(tenantId, session, { ttl });
    return session.clients;
  }

  forget(tenantId: string): void {
    this.sessions.delete(tenantId);
  }

  /**
   * Drops the credentials of tenants that are no longer served: the cache itself drops an entry
   * only when it is read.
   */
  sweep(): void {
    this.sessions.purgeStale();
  }

  clear(): void {
    this.sessions.clear();
  }

  /** Simultaneous requests for one tenant share one session. */
  private open(route: RouteRecord): Promise<Session> {
    const session = this.assume(route).finally(() => this.opening.delete(route.tenantId));
    this.opening.set(route.tenantId, session);
    return session;
  }

  private async assume({ tenantId, roleArn, externalId }: RouteRecord): Promise<Session> {
    const terms = { roleArn, externalId, tenantId };
    const credentials = await assumeTenantRole(this.options.sts, terms, `service-${tenantId}`);
    const end = credentials.expiration?.getTime() ?? this.now() + SESSION_SECONDS * 1000;
    return { clients: { s3: this.options.s3As(credentials), credentials }, expiresAt: end - SAFETY_MS };
  }
}
