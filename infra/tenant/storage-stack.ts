import type { Construct } from 'constructs';
import { tenantBucket } from './tenant-bucket';
import { TenantTemplate } from './tenant-template';

/**
 * The tenant's bucket: encrypted with the tenant's key only, read and written by the tenant's role
 * only.
 */
export class StorageStack extends TenantTemplate<'storage'> {
  constructor(scope: Construct) {
    super(scope, 'storage', 'Storage of one tenant: one encrypted bucket');
    const bucket = tenantBucket(this, {
      bucketName: this.text('BucketName'),
      keyArn: this.keyArn,
      accessRoleArn: this.text('AccessRoleArn'),
      accessLogs: { bucketName: this.text('AccessLogBucketName'), prefix: `${this.tenantId}/` },
    });
    this.output('BucketName', bucket.ref);
    this.output('BucketArn', bucket.attrArn);
  }
}
