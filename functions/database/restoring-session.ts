import type { STSClient } from '@aws-sdk/client-sts';
import { breakGlassRoleArn, tenantNames } from '../contract/naming';
import { openSession, type SessionCredentials } from '../tenants/tenant-session';

interface Restoring {
  readonly sts: Pick<STSClient, 'send'>;
  readonly accountId: string;
  readonly region: string;
}

interface Restored {
  readonly tenantId: string;
  readonly keyArn: string;
}

/** What a restore puts the instance into, and takes the data from, besides the tenant's own instance. */
const OF_A_RESTORE = ['subgrp:tenant-*', 'pg:tenant-*', 'og:default*', 'auto-backup:*'];

/** What the session may do, of what the role may: with this tenant's two instances and its key. */
function policyFor({ accountId, region }: Restoring, { tenantId, keyArn }: Restored): string {
  const arn = (resource: string) => `arn:aws:rds:${region}:${accountId}:${resource}`;
  const [own, restored] = [tenantNames.database(tenantId), tenantNames.restored(tenantId)].map((id) => arn(`db:${id}`));
  const statements = [
    [['rds:RestoreDBInstanceToPointInTime'], [own, restored, ...OF_A_RESTORE.map(arn)]],
    [['rds:AddTagsToResource', 'rds:ModifyDBInstance', 'rds:DeleteDBInstance'], [restored]],
    [['rds:DescribeDBInstances'], [own, restored]],
    // A list by filter is a request on all of them.
    [['rds:DescribeDBInstanceAutomatedBackups'], ['*']],
    [['kms:CreateGrant', 'kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'], [keyArn]],
  ];
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map(([Action, Resource]) => ({ Effect: 'Allow', Action, Resource })),
  });
}

/**
 * Opens a session of the break-glass role for one tenant. The policy of every tenant's key admits that role, through RDS
 * ("AWS KMS key management"), and no other; a session policy takes away what the restore of this tenant does not need
 * ("Session policies", IAM User Guide).
 *
 * @throws as `openSession`
 */
export async function restoringSession(restoring: Restoring, restored: Restored): Promise<SessionCredentials> {
  return await openSession(restoring.sts, {
    RoleArn: breakGlassRoleArn(restoring.accountId),
    RoleSessionName: `RestoreDatabase-${restored.tenantId}`,
    Policy: policyFor(restoring, restored),
  });
}
