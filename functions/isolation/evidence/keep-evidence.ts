import { setImmediate as nextTurn } from 'node:timers/promises';
import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { env } from '../../shared/env';
import { evidencePage } from '../evidence-page';
import { type Evidence, type EvidenceKeys, keysOf, sealed } from '../evidence-report';

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
 * @param onKept is told when the JSON is kept: the page is made of it, and may still be on its way
 * @throws what S3 throws, or `onKept`; without evidence nothing is proven, so no caller may pass a tenant then
 */
export async function keepEvidence(
  store: EvidenceStore,
  evidence: Evidence,
  onKept?: (kept: KeptEvidence) => Promise<void>,
): Promise<KeptEvidence> {
  const { json, sha256 } = sealed(evidence);
  const kept: KeptEvidence = { digest: sha256.toString('hex'), keys: keysOf(evidence) };
  const writeJson = async () => {
    await writeOnce(store, {
      Key: kept.keys.json,
      Body: json,
      ContentType: 'application/json',
      ChecksumSHA256: sha256.toString('base64'),
    });
    await onKept?.(kept);
  };
  const writePage = async () => {
    // The JSON is on its way while the page is made.
    await nextTurn();
    await writeOnce(store, {
      Key: kept.keys.html,
      Body: evidencePage(evidence, kept.digest),
      ContentType: 'text/html; charset=utf-8',
      ChecksumAlgorithm: 'SHA256',
    });
  };
  // Both are over before either's failure is told: nothing is written any more once the step has failed.
  for (const written of await Promise.allSettled([writeJson(), writePage()]))
    if (written.status === 'rejected') throw written.reason;
  return kept;
}
