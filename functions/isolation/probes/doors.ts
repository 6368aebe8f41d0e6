import type { Attempt } from './attempt';

/** What a caller names who takes on a tenant's role. */
export interface Terms {
  readonly roleArn: string;
  readonly externalId?: string;
  /** The tenant of the session tag. */
  readonly tenantId?: string;
}

/** Encryption that an upload asks for; without one it gets the bucket's default. */
export type Encryption = { readonly algorithm: 'AES256' } | { readonly algorithm: 'aws:kms'; readonly keyArn: string };

/** Somebody with the credentials of one tenant's role, as the shared service holds them. Everything is tried for real. */
export interface Visitor {
  readonly list: (bucket: string) => Promise<Attempt>;
  /** An upload that S3 refuses to store, whoever sends it: it tells who would be let in, and leaves nothing. */
  readonly write: (bucket: string, encryption?: Encryption) => Promise<Attempt>;
  /** Has the key encrypt. */
  readonly useKey: (keyArn: string) => Promise<Attempt>;
  /** Has it encrypt, and decrypt what came of it. */
  readonly keyRoundTrip: (keyArn: string) => Promise<Attempt>;
  /** Whether the secret opens; what is in it stays with AWS's answer. */
  readonly readSecret: (secretArn: string) => Promise<Attempt>;
  readonly takeOn: (terms: Terms) => Promise<Attempt>;
  /** Makes a token to log in to a database with. No request is sent: only the database can say whether it takes it. */
  readonly signLogin: (host: string, port: number, user: string) => Promise<string>;
}

/** How one object fared in a tenant's bucket, which is written and removed for the purpose. */
export interface ObjectTrial {
  readonly written: () => Promise<Attempt>;
  /** By who wrote it. Throws when there was nothing to read. */
  readonly readBack: () => Promise<Attempt>;
  /** By the other tenant. Throws when there was nothing to read. */
  readonly readByOther: () => Promise<Attempt>;
}

export interface Answered {
  readonly status: number;
  readonly body: string;
}

/** Doors to try. */
export interface Doors {
  /** The tenant's role, taken on as the shared service does. Where that is refused, every door behind it throws. */
  readonly tenant: Visitor;
  /** The role of the cell's decoy, taken on likewise. */
  readonly decoy: Visitor;
  /** An object in the tenant's bucket; the other who reads it is the decoy. */
  readonly tenantsObject: ObjectTrial;
  /** An object in the decoy's bucket; the other who reads it is the tenant. */
  readonly decoysObject: ObjectTrial;
  /** Takes on a role directly, on whatever terms. */
  readonly takeOn: (terms: Terms) => Promise<Attempt>;
  /** A request for a host that reaches the cell's listener as a browser's does. */
  readonly request: (host: string) => Promise<Answered>;
  /** Gives a door that should open a little time to do so: what IAM has just been told is not known everywhere at once. */
  readonly eventually: (tryDoor: () => Promise<Attempt>) => Promise<Attempt>;
}
