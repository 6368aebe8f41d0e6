import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { keepEvidence } from '../../../functions/isolation/evidence/keep-evidence';
import { EvidenceSchema, keysOf } from '../../../functions/isolation/evidence-report';
import { aTenant } from '../../support/builders';
import { anAnswer, anEvidence } from '../../support/evidence';
import { awsError, FakeClient } from '../../support/fake-client';

const sha256 = (text: string, encoding: 'hex' | 'base64') => createHash('sha256').update(text).digest(encoding);
const { tenantId } = aTenant();

test('the names of a tenant’s reports sort by time, and contain only safe characters', () => {
  expect(keysOf(anEvidence())).toEqual({
    json: `tenants/${tenantId}/20300101T120000000Z-first.json`,
    html: `tenants/${tenantId}/20300101T120000000Z-first.html`,
  });
  const byJane = keysOf(
    anEvidence({ verifiedBy: 'arn:aws:sts::111122223333:assumed-role/Operator/jane@acme example' }),
  );
  expect(byJane.json).toBe(`tenants/${tenantId}/20300101T120000000Z-jane-acme-example.json`);
});

test('stores the report as JSON and as HTML; the digest is that of the stored JSON', async () => {
  const client = new FakeClient({ PutObjectCommand: {} });
  const evidence = anEvidence({ checks: [anAnswer({ evidence: 'Müller & Söhne “quoted”' })] });
  const { digest, keys } = await keepEvidence({ bucketName: 'evidence', client }, evidence);
  const [json, html] = client.inputs('PutObjectCommand');
  const text = String(json?.Body);
  expect(EvidenceSchema.parse(JSON.parse(text))).toEqual(evidence);
  expect(digest).toBe(sha256(text, 'hex'));
  expect(json).toMatchObject({ Bucket: 'evidence', Key: keys.json, ContentType: 'application/json', IfNoneMatch: '*' });
  expect(json?.ChecksumSHA256).toBe(sha256(text, 'base64'));
  expect(html).toMatchObject({
    Bucket: 'evidence',
    Key: keys.html,
    ContentType: 'text/html; charset=utf-8',
    IfNoneMatch: '*',
  });
  expect(html?.Body).toContain(digest);
});

test('equal evidence has the same digest, whatever the order of its fields', async () => {
  const store = { bucketName: 'evidence', client: new FakeClient({ PutObjectCommand: {} }) };
  const evidence = anEvidence();
  const reversed = Object.fromEntries(Object.entries(evidence).reverse()) as typeof evidence;
  const other = anEvidence({ checks: [anAnswer({ evidence: 'refused, nearly' })] });
  const digests = await Promise.all([evidence, reversed, other].map((each) => keepEvidence(store, each)));
  expect(digests[1]?.digest).toBe(digests[0]?.digest);
  expect(digests[2]?.digest).not.toBe(digests[0]?.digest);
});

test('accepts an object that exists: this run has written it, and its answer was lost', async () => {
  const client = new FakeClient({ PutObjectCommand: awsError('PreconditionFailed') });
  await expect(keepEvidence({ bucketName: 'evidence', client }, anEvidence())).resolves.toHaveProperty('digest');
});

test('T8: repeats a write that conflicts with its own earlier attempt, and finds the object', async () => {
  const conflict = awsError('ConditionalRequestConflict');
  let tries = 0;
  const send = async () => {
    tries += 1;
    if (tries <= 2) throw conflict;
    throw awsError('PreconditionFailed');
  };
  const store = { bucketName: 'evidence', client: { send } as unknown as S3Client };
  await expect(keepEvidence(store, anEvidence())).resolves.toHaveProperty('digest');
  expect(tries).toBeGreaterThanOrEqual(3);
});

test('throws when the evidence cannot be stored', async () => {
  const client = new FakeClient({ PutObjectCommand: awsError('AccessDenied') });
  await expect(keepEvidence({ bucketName: 'evidence', client }, anEvidence())).rejects.toThrow('AccessDenied');
});

/** A bucket in which each kind of object is written as a test says. */
const bucket = (write: { readonly json: () => Promise<void>; readonly html: () => Promise<void> }) => ({
  bucketName: 'evidence',
  client: {
    send: async ({ input }: { readonly input: { readonly Key: string } }) =>
      input.Key.endsWith('.json') ? write.json() : write.html(),
  } as unknown as S3Client,
});

test('answers when the JSON is stored, and does not wait for the page', async () => {
  let tell: (digest: string) => void = () => {};
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const store = bucket({ json: async () => {}, html: async () => void (await told) });
  const { digest } = await keepEvidence(store, anEvidence(), async (kept) => tell(kept.digest));
  expect(await told).toBe(digest);
});

test('gives no location of a report that is not stored', async () => {
  const store = bucket({ json: () => Promise.reject(awsError('AccessDenied')), html: async () => {} });
  const onKept = jest.fn();
  await expect(keepEvidence(store, anEvidence(), onKept)).rejects.toThrow('AccessDenied');
  expect(onKept).not.toHaveBeenCalled();
});

test('has finished all writes when it throws', async () => {
  let writing = true;
  const json = async () => {
    await pause(20);
    writing = false;
  };
  const store = bucket({ json, html: () => Promise.reject(awsError('AccessDenied')) });
  await expect(keepEvidence(store, anEvidence())).rejects.toThrow('AccessDenied');
  expect(writing).toBe(false);
});
