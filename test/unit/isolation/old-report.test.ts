import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import { evidencePage } from '../../../functions/isolation/evidence-page';
import { EvidenceSchema, sealed } from '../../../functions/isolation/evidence-report';
import { breachOf } from '../../../functions/isolation/report';

/** As version 0.1 of the platform stored it, byte for byte, of a tenant whose bucket lacks one denial. */
const TEXT = readFileSync(join(__dirname, '../../fixtures/reports/report.v0.1.json'), 'utf8');
const DIGEST = 'b212cde30995376b52081629a90fdd793aa2303e142592830c00ba60eefb80a2';
const evidence = EvidenceSchema.parse(JSON.parse(TEXT));

test('a report of version 0.1 parses without loss: its digest is still the one on the tenant’s record', () => {
  const { json, sha256 } = sealed(evidence);
  expect(json).toBe(TEXT);
  expect(sha256.toString('hex')).toBe(DIGEST);
});

test('the catalogue still has the checks of that report, in their order', () => {
  const ids = CATALOGUE.map(({ id }) => String(id));
  expect(evidence.checks.map(({ id }) => id)).toEqual(ids.filter((id) => evidence.checks.some((old) => old.id === id)));
});

test('the page of that report has no view by framework: its answers name their controls as text', () => {
  const page = evidencePage(evidence, DIGEST);
  expect(page).toContain('Not isolated');
  expect(page).toContain('FSBP S3.5, CIS AWS Foundations 2.1.1');
  expect(page).not.toContain('By framework');
  expect(page).not.toContain('What to do:');
});

test('the error for that report names its failed check', () => {
  expect(breachOf(evidence).message).toContain('of the bucket’s policy refuses');
});
