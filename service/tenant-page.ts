import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { isNamed } from '../functions/shared/is-named';
import type { Tenant } from './tenant-context/tenant';

export interface Page {
  readonly body: Readable | Buffer;
  readonly length: number | undefined;
}

/** Bytes of a page that is kept in memory while it is read. A starter page is a tenth of it. */
const MOST_SHARED = 16 * 1024;

/** @returns the body of a small page when all of it is there; that of another one as it comes */
async function read(tenant: Tenant): Promise<Page | undefined> {
  try {
    const s3 = await tenant.s3();
    const { Body, ContentLength: length } = await s3.send(
      new GetObjectCommand({ Bucket: tenant.bucketName, Key: 'index.html' }),
    );
    if (!(Body instanceof Readable)) throw new Error('GetObject answered without a body');
    return { body: length !== undefined && length <= MOST_SHARED ? await buffer(Body) : Body, length };
  } catch (thrown) {
    if (isNamed(thrown, 'NoSuchKey')) return undefined;
    // A role that was deleted and created again denies the sessions of the old one. The next
    // request opens a new session.
    tenant.forget();
    throw thrown;
  }
}

/** Milliseconds. A read that takes longer may never end: a stream that S3 has begun has no time limit. */
const SHARED_FOR = 1_000;

interface Reading {
  readonly page: Promise<Page | undefined>;
  readonly since: number;
}

/**
 * The tenants' pages, each from its tenant's bucket, with the tenant's role. Requests that come while a small page is being
 * read get what is read, as visitors of one page come together: the answers to a campaign, or the requests that ask each node
 * of a load balancer. Nothing is kept afterwards, and nobody joins a read that takes long.
 */
export class TenantPages {
  private readonly reading = new Map<string, Reading>();

  constructor(private readonly now: () => number = performance.now.bind(performance)) {}

  /** @returns undefined when the tenant has no page */
  async of(tenant: Tenant): Promise<Page | undefined> {
    const underWay = this.reading.get(tenant.tenantId);
    if (!underWay || this.now() - underWay.since >= SHARED_FOR) return await this.readAnew(tenant);
    const page = await underWay.page;
    // A body that is passed on as it comes is one visitor's.
    return page?.body instanceof Readable ? await read(tenant) : page;
  }

  private async readAnew(tenant: Tenant): Promise<Page | undefined> {
    const { tenantId } = tenant;
    const reading = { page: read(tenant), since: this.now() };
    this.reading.set(tenantId, reading);
    try {
      return await reading.page;
    } finally {
      if (this.reading.get(tenantId) === reading) this.reading.delete(tenantId);
    }
  }
}
