import { CfnDeletionPolicy, aws_logs as logs } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** The logs that RDS for PostgreSQL sends to CloudWatch. */
export const LOG_EXPORTS = ['postgresql', 'upgrade'] as const;

const RETENTION_DAYS = 90;

/**
 * The log groups of an instance. RDS would make them itself, unencrypted, kept for ever and left behind by a deletion;
 * declared here they have the tenant's key and go with the stack. They go after the instance (which depends on them), so
 * that RDS has nothing left to write and cannot make them again.
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
