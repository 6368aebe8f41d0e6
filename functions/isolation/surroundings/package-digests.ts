import { createHash } from 'node:crypto';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { readOnceEach } from '../facts/reading';

/** SHA-256 of packages, base64, by `BUCKET/KEY`. */
export type KnownDigests = Readonly<Record<string, string>>;

/**
 * Digests of deployed packages. CDK names a package by its content, so one is read by the first audit that meets it. A
 * package that somebody puts in its place later does not change what is expected.
 *
 * @param known what earlier audits have read
 */
export class PackageDigests {
  private readonly met = new Map<string, string>();

  constructor(private readonly known: KnownDigests = {}) {}

  /** As Lambda has it of the code that it runs. */
  of(s3: S3Client): (bucket: string, key: string) => Promise<string> {
    return readOnceEach(async (Bucket: string, Key: string) => {
      const name = `${Bucket}/${Key}`;
      const digest = this.known[name] ?? (await read(s3, Bucket, Key));
      this.met.set(name, digest);
      return digest;
    });
  }

  /** Those that were asked for, to be kept for the next audit. */
  kept(): KnownDigests {
    return Object.fromEntries(this.met);
  }
}

async function read(s3: S3Client, Bucket: string, Key: string): Promise<string> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
  return createHash('sha256').update(bytes).digest('base64');
}
