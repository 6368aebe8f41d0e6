import { setImmediate as nextTurn } from 'node:timers/promises';
import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { env } from '../../shared/env';
import { pause } from '../../shared/invocation';
import { isNamed } from '../../shared/is-named';
import { evidencePage } from '../evidence-page';
import { type Evidence, type EvidenceKeys, keysOf, sealed } from '../evidence-report';

/** The evidence bucket of this stage. */
export interface EvidenceStore {
  readonly bucketName: string;
  readonly client: Pick<S3Client, 'send'>;
}

/**
 * Reads the bucket's name on use, so that a missing name is an error of the call and not of the
 * function's start.
 */
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

/** Pauses before a write is repeated that met its own former try still at work, milliseconds. */
const CONFLICT_PAUSES = [200, 1_000, 3_000];

/**
 * An existing object is this run's own, whose answer was lost: its key contains time and execution. S3
 * answers 409 while the first try is still being written ("Conditional writes": upload again).
 */
async function writeOnce(store: EvidenceStore, object: Omit<PutObjectCommandInput, 'Bucket'>): Promise<void> {
  for (const next of [...CONFLICT_PAUSES, undefined]) {
    try {
      await store.client.send(new PutObjectCommand({ Bucket: store.bucketName, IfNoneMatch: '*', ...object }));
      return;
    } catch (thrown) {
      if (isNamed(thrown, 'PreconditionFailed')) return;
      if (!isNamed(thrown, 'ConditionalRequestConflict') || next === undefined) throw thrown;
      await pause(next);
    }
  }
}

/**
 * Stores one run's evidence in the evidence bucket: JSON for machines and a page for auditors. S3
 * compares the received object with the digest before it answers ("Checking object integrity").
 * Object Lock protects both objects from then on.
 *
 * @param onKept runs when the JSON is stored; the page, which is made from it, may still be on its
 * way
 * @throws the error of S3 or of `onKept`: no caller may pass a tenant without evidence
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
    // The JSON is being sent while the page is made.
    await nextTurn();
    await writeOnce(store, {
      Key: kept.keys.html,
      Body: evidencePage(evidence, kept.digest),
      ContentType: 'text/html; charset=utf-8',
      ChecksumAlgorithm: 'SHA256',
    });
  };
  // Both writes end before an error of either is thrown: a failed action writes nothing afterwards.
  for (const written of await Promise.allSettled([writeJson(), writePage()]))
    if (written.status === 'rejected') throw written.reason;
  return kept;
}
