import { CfnDeletionPolicy, aws_logs as logs } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The logs that RDS for PostgreSQL sends to CloudWatch. */
export const LOG_EXPORTS = ['postgresql', 'upgrade'] as const;

const RETENTION_DAYS = 90;

/**
 * The log groups of an instance. RDS would create them itself: unencrypted, without expiry, and
 * kept after the instance's deletion. Declared here they have the tenant's key and are deleted
 * with the stack. They are deleted after the instance, which depends on them. So RDS writes
 * nothing that would create them again.
 */
export function databaseLogGroups(
  scope: Construct,
  name: string,
  instanceName: string,
  keyArn: string,
): logs.CfnLogGroup[] {
  return LOG_EXPORTS.map((kind) => {
    const group = new logs.CfnLogGroup(scope, `${name}${kind === 'postgresql' ? 'PostgresqlLogs' : 'UpgradeLogs'}`, {
      logGroupName: `/aws/rds/instance/${instanceName}/${kind}`,
      kmsKeyId: keyArn,
      retentionInDays: RETENTION_DAYS,
    });
    group.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
    return group;
  });
}
