import { isBehind } from '../../functions/contract/migration';
import { BEHIND, MIGRATION_HEADER, VERSION_HEADER } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import { tenantHost } from './host';
import type { RouteDirectory } from './route-directory';
import type { Health, Tenant, Tenants, Visit } from './tenant';
import type { TenantDatabases } from './tenant-databases';
import type { TenantSessions } from './tenant-sessions';

export interface TenantContextOptions {
  readonly domain: string;
  /** Of the image, as the release that started the task names it. */
  readonly version: string;
  readonly routes: RouteDirectory;
  readonly sessions: TenantSessions;
  readonly databases: TenantDatabases;
  /** The migration that this version needs of a tenant's database. */
  readonly needs: string;
  /** The last migration that this version knows. */
  readonly knows: string;
}

const SWEEP_EVERY_MS = 15_000;

/** From a request's host to the tenant, and to sessions that are the tenant's alone. */
export class TenantContext implements Tenants {
  readonly headers: Readonly<Record<string, string>>;
  readonly needs: string;
  private readonly sweeping: NodeJS.Timeout;

  constructor(private readonly options: TenantContextOptions) {
    this.headers = { [VERSION_HEADER]: options.version };
    this.needs = options.needs;
    this.sweeping = setInterval(() => options.sessions.sweep(), SWEEP_EVERY_MS).unref();
  }

  hostOf(header: string | undefined): string | undefined {
    return tenantHost(header, this.options.domain);
  }

  /** A tenant that is not in service, or is behind, loses the sessions and connections that were opened for it. */
  async visit(host: string | undefined): Promise<Visit> {
    const known = this.hostOf(host);
    const route = known === undefined ? undefined : await this.options.routes.find(known);
    if (!route) return { state: 'unknown' };
    const { tenantId, status } = route;
    const isLacking = this.lacks(route);
    if (status === 'ACTIVE' && !isLacking) return { state: 'active', tenant: this.tenantOf(route) };
    this.options.sessions.forget(tenantId);
    this.options.databases.forget(tenantId);
    if (status !== 'ACTIVE') return { state: 'closed', tenantId };
    return { state: 'behind', tenantId, has: route.database?.version };
  }

  async health(host: string | undefined, serve: (tenant: Tenant) => Promise<void>): Promise<Health> {
    const answer = (status: number, body: string) => ({
      status,
      headers: { ...this.headers, [MIGRATION_HEADER]: this.options.knows, 'content-type': 'text/plain; charset=utf-8' },
      body: `${body}\n`,
    });
    const ok = `ok ${this.options.version}`;
    if (host === undefined) return answer(200, ok);
    const visit = await this.visit(host);
    if (visit.state === 'behind') return answer(503, `${BEHIND} ${this.options.needs}`);
    if (visit.state !== 'active') return answer(404, 'not served');
    await serve(visit.tenant);
    return answer(200, ok);
  }

  close(): void {
    clearInterval(this.sweeping);
    this.options.sessions.clear();
    this.options.databases.clear();
  }

  /** By the route, which is read anyway: a tenant is served again seconds after its migration. */
  private lacks({ database }: RouteRecord): boolean {
    return database !== undefined && isBehind(database.version, this.options.needs);
  }

  private tenantOf(route: RouteRecord): Tenant {
    const { sessions, databases } = this.options;
    const { tenantId, companyName, host, bucketName, keyArn } = route;
    return {
      ...{ tenantId, companyName, host, bucketName, keyArn },
      hasDatabase: route.database !== undefined,
      s3: async () => (await sessions.of(route)).s3,
      database: () => databases.of(route),
      repeatably: (work) => databases.repeatably(route, work),
      withToken: (token, work, forPrimary) => databases.withToken(route, token, work, forPrimary),
      forget: () => sessions.forget(tenantId),
    };
  }
}
