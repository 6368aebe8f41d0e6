import { createHash } from 'node:crypto';
import * as z from 'zod';
import { EVIDENCE_PREFIX } from '../contract/naming';
import { canonicalJson, ReportSchema } from './report';

/** A report, who made it and with which code. */
export const EvidenceSchema = ReportSchema.extend({
  /** ARN of the execution that ran the checks, or of the operator. */
  verifiedBy: z.string(),
  /** The code that ran the checks: `VERSION+DIGEST` of its bundle. */
  codeVersion: z.string(),
  /** Versions of the AWS SDK's clients. Reports of version 0.1 of the platform do not have them. */
  sdkVersions: z.record(z.string(), z.string()).optional(),
});
export type Evidence = z.infer<typeof EvidenceSchema>;

/** Keys of one report's objects in the evidence bucket. */
export interface EvidenceKeys {
  readonly json: string;
  readonly html: string;
}

/** Characters that are safe in object keys ("Naming Amazon S3 objects") and in file names. */
const nameable = (text: string) => text.replace(/[^A-Za-z0-9._-]/g, '-');

/**
 * `tenants/TENANTID/20261124T065500123Z-EXECUTION.json` and `.html`: S3 lists a tenant's reports in
 * order of time. Two runs of one execution differ in time.
 */
export function keysOf({ tenantId, verifiedAt, verifiedBy }: Evidence): EvidenceKeys {
  const time = verifiedAt.replace(/[-:.]/g, '');
  const by = nameable(verifiedBy.split(/[:/]/).at(-1) ?? '').slice(0, 80);
  const stem = `${EVIDENCE_PREFIX}${tenantId}/${time}-${by}`;
  return { json: `${stem}.json`, html: `${stem}.html` };
}

/**
 * @returns the text to store, and its SHA-256, which the tenant's record keeps: an auditor compares
 * the two
 */
export function sealed(evidence: Evidence): { readonly json: string; readonly sha256: Buffer } {
  const json = canonicalJson(evidence);
  return { json, sha256: createHash('sha256').update(json).digest() };
}
