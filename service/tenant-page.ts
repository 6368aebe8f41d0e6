import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { RouteRecord } from '../functions/contract/records';
import { isNamed } from '../functions/shared/is-named';
import type { TenantSessions } from './tenant-sessions';

export interface Page {
  readonly body: Readable;
  readonly length: number | undefined;
}

/**
 * Reads the tenant's page from the tenant's bucket, with the tenant's role.
 *
 * @returns undefined when the tenant has no page
 */
export async function tenantPage(sessions: TenantSessions, route: RouteRecord): Promise<Page | undefined> {
  try {
    const { s3 } = await sessions.of(route);
    const { Body, ContentLength } = await s3.send(
      new GetObjectCommand({ Bucket: route.bucketName, Key: 'index.html' }),
    );
    if (!(Body instanceof Readable)) throw new Error('GetObject answered without a body');
    return { body: Body, length: ContentLength };
  } catch (thrown) {
    if (isNamed(thrown, 'NoSuchKey')) return undefined;
    // A role that was deleted and created again denies the sessions of the old one. The next
    // request opens a new session.
    sessions.forget(route.tenantId);
    throw thrown;
  }
}
