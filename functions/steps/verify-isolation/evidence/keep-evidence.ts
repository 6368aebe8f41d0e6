import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { env } from '../../../shared/env';
import { type Evidence, type EvidenceKeys, keysOf, sealed } from './evidence';
import { evidencePage } from './page';

/** The evidence bucket of this stage. */
export interface EvidenceStore {
  readonly bucketName: string;
  readonly client: Pick<S3Client, 'send'>;
}

/** Its name is read when it is used: a missing one is then an error of the call, under its own name. */
export function evidenceStore(client: S3Client): EvidenceStore {
  return {
    get bucketName() {
      return env('EVIDENCE_BUCKET_NAME');
    },
    client,
  };
}

export interface KeptEvidence {
  /** SHA-256 of the JSON object, hex. */
  readonly digest: string;
  readonly keys: EvidenceKeys;
}

/** A key that exists was written by this very run, whose answer was lost: keys hold time and execution. */
async function writeOnce(store: EvidenceStore, object: Omit<PutObjectCommandInput, 'Bucket'>): Promise<void> {
  try {
    await store.client.send(new PutObjectCommand({ Bucket: store.bucketName, IfNoneMatch: '*', ...object }));
  } catch (thrown) {
    if (!(thrown instanceof Error) || thrown.name !== 'PreconditionFailed') throw thrown;
  }
}

/**
 * Leaves one run's evidence in the evidence bucket: JSON for machines and a page for auditors. S3 compares what arrived with
 * the digest before it answers ("Checking object integrity"), and Object Lock holds both from then on.
 *
 * @throws what S3 throws; without evidence nothing is proven, so no caller may pass a tenant then
 */
export async function keepEvidence(store: EvidenceStore, evidence: Evidence): Promise<KeptEvidence> {
  const { json, sha256 } = sealed(evidence);
  const keys = keysOf(evidence);
  const digest = sha256.toString('hex');
  await Promise.all([
    writeOnce(store, {
      Key: keys.json,
      Body: json,
      ContentType: 'application/json',
      ChecksumSHA256: sha256.toString('base64'),
    }),
    writeOnce(store, {
      Key: keys.html,
      Body: evidencePage(evidence, digest),
      ContentType: 'text/html; charset=utf-8',
      ChecksumAlgorithm: 'SHA256',
    }),
  ]);
  return { digest, keys };
}
