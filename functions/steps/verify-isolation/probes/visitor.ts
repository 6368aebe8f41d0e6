import { randomUUID } from 'node:crypto';
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import { PROBE_PREFIX } from '../../../contract/naming';
import { clientOptions } from '../../../shared/clients';
import { once } from '../facts/reading';
import { attempt } from './attempt';
import type { Encryption, Terms, Visitor } from './doors';
import { type SessionCredentials, takingOn } from './take-on';

/** CRC-32 of nothing: of no body that a probe sends. */
const WRONG_CHECKSUM = 'AAAAAA==';
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

async function decryptItself(kms: KMSClient, KeyId: string): Promise<void> {
  const { CiphertextBlob } = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
  await kms.send(new DecryptCommand({ KeyId, CiphertextBlob }));
}

interface VisitorProps {
  /** Opens the session, or hands out the one that is open. */
  readonly session: () => Promise<SessionCredentials>;
  readonly region: string;
  readonly name: string;
  /** The platform's own: it alone may remove a version, of a probe's object and no other. */
  readonly cleaner: S3Client;
}

type Options = typeof clientOptions & { readonly credentials: SessionCredentials };

/** Whoever cannot open the session has not tried the door: that throws, before the try. */
export function visitor({ session, region, name, cleaner }: VisitorProps): Visitor {
  const options = async (): Promise<Options> => ({ ...clientOptions, credentials: await session() });
  const s3 = once(async () => new S3Client(await options()));
  const kms = once(async () => new KMSClient(await options()));
  const secrets = once(async () => new SecretsManagerClient(await options()));
  const sts = once(async () => new STSClient(await options()));

  async function writeReadRemove(client: S3Client, Bucket: string): Promise<void> {
    const Key = `${PROBE_PREFIX}${randomUUID()}`;
    const { VersionId } = await client.send(new PutObjectCommand({ Bucket, Key, Body: BODY }));
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      if ((await Body?.transformToString()) !== BODY) throw new Error('another object was read than was written');
    } finally {
      await cleaner.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
    }
  }

  return {
    list: async (Bucket) => attempt((await s3()).send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }))),
    read: async (Bucket) =>
      attempt((await s3()).send(new GetObjectCommand({ Bucket, Key: `${PROBE_PREFIX}absent` })), 'NoSuchKey'),
    write: async (bucket, encryption) => attempt((await s3()).send(refusedUpload(bucket, encryption)), 'BadDigest'),
    roundTrip: async (bucket) => attempt(writeReadRemove(await s3(), bucket)),
    useKey: async (keyArn) => attempt(decryptItself(await kms(), keyArn)),
    readSecret: async (SecretId) => attempt((await secrets()).send(new GetSecretValueCommand({ SecretId }))),
    takeOn: async (terms: Terms) => attempt(takingOn(await sts(), terms, name)),
    signLogin: async (hostname, port, username) => {
      const { credentials } = await options();
      return await new Signer({ hostname, port, username, region, credentials }).getAuthToken();
    },
  };
}
