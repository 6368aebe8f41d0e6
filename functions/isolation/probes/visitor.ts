import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import { PROBE_PREFIX } from '../../contract/naming';
import { surroundingsOf } from '../../shared/clients';
import { once } from '../facts/reading';
import { attempt } from './attempt';
import type { Encryption, Terms, Visitor } from './doors';
import { type SessionCredentials, takingOn } from './take-on';

/** CRC-32 of nothing: of no body that a probe sends. */
const WRONG_CHECKSUM = 'AAAAAA==';
/** What S3 answers to it, once it has let the request in ("List of error codes"). */
const CHECKSUM_REFUSALS = ['BadDigest', 'XAmzContentChecksumMismatch'];
const BODY = 'isolation probe';

const headersOf = (encryption: Encryption | undefined) => ({
  ...(encryption && { ServerSideEncryption: encryption.algorithm }),
  ...(encryption?.algorithm === 'aws:kms' && { SSEKMSKeyId: encryption.keyArn }),
});

/**
 * Writes without a trace: S3 takes the request in, compares the checksum and stores nothing ("Checking object integrity":
 * BadDigest). A condition on the object (`If-Match`) would do as well, but needs the right to read beside that to write, and
 * would take a door for closed that is open to writing alone.
 */
const refusedUpload = (bucket: string, encryption?: Encryption) =>
  new PutObjectCommand({
    Bucket: bucket,
    Key: `${PROBE_PREFIX}refused`,
    Body: BODY,
    ChecksumCRC32: WRONG_CHECKSUM,
    ...headersOf(encryption),
  });

const makeDataKey = (kms: KMSClient, KeyId: string) =>
  kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));

async function decryptDataKey(kms: KMSClient, KeyId: string): Promise<void> {
  const { CiphertextBlob } = await makeDataKey(kms, KeyId);
  await kms.send(new DecryptCommand({ KeyId, CiphertextBlob }));
}

/** The platform's own clients. A visitor's reach AWS as they do, as somebody else. */
export interface PlatformClients {
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
}

interface VisitorProps {
  /** Opens the session, or hands out the one that is open. */
  readonly session: () => Promise<SessionCredentials>;
  readonly clients: PlatformClients;
  readonly region: string;
  readonly name: string;
}

/** Where an object of a probe is. */
export interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

/** A visitor, and what its part in the trial of an object is. */
export interface ObjectVisitor extends Visitor {
  /** @returns its version; undefined where versioning is suspended */
  readonly put: (place: Place) => Promise<string | undefined>;
  readonly get: (place: Place) => Promise<void>;
}

/** Whoever cannot open the session has not tried the door: that throws, before the try. */
export function visitor({ session, clients, region, name }: VisitorProps): ObjectVisitor {
  const like = async <C extends object>(client: { readonly config: C }) => ({
    ...surroundingsOf(client),
    credentials: await session(),
  });
  const s3 = once(async () => new S3Client(await like(clients.s3)));
  const kms = once(async () => new KMSClient(await like(clients.kms)));
  const secrets = once(async () => new SecretsManagerClient(await like(clients.secrets)));
  const sts = once(async () => new STSClient(await like(clients.sts)));

  return {
    list: async (Bucket) => attempt((await s3()).send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }))),
    put: async ({ Bucket, Key }) => {
      const { VersionId } = await (await s3()).send(new PutObjectCommand({ Bucket, Key, Body: BODY }));
      return VersionId;
    },
    get: async ({ Bucket, Key }) => {
      const { Body } = await (await s3()).send(new GetObjectCommand({ Bucket, Key }));
      if ((await Body?.transformToString()) !== BODY) throw new Error('another object was read than was written');
    },
    write: async (bucket, encryption) =>
      attempt((await s3()).send(refusedUpload(bucket, encryption)), ...CHECKSUM_REFUSALS),
    useKey: async (keyArn) => attempt(makeDataKey(await kms(), keyArn)),
    keyRoundTrip: async (keyArn) => attempt(decryptDataKey(await kms(), keyArn)),
    readSecret: async (SecretId) => attempt((await secrets()).send(new GetSecretValueCommand({ SecretId }))),
    takeOn: async (terms: Terms) => attempt(takingOn(await sts(), terms, name)),
    signLogin: async (hostname, port, username) => {
      const credentials = await session();
      return await new Signer({ hostname, port, username, region, credentials }).getAuthToken();
    },
  };
}
