import { createHash } from 'node:crypto';
import * as z from 'zod';
import { EVIDENCE_PREFIX } from '../contract/naming';
import { canonicalJson, ReportSchema } from './report';

/** A report and where it comes from: what an auditor asks before believing it. */
export const EvidenceSchema = ReportSchema.extend({
  /** ARN of the execution that ran the checks, or of the person who had them run. */
  verifiedBy: z.string(),
  /** Which code asked the questions: `VERSION+DIGEST` of its bundle. */
  codeVersion: z.string(),
});
export type Evidence = z.infer<typeof EvidenceSchema>;

/** Names of one report's objects in the evidence bucket. */
export interface EvidenceKeys {
  readonly json: string;
  readonly html: string;
}

/** What may stand in a name everywhere ("Naming Amazon S3 objects", safe characters) and in a file's name. */
const nameable = (text: string) => text.replace(/[^A-Za-z0-9._-]/g, '-');

/**
 * `tenants/TENANTID/20261124T065500123Z-EXECUTION.json` and `.html`: a tenant's reports list in the order of time. Two runs
 * of one execution differ by the time.
 */
export function keysOf({ tenantId, verifiedAt, verifiedBy }: Evidence): EvidenceKeys {
  const time = verifiedAt.replace(/[-:.]/g, '');
  const by = nameable(verifiedBy.split(/[:/]/).at(-1) ?? '').slice(0, 80);
  const stem = `${EVIDENCE_PREFIX}${tenantId}/${time}-${by}`;
  return { json: `${stem}.json`, html: `${stem}.html` };
}

/** @returns the stored text, and its SHA-256: whoever has the file compares it with the digest on the tenant's record */
export function sealed(evidence: Evidence): { readonly json: string; readonly sha256: Buffer } {
  const json = canonicalJson(evidence);
  return { json, sha256: createHash('sha256').update(json).digest() };
}
