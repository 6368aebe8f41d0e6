import { Readable } from 'node:stream';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { AssumeRoleCommand } from '@aws-sdk/client-sts';
import type { GetCommand } from '@aws-sdk/lib-dynamodb';
import { externalIdOf, tenantIdOf } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import type { SessionCredentials } from '../../functions/tenants/tenant-session';
import { serviceApp } from '../../service/app';
import { MIGRATION_FILES, neededBy } from '../../service/migrations/manifest';
import { RouteDirectory } from '../../service/tenant-context/route-directory';
import { TenantContext } from '../../service/tenant-context/tenant-context';
import { TenantDatabases } from '../../service/tenant-context/tenant-databases';
import { TenantSessions } from '../../service/tenant-context/tenant-sessions';

export const DOMAIN = 'funnels.example';
const START = Date.parse('2026-01-01T00:00:00Z');
const SESSION_MS = 900_000;

export function routeOf(subdomain: string, more: Partial<RouteRecord> = {}): RouteRecord {
  const tenantId = tenantIdOf(subdomain);
  return {
    host: `${subdomain}.${DOMAIN}`,
    tenantId,
    companyName: subdomain,
    status: 'ACTIVE',
    roleArn: `arn:aws:iam::000000000000:role/tenants/tenant-${tenantId}`,
    externalId: externalIdOf(tenantId),
    bucketName: `bucket-${subdomain}`,
    keyArn: 'arn:key',
    ...more,
  };
}

const named = (name: string) => Object.assign(new Error(`${name} as AWS says it`), { name });

/**
 * AWS as the service sees it: a table of routes, roles that only their own external id and session tag open, and buckets
 * that only their own role reads. The clock stands still until it is moved.
 */
export class ServiceWorld {
  now = START;
  /** How long the credentials of a new session are valid. */
  sessionMs = SESSION_MS;
  readonly routes = new Map<string, RouteRecord>();
  readonly pages = new Map<string, string>();
  readonly assumed: AssumeRoleCommand['input'][] = [];
  routeReads = 0;
  /** Sessions opened before are refused, as when a role was made anew. */
  refuseSessionsBefore = 0;
  refuseRoles = false;
  /** Bucket reads wait for it. */
  gate: Promise<void> = Promise.resolve();
  /** Bucket reads that have come to the gate. */
  atGate = 0;

  add(route: RouteRecord, page?: string): RouteRecord {
    this.routes.set(route.host, route);
    if (page !== undefined) this.pages.set(route.bucketName, page);
    return route;
  }

  private readonly readRoute = async ({ input }: GetCommand) => {
    this.routeReads++;
    const item = this.routes.get(String(input.Key?.pk).replace('ROUTE#', ''));
    return { Item: item && { ...item } };
  };

  private readonly assume = async ({ input }: AssumeRoleCommand) => {
    const owner = [...this.routes.values()].find(({ roleArn }) => roleArn === input.RoleArn);
    const tag = input.Tags?.find(({ Key }) => Key === 'tenantId')?.Value;
    if (this.refuseRoles || !owner || input.ExternalId !== owner.externalId || tag !== owner.tenantId)
      throw named('AccessDenied');
    this.assumed.push(input);
    const Expiration = new Date(this.now + this.sessionMs);
    return {
      Credentials: {
        AccessKeyId: owner.roleArn,
        SecretAccessKey: String(this.assumed.length),
        SessionToken: 's',
        Expiration,
      },
    };
  };

  private readonly s3As = (credentials: SessionCredentials) => {
    const send = async (command: GetObjectCommand) => {
      if (!(command instanceof GetObjectCommand)) throw new Error('the service reads only');
      this.atGate++;
      await this.gate;
      const owner = [...this.routes.values()].find(({ bucketName }) => bucketName === command.input.Bucket);
      const expired = (credentials.expiration?.getTime() ?? 0) <= this.now;
      const refused = Number(credentials.secretAccessKey) <= this.refuseSessionsBefore;
      if (expired || refused || owner?.roleArn !== credentials.accessKeyId) throw named('AccessDenied');
      const page = this.pages.get(owner?.bucketName ?? '');
      if (page === undefined) throw named('NoSuchKey');
      return { Body: Readable.from([Buffer.from(page)]), ContentLength: Buffer.byteLength(page) };
    };
    return { send } as unknown as Pick<S3Client, 'send'>;
  };

  sessions(limits: { capacity?: number; idleMs?: number } = {}): TenantSessions {
    const sts = { send: this.assume } as unknown as ConstructorParameters<typeof TenantSessions>[0]['sts'];
    return new TenantSessions({ sts, s3As: this.s3As, now: () => this.now, ...limits });
  }

  directory(limits: { capacity?: number } = {}): RouteDirectory {
    const client = { send: this.readRoute } as unknown as ConstructorParameters<typeof RouteDirectory>[0]['client'];
    return new RouteDirectory({ client, tableName: 'tenants', now: () => this.now, ...limits });
  }

  /** The migration that the service needs. */
  needs = neededBy(MIGRATION_FILES);

  tenants(sessions = this.sessions(), databases = new TenantDatabases({ sessions })): TenantContext {
    return new TenantContext({
      ...{ domain: DOMAIN, version: 'sha256:v1', routes: this.directory(), sessions, databases },
      ...{ needs: this.needs, knows: '0003-drop.contract-0123456789ab' },
    });
  }

  app(sessions = this.sessions(), logged: object[] = []) {
    const stream = { write: (line: string) => void logged.push(JSON.parse(line)) };
    return serviceApp({ tenants: this.tenants(sessions), logger: { stream } });
  }
}
