import {
  type CloudWatchLogsClient,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { DeleteBucketCommand, ListBucketsCommand, type S3Client } from '@aws-sdk/client-s3';
import { DeleteSecretCommand, ListSecretsCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { tenantIdIn } from '../contract/naming';
import { pages } from '../shared/paging';
import { unlessNamed } from '../shared/unless';
import { emptyBucket } from '../stacks/empty-bucket';
import type { LeftoverKind } from './leftovers';

export interface StoreLeftoversDeps {
  readonly s3: Pick<S3Client, 'send'>;
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly logs: Pick<CloudWatchLogsClient, 'send'>;
}

/**
 * Prefixes of log groups. RDS creates groups with the second one for an instance that exports logs,
 * and keeps them when the instance is deleted.
 */
const LOG_GROUPS = ['/tenants/', '/aws/rds/instance/tenant-'];

export function storeLeftovers({ s3, secrets, logs }: StoreLeftoversDeps): LeftoverKind[] {
  const bucket: LeftoverKind = {
    kind: 'bucket',
    list: async function* () {
      const ask = (ContinuationToken?: string) =>
        s3.send(new ListBucketsCommand({ Prefix: 'tenant-', MaxBuckets: 1000, ContinuationToken }));
      for await (const { Buckets = [] } of pages(ask, 'ContinuationToken')) {
        for (const { Name = '' } of Buckets) {
          const tenantId = tenantIdIn(Name);
          if (tenantId) yield { tenantId, id: Name };
        }
      }
    },
    remove: async ({ id }) => {
      await emptyBucket(s3, id);
      await unlessNamed(s3.send(new DeleteBucketCommand({ Bucket: id })), 'NoSuchBucket');
    },
  };
  const secret: LeftoverKind = {
    kind: 'secret',
    list: async function* () {
      const ask = (NextToken?: string) =>
        secrets.send(new ListSecretsCommand({ Filters: [{ Key: 'name', Values: ['tenants/'] }], NextToken }));
      for await (const { SecretList = [] } of pages(ask, 'NextToken')) {
        for (const { Name = '', DeletedDate } of SecretList) {
          const tenantId = Name.startsWith('tenants/') && !DeletedDate ? tenantIdIn(Name) : undefined;
          if (tenantId) yield { tenantId, id: Name };
        }
      }
    },
    // Only secrets of tenants that have never been ACTIVE are removed. A secret in its recovery
    // window keeps its name ("DeleteSecret"), and the tenant's stack could not create it again for
    // 30 days.
    remove: ({ id }) =>
      unlessNamed(
        secrets.send(new DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true })),
        'ResourceNotFoundException',
      ),
  };
  const logGroup: LeftoverKind = {
    kind: 'log group',
    list: async function* () {
      for (const logGroupNamePrefix of LOG_GROUPS) {
        const ask = (nextToken?: string) => logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix, nextToken }));
        for await (const { logGroups = [] } of pages(ask, 'nextToken')) {
          for (const { logGroupName = '' } of logGroups) {
            const tenantId = tenantIdIn(logGroupName);
            if (tenantId) yield { tenantId, id: logGroupName };
          }
        }
      }
    },
    remove: ({ id }) =>
      unlessNamed(logs.send(new DeleteLogGroupCommand({ logGroupName: id })), 'ResourceNotFoundException'),
  };
  return [bucket, secret, logGroup];
}
