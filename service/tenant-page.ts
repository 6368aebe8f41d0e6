import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { isNamed } from '../functions/shared/is-named';
import type { Tenant } from './tenant-context/tenant';

export interface Page {
  readonly body: Readable;
  readonly length: number | undefined;
}

/**
 * Reads the tenant's page from the tenant's bucket, with the tenant's role.
 *
 * @returns undefined when the tenant has no page
 */
export async function tenantPage(tenant: Tenant): Promise<Page | undefined> {
  try {
    const s3 = await tenant.s3();
    const { Body, ContentLength } = await s3.send(
      new GetObjectCommand({ Bucket: tenant.bucketName, Key: 'index.html' }),
    );
    if (!(Body instanceof Readable)) throw new Error('GetObject answered without a body');
    return { body: Body, length: ContentLength };
  } catch (thrown) {
    if (isNamed(thrown, 'NoSuchKey')) return undefined;
    // A role that was deleted and created again denies the sessions of the old one. The next
    // request opens a new session.
    tenant.forget();
    throw thrown;
  }
}
