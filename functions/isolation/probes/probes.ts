import type { Answered } from '../../compute/load-balancer-probe';
import type { SessionTerms } from '../../tenants/tenant-session';
import type { Attempt } from './attempt';
import type { Door } from './database-door';

/** Encryption that an upload asks for. An upload without one gets the bucket's default. */
export type Encryption = { readonly algorithm: 'AES256' } | { readonly algorithm: 'aws:kms'; readonly keyArn: string };

/** What of a database's secret is no secret. */
export interface SecretTarget {
  readonly host?: string | undefined;
  readonly port?: string | undefined;
  readonly username?: string | undefined;
  readonly dbname?: string | undefined;
}

/**
 * A session in one tenant's role, as the shared service has it. Each method sends a real request to
 * AWS.
 */
export interface TenantSession {
  readonly list: (bucket: string) => Promise<Attempt>;
  /** Sends an upload that S3 never stores, so it shows who may write and leaves no object. */
  readonly write: (bucket: string, encryption?: Encryption) => Promise<Attempt>;
  /** Asks the key to encrypt. */
  readonly useKey: (keyArn: string) => Promise<Attempt>;
  /** Asks the key to encrypt and to decrypt the result. */
  readonly keyRoundTrip: (keyArn: string) => Promise<Attempt>;
  /** Reads the secret and discards its value. */
  readonly readSecret: (secretArn: string) => Promise<Attempt>;
  /** Server, database and user that the secret names. The password is discarded. @throws Error when it is denied */
  readonly secretTarget: (secretArn: string) => Promise<SecretTarget>;
  readonly assumeRole: (terms: SessionTerms) => Promise<Attempt>;
  /** The password in the secret. Only a login that must be refused has a use for it. @throws Error when it is denied */
  readonly secretPassword: (secretArn: string) => Promise<string>;
  /**
   * Signs a token for a database login. No request is sent: only the database can say whether it
   * accepts the token.
   *
   * @param at when the token was signed; absent: now
   */
  readonly signLogin: (host: string, port: number, user: string, at?: Date) => Promise<string>;
}

/**
 * The positive controls of one session: what it is allowed to do with its own resources. Each is
 * tried once. A denial elsewhere proves something only beside them.
 */
export interface OwnDoors {
  /** The verifying function assumes the role. */
  readonly session: () => Promise<Attempt>;
  /** Writes an object to its own bucket and reads it. */
  readonly bucket: () => Promise<Attempt>;
  readonly key: () => Promise<Attempt>;
  readonly secret: () => Promise<Attempt>;
}

/** The results of one object that is written to a tenant's bucket, read and removed. */
export interface ObjectProbe {
  /** Whether the owner could write and read it. The object is still there. */
  readonly opened: () => Promise<Attempt>;
  readonly written: () => Promise<Attempt>;
  /** The owner reads it. @throws Error when no object was written */
  readonly readBack: () => Promise<Attempt>;
  /**
   * The other tenant reads it, when its own bucket has let it in or denied it.
   *
   * @throws Error when no object was written
   */
  readonly readByOther: () => Promise<Attempt>;
}

/** Every probe of one verification. */
export interface Probes {
  /** A session in the tenant's role. When AWS denies the role, each of its probes throws. */
  readonly tenant: TenantSession;
  /** A session in the role of the cell's decoy tenant. */
  readonly decoy: TenantSession;
  readonly own: { readonly tenant: OwnDoors; readonly decoy: OwnDoors };
  /** An object in the tenant's bucket; the decoy is the other reader. */
  readonly tenantsObject: ObjectProbe;
  /** An object in the decoy's bucket; the tenant is the other reader. */
  readonly decoysObject: ObjectProbe;
  /** The verifying function itself assumes a role, on any terms. */
  readonly assumeRole: (terms: SessionTerms) => Promise<Attempt>;
  /** What the door of the tenant's database answers, and what its own role finds behind it. */
  readonly database: () => Promise<Door>;
  /** Settles when the request that tries the door is on its way. It may never be. */
  readonly databaseAsked: Promise<void>;
  /** Sends a request for a host to the cell's listener, as a browser does. */
  readonly request: (host: string) => Promise<Answered>;
}
