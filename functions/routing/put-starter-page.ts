import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { STSClient } from '@aws-sdk/client-sts';
import { PlatformError } from '../contract/errors';
import type { Tenant } from '../contract/tenant';
import { isNamed } from '../shared/is-named';
import { onceVisible } from '../shared/once-visible';
import { assumeTenantRole, type SessionCredentials } from '../tenants/tenant-session';
import { starterPage } from './starter-page';

export interface TenantAccess {
  readonly sts: Pick<STSClient, 'send'>;
  /** A client of S3 with the credentials of a session. */
  readonly s3As: (credentials: SessionCredentials) => Pick<S3Client, 'send'>;
}

interface Target {
  readonly roleArn: string;
  readonly bucketName: string;
  readonly companyName: string;
}

/**
 * Puts the starter page into the tenant's bucket with the tenant's role, external ID and session
 * tag, as the shared service reaches the bucket. An existing page stays.
 *
 * Sources: "Conditional writes" of the Amazon S3 User Guide (If-None-Match; 412 when the object exists, 409 when a
 * conflicting write was faster); "Troubleshoot IAM": "Changes that I make are not always immediately visible".
 */
export async function putStarterPage(
  access: TenantAccess,
  { tenantId, externalId }: Pick<Tenant, 'tenantId' | 'externalId'>,
  target: Target,
  by = 'ActivateTenant',
): Promise<void> {
  const terms = { roleArn: target.roleArn, externalId, tenantId };
  const credentials = await onceVisible(assumeTenantRole(access.sts, terms, `${by}-${tenantId}`));
  const page = new PutObjectCommand({
    Bucket: target.bucketName,
    Key: 'index.html',
    Body: starterPage(target.companyName),
    ContentType: 'text/html; charset=utf-8',
    IfNoneMatch: '*',
  });
  try {
    await onceVisible(access.s3As(credentials).send(page));
  } catch (thrown) {
    if (isNamed(thrown, 'PreconditionFailed')) return;
    if (!isNamed(thrown, 'ConditionalRequestConflict')) throw thrown;
    throw new PlatformError('TransientConflict', `${thrown.name}: ${thrown.message}`, { cause: thrown });
  }
}
