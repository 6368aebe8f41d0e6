import { createHash } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { EVIDENCE_PREFIX } from '../../functions/contract/naming';
import type { TenantRecord } from '../../functions/contract/records';
import { isNamed } from '../../functions/shared/is-named';
import { everyItem, pages } from '../../functions/shared/paging';

type Reports = { readonly s3: Pick<S3Client, 'send'>; readonly bucket: string };

export interface ListedReport {
  /** Key of the JSON in the evidence bucket; its page has the same name with `.html`. */
  readonly report: string;
  readonly storedAt: string;
}

/** Lists the reports on a tenant, newest first. */
export async function listReports({ s3, bucket }: Reports, tenantId: string): Promise<ListedReport[]> {
  const ask = (ContinuationToken: string | undefined) =>
    s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${EVIDENCE_PREFIX}${tenantId}/`, ContinuationToken }));
  const objects = await everyItem(pages(ask, 'NextContinuationToken'), ({ Contents }) => Contents);
  return objects
    .filter(({ Key = '' }) => Key.endsWith('.json'))
    .map(({ Key = '', LastModified }) => ({ report: Key, storedAt: (LastModified ?? new Date(0)).toISOString() }))
    .sort((one, other) => other.storedAt.localeCompare(one.storedAt));
}

export interface FetchedReport {
  readonly report: string;
  readonly text: string;
  /** SHA-256 of the text, in hex. */
  readonly digest: string;
  /** Digest on the tenant's record; undefined when the record names another report. */
  readonly recorded: string | undefined;
}

/**
 * Reads one report and computes its digest. The tenant's record has only the digest of the last
 * verification. For an older report the bucket's lock is the proof that it is unchanged.
 *
 * @returns undefined when there is no such report
 */
export async function fetchReport(
  { s3, bucket }: Reports,
  report: string,
  verification: TenantRecord['verification'],
): Promise<FetchedReport | undefined> {
  const found = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: report })).catch((thrown: unknown) => {
    if (isNamed(thrown, 'NoSuchKey')) return undefined;
    throw thrown;
  });
  if (!found) return undefined;
  const { Body } = found;
  const text = (await Body?.transformToString()) ?? '';
  const digest = createHash('sha256').update(text).digest('hex');
  return { report, text, digest, recorded: verification?.report === report ? verification.digest : undefined };
}
