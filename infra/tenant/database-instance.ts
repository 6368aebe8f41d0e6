import { CfnDeletionPolicy, aws_rds as rds, Validations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { databaseLogGroups, LOG_EXPORTS } from './database-logs';

/** What primary and replica have in common. */
export interface CommonInstanceProps {
  readonly instanceClass: string;
  readonly keyArn: string;
  readonly maxAllocatedStorage: number;
  readonly parameterGroupName: string;
  readonly securityGroupId: string;
  readonly monitoringRoleArn: string;
}

const ACCEPTED = {
  RDS3: 'The plan says whether a standby exists (parameter); a replica is itself a second copy.',
  RDS10:
    'A rollback must be able to delete it; ActivateTenant switches deletion protection on, and no update sets it back.',
  RDS11: 'The port is no secret: only the cell reaches it, and the peering contract names 5432.',
  RDS13: 'Backups are on: the retention is a parameter of at least one day.',
} as const;

/**
 * An instance of the tenant's database with its log groups. It states `DeletionPolicy`, because by
 * default CloudFormation takes a final snapshot of a DBInstance ("DeletionPolicy attribute").
 */
export function databaseInstance(
  scope: Construct,
  id: string,
  common: CommonInstanceProps,
  own: rds.CfnDBInstanceProps & { readonly dbInstanceIdentifier: string },
) {
  const instance = new rds.CfnDBInstance(scope, id, {
    dbInstanceClass: common.instanceClass,
    dbParameterGroupName: common.parameterGroupName,
    vpcSecurityGroups: [common.securityGroupId],
    storageType: 'gp3',
    maxAllocatedStorage: common.maxAllocatedStorage,
    publiclyAccessible: false,
    enableIamDatabaseAuthentication: true,
    autoMinorVersionUpgrade: true,
    copyTagsToSnapshot: true,
    enableCloudwatchLogsExports: [...LOG_EXPORTS],
    enablePerformanceInsights: true,
    performanceInsightsKmsKeyId: common.keyArn,
    performanceInsightsRetentionPeriod: 7,
    monitoringInterval: 60,
    monitoringRoleArn: common.monitoringRoleArn,
    ...own,
  });
  instance.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
  const logGroups = databaseLogGroups(scope, id, own.dbInstanceIdentifier, common.keyArn);
  for (const group of logGroups) instance.addResourceDependency(group);
  for (const [rule, reason] of Object.entries(ACCEPTED))
    Validations.of(instance).acknowledge({ id: `AwsSolutions-${rule}`, reason });
  return { instance, logGroups };
}
