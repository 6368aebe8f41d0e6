import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetSecretValueCommand,
  type GetSecretValueCommandOutput,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { PROBE_PREFIX } from '../../contract/naming';
import { surroundingsOf } from '../../shared/clients';
import { once } from '../../shared/once';
import { repeated } from '../../shared/repeated';
import { assumeTenantRole, type SessionCredentials } from '../../tenants/tenant-session';
import { attempt } from './attempt';
import { loginTokenOf } from './login-token';
import type { Encryption, TenantSession } from './probes';

/** CRC-32 of an empty body. No probe sends one. */
const WRONG_CHECKSUM = 'AAAAAA==';
/** S3 sends these only after it has allowed the request ("List of error codes"). */
const CHECKSUM_ERRORS = ['BadDigest', 'XAmzContentChecksumMismatch'];
const BODY = 'isolation probe';

const headersOf = (encryption: Encryption | undefined) => ({
  ...(encryption && { ServerSideEncryption: encryption.algorithm }),
  ...(encryption?.algorithm === 'aws:kms' && { SSEKMSKeyId: encryption.keyArn }),
});

/**
 * An upload that leaves no object: S3 allows or denies the request, then compares the checksum and
 * stores nothing ("Checking object integrity": BadDigest). A condition on the object (`If-Match`)
 * also needs the right to read; such a probe would report a bucket that is open for writing alone
 * as closed.
 */
const uploadWithWrongChecksum = (bucket: string, encryption?: Encryption) =>
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

/**
 * Clients of the verifying function. `sts` assumes the tenants' roles, so the roles must trust its
 * credentials; `s3` removes the objects that probes have written. The sessions' own clients reach
 * AWS over the same connections.
 */
export interface ProbeClients {
  readonly s3: S3Client;
  readonly kms: KMSClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
  /** Calls AskDatabase of the tenant's cell. */
  readonly lambda: LambdaClient;
}

/** A secret may also have nothing but user and password. */
const SecretTargetSchema = z.object({
  host: z.string().optional(),
  port: z.union([z.string(), z.number()]).transform(String).optional(),
  username: z.string().optional(),
  dbname: z.string().optional(),
});

const PasswordSchema = z.object({ password: z.string() });

interface AwsSessionProps {
  /** Opens the session, or returns the credentials of the open one. */
  readonly credentials: () => Promise<SessionCredentials>;
  readonly clients: ProbeClients;
  readonly region: string;
  readonly name: string;
}

/** Where the object of a probe is. */
export interface Place {
  readonly Bucket: string;
  readonly Key: string;
}

/** A session, and its part in an object probe. */
export interface ObjectSession extends TenantSession {
  /** @returns the object's version; undefined where versioning is suspended */
  readonly put: (place: Place) => Promise<string | undefined>;
  readonly get: (place: Place) => Promise<void>;
}

/**
 * A session that cannot be opened proves nothing: each of its probes throws before it sends a
 * request.
 */
export function awsSession({ credentials, clients, region, name }: AwsSessionProps): ObjectSession {
  const like = async <C extends object>(client: { readonly config: C }) => ({
    ...surroundingsOf(client),
    credentials: await credentials(),
  });
  const s3 = once(async () => new S3Client(await like(clients.s3)));
  const kms = once(async () => new KMSClient(await like(clients.kms)));
  const secrets = once(async () => new SecretsManagerClient(await like(clients.secrets)));
  const sts = once(async () => new STSClient(await like(clients.sts)));

  const values = new Map<string, () => Promise<GetSecretValueCommandOutput>>();
  /** Two checks ask for one secret, and send one request. */
  const secretValue = (SecretId: string) => {
    const value =
      values.get(SecretId) ?? once(async () => (await secrets()).send(new GetSecretValueCommand({ SecretId })));
    values.set(SecretId, value);
    return value;
  };

  const asked = (call: () => Promise<unknown>, ...provesAccess: readonly string[]) =>
    attempt(repeated(call), ...provesAccess);
  return {
    list: (Bucket) => asked(async () => (await s3()).send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }))),
    put: ({ Bucket, Key }) =>
      repeated(async () => {
        const { VersionId } = await (await s3()).send(new PutObjectCommand({ Bucket, Key, Body: BODY }));
        return VersionId;
      }),
    get: ({ Bucket, Key }) =>
      repeated(async () => {
        const { Body } = await (await s3()).send(new GetObjectCommand({ Bucket, Key }));
        if ((await Body?.transformToString()) !== BODY)
          throw new Error('the object that was read is not the one that was written');
      }),
    write: (bucket, encryption) =>
      asked(async () => (await s3()).send(uploadWithWrongChecksum(bucket, encryption)), ...CHECKSUM_ERRORS),
    useKey: (keyArn) => asked(async () => makeDataKey(await kms(), keyArn)),
    keyRoundTrip: (keyArn) => asked(async () => decryptDataKey(await kms(), keyArn)),
    readSecret: (SecretId) => asked(secretValue(SecretId)),
    secretTarget: async (SecretId) =>
      SecretTargetSchema.parse(JSON.parse((await secretValue(SecretId)()).SecretString ?? '{}')),
    assumeRole: (terms) => asked(async () => assumeTenantRole(await sts(), terms, name)),
    secretPassword: async (SecretId) =>
      PasswordSchema.parse(JSON.parse((await secretValue(SecretId)()).SecretString ?? '{}')).password,
    signLogin: async (hostname, port, username, at = new Date()) =>
      loginTokenOf({ hostname, port, username, region, credentials: await credentials() }, at),
  };
}
