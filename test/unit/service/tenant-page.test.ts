import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { tenantIdOf } from '../../../functions/contract/naming';
import type { Tenant } from '../../../service/tenant-context/tenant';
import { type Page, TenantPages } from '../../../service/tenant-page';
import { awsError, FakeClient } from '../../support/fake-client';

/** A tenant with a bucket, and how often its page was read. */
function aTenant(name: string) {
  const bucket = { page: `<h1>${name}</h1>`, reads: 0, denied: false, sessions: 1 };
  const client = new FakeClient({
    GetObjectCommand: () => {
      bucket.reads += 1;
      if (bucket.denied) return awsError('AccessDenied');
      if (bucket.page === '') return awsError('NoSuchKey');
      return { Body: Readable.from([Buffer.from(bucket.page)]), ContentLength: Buffer.byteLength(bucket.page) };
    },
  });
  const tenant = {
    ...{ tenantId: tenantIdOf(name), bucketName: `bucket-${name}` },
    s3: async () => client,
    forget: () => {
      bucket.sessions -= 1;
    },
  } as Partial<Tenant> as Tenant;
  return { bucket, tenant };
}

const bodyOf = async (page: Page | undefined) =>
  page && (page.body instanceof Readable ? await text(page.body) : page.body.toString());

const together = async (pages: TenantPages, tenant: Tenant) =>
  await Promise.all([pages.of(tenant), pages.of(tenant), pages.of(tenant)].map(async (page) => bodyOf(await page)));

test('visitors who come together get what one of them reads, and the next one reads anew', async () => {
  const [pages, { bucket, tenant }] = [new TenantPages(), aTenant('acme')];
  expect(await together(pages, tenant)).toEqual(['<h1>acme</h1>', '<h1>acme</h1>', '<h1>acme</h1>']);
  expect(bucket.reads).toBe(1);
  bucket.page = '<h1>new</h1>';
  expect(await bodyOf(await pages.of(tenant))).toBe('<h1>new</h1>');
});

test('each tenant has its own page, also while another one is read', async () => {
  const [pages, acme, beta] = [new TenantPages(), aTenant('acme'), aTenant('beta')];
  const read = [acme, beta, acme, beta].map(async ({ tenant }) => bodyOf(await pages.of(tenant)));
  expect(await Promise.all(read)).toEqual(['<h1>acme</h1>', '<h1>beta</h1>', '<h1>acme</h1>', '<h1>beta</h1>']);
  expect([acme.bucket.reads, beta.bucket.reads]).toEqual([1, 1]);
});

test('a page that is too large to be kept is read by each', async () => {
  const [pages, { bucket, tenant }] = [new TenantPages(), aTenant('acme')];
  bucket.page = 'x'.repeat(100_000);
  expect(await together(pages, tenant)).toEqual([bucket.page, bucket.page, bucket.page]);
  expect(bucket.reads).toBe(3);
});

test('a page that is not there is asked for once', async () => {
  const [pages, { bucket, tenant }] = [new TenantPages(), aTenant('acme')];
  bucket.page = '';
  expect(await together(pages, tenant)).toEqual([undefined, undefined, undefined]);
  expect([bucket.reads, bucket.sessions]).toEqual([1, 1]);
});

test('a denial is that of all who came together, and forgets the session once; the next one reads anew', async () => {
  const [pages, { bucket, tenant }] = [new TenantPages(), aTenant('acme')];
  bucket.denied = true;
  const read = await Promise.allSettled([pages.of(tenant), pages.of(tenant)]);
  expect(read.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(bucket.sessions).toBe(0);
  bucket.denied = false;
  expect(await bodyOf(await pages.of(tenant))).toBe('<h1>acme</h1>');
});

test('a read that does not end keeps nobody waiting who comes later, and ends no later read', async () => {
  const { bucket, tenant } = aTenant('acme');
  const [clock, stalled] = [{ now: 0 }, new Readable({ read: () => {} })];
  const pages = new TenantPages(() => clock.now);
  const client = new FakeClient({ GetObjectCommand: () => ({ Body: stalled, ContentLength: 4 }) });
  const first = pages.of({ ...tenant, s3: async () => client } as Partial<Tenant> as Tenant);
  clock.now = 1_000;
  expect(await together(pages, tenant)).toEqual(['<h1>acme</h1>', '<h1>acme</h1>', '<h1>acme</h1>']);
  expect(bucket.reads).toBe(1);
  stalled.push('late');
  stalled.push(null);
  expect(await bodyOf(await first)).toBe('late');
});
