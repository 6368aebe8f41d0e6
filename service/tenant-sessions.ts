import type { S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, type Credentials, type STSClient } from '@aws-sdk/client-sts';
import { TENANT_TAG } from '../functions/contract/naming';
import type { RouteRecord } from '../functions/contract/records';
import { BoundedCache } from './bounded-cache';

/** One tenant's data, as the tenant's role reaches it. */
export interface TenantSession {
  readonly s3: Pick<S3Client, 'send'>;
}

export interface TenantSessionsOptions {
  readonly sts: Pick<STSClient, 'send'>;
  readonly s3As: (credentials: Credentials) => Pick<S3Client, 'send'>;
  readonly capacity?: number;
  readonly idleMs?: number;
  readonly now?: () => number;
}

/** "AssumeRole": the shortest session there is. */
const SESSION_SECONDS = 900;
/** No request begins with credentials that could end under it. */
const SAFETY_MS = 60_000;
const CAPACITY = 200;
const IDLE_MS = 60_000;

interface Held {
  readonly session: TenantSession;
  readonly expiresAt: number;
}

/**
 * Takes on tenants' roles. Holds credentials of at most `capacity` tenants, those being served: a tenant nobody asked for
 * in `idleMs` is forgotten, as is one that stops being ACTIVE, or whose session AWS refuses.
 */
export class TenantSessions {
  private readonly held: BoundedCache<Held>;
  private readonly opening = new Map<string, Promise<Held>>();
  private readonly now: () => number;

  constructor(private readonly options: TenantSessionsOptions) {
    this.now = options.now ?? Date.now;
    this.held = new BoundedCache(options.capacity ?? CAPACITY, this.now);
  }

  get size(): number {
    return this.held.size;
  }

  async of(route: RouteRecord): Promise<TenantSession> {
    const held = this.held.get(route.tenantId) ?? (await (this.opening.get(route.tenantId) ?? this.open(route)));
    this.held.set(route.tenantId, held, Math.min(this.now() + (this.options.idleMs ?? IDLE_MS), held.expiresAt));
    return held.session;
  }

  forget(tenantId: string): void {
    this.held.delete(tenantId);
  }

  /** Lets go of the credentials of tenants that are no longer served. */
  sweep(): void {
    this.held.sweep();
  }

  clear(): void {
    this.held.clear();
  }

  private open(route: RouteRecord): Promise<Held> {
    const session = this.assume(route).finally(() => this.opening.delete(route.tenantId));
    this.opening.set(route.tenantId, session);
    return session;
  }

  private async assume({ tenantId, roleArn, externalId }: RouteRecord): Promise<Held> {
    const { Credentials } = await this.options.sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: `service-${tenantId}`,
        ExternalId: externalId,
        Tags: [{ Key: TENANT_TAG, Value: tenantId }],
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    if (!Credentials) throw new Error('AssumeRole answered without credentials');
    const end = Credentials.Expiration?.getTime() ?? this.now() + SESSION_SECONDS * 1000;
    return { session: { s3: this.options.s3As(Credentials) }, expiresAt: end - SAFETY_MS };
  }
}
