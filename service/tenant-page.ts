import { Readable } from 'node:stream';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import type { RouteRecord } from '../functions/contract/records';
import type { TenantSessions } from './tenant-sessions';

export interface Page {
  readonly body: Readable;
  readonly length: number | undefined;
}

const isMissing = (thrown: unknown) => thrown instanceof Error && thrown.name === 'NoSuchKey';

/**
 * The tenant's page out of the tenant's bucket, read in the tenant's role.
 *
 * @returns undefined where the tenant has no page
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
    if (isMissing(thrown)) return undefined;
    // A role made anew under the same name refuses the sessions of the old one: the next request opens its own.
    sessions.forget(route.tenantId);
    throw thrown;
  }
}
