import type { S3Client } from '@aws-sdk/client-s3';
import type { Client, Pool } from 'pg';

/**
 * The tenant's database. Each query is on any of its connections, and what it leaves in a session (SET, PREPARE, an advisory
 * lock) is there for whoever gets that connection next. A transaction that it leaves open is rolled back.
 */
export interface Database extends Pick<Pool, 'query'> {
  /**
   * Does work in one transaction, with one connection: what it does is kept when it ends, and none of it when it throws.
   *
   * Every task has two connections for each tenant, so wait for nothing else in it. The server ends one that idles for 15 s.
   */
  transaction<T>(work: (session: Pick<Client, 'query'>) => Promise<T>): Promise<T>;
}

/** A tenant in service, and what an application may use of it. All of it is this tenant's own. */
export interface Tenant {
  readonly tenantId: string;
  readonly companyName: string;
  /** `SUBDOMAIN.DOMAIN`, in lower case. */
  readonly host: string;
  readonly bucketName: string;
  /** ARN of the tenant's KMS key. Bucket and database use it without being told. */
  readonly keyArn: string;
  /** False for the cell's own page, with which every release begins: it is answered without a database. */
  readonly hasDatabase: boolean;

  /**
   * A client with the credentials of the tenant's role. Ask for it in each request, and do not keep it: the
   * credentials expire.
   *
   * @throws Error of STS under its own name
   */
  s3(): Promise<Pick<S3Client, 'send'>>;

  /**
   * The pool of the tenant's own database user (read and write), at the primary. A query fails after 5 s, and after 6 s
   * when the server answers nothing.
   *
   * @throws DatabaseUnavailable when too many requests wait for this database already, or it has no address
   */
  database(): Database;

  /**
   * Does work that may be done twice, such as an INSERT with ON CONFLICT DO NOTHING: again with another connection when
   * its own is lost, as in a failover, and with new credentials when the login is refused. Three times at most. Of a connection
   * that is lost at the end of a transaction, nobody knows whether it was kept.
   *
   * @throws DatabaseUnavailable as `database`
   */
  repeatably<T>(work: (database: Database) => Promise<T>): Promise<T>;

  /**
   * A read-only session with an IAM token of one of the tenant's database users, at the server that the token
   * names: the replica, or the primary for a reader that must see what was just written. The server itself checks
   * the token. Whoever shows the same token soon after gets the same session, for a minute at most: leave nothing in it.
   *
   * @param work is told which of the two it reads
   * @param forPrimary a token of the same user for the primary, which is read when the replica takes no connection, does
   * not answer within a second, or is more than ten seconds behind. The work may be begun twice
   * @throws ForeignToken when a token names no server or no user of this tenant, or both are not of one user
   * @throws DatabaseUnavailable when too many sessions read this tenant's databases already
   */
  withToken<T>(
    token: string,
    work: (client: Client, server: 'primary' | 'replica') => Promise<T>,
    forPrimary?: string,
  ): Promise<T>;

  /** Drops the credentials. Call it when AWS denies them: a role that was made anew denies the sessions of the old one. */
  forget(): void;
}

/**
 * Whose page a request is for.
 *
 * - unknown: no tenant has this host. Answer 404.
 * - closed: the tenant is being set up, or is suspended. Answer 503.
 * - behind: the tenant's database lacks a migration that this version needs. Answer 503, for this tenant alone.
 * - active: answer with what is the tenant's.
 */
export type Visit =
  | { readonly state: 'unknown' }
  | { readonly state: 'closed'; readonly tenantId: string }
  | { readonly state: 'behind'; readonly tenantId: string; readonly has: string | undefined }
  | { readonly state: 'active'; readonly tenant: Tenant };

/** An answer to `GET /healthz`. The body is text. */
export interface Health {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The tenants that one task of the shared service serves. */
export interface Tenants {
  /** Headers of each answer: the version that gave it. A release counts by it. */
  readonly headers: Readonly<Record<string, string>>;

  /** The migration that this version needs of a tenant's database. */
  readonly needs: string;

  /** @param host the Host header, as it came */
  visit(host: string | undefined): Promise<Visit>;

  /** The spelling of a Host header under which a tenant is known; undefined if no tenant can have it. */
  hostOf(header: string | undefined): string | undefined;

  /**
   * The answer to `GET /healthz`, which the load balancer asks, and to `GET /healthz?host=HOST`, which a release
   * asks for each tenant before it moves one.
   *
   * @param host the parameter of the query
   * @param serve does what the application does for a page of this tenant. What it throws is thrown: answer 500
   */
  health(host: string | undefined, serve: (tenant: Tenant) => Promise<void>): Promise<Health>;

  /** Ends connections and drops credentials. */
  close(): void;
}
