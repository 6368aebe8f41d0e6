import {
  Aws,
  CfnCondition,
  CfnDeletionPolicy,
  Fn,
  aws_iam as iam,
  aws_rds as rds,
  aws_secretsmanager as secrets,
  Token,
  Validations,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { tenantNames } from '../../functions/contract/naming';
import { databaseAlarm, MAX_CONNECTIONS, PRIMARY_ALARMS, REPLICA_LAG_ALARM } from './database-alarms';
import { databaseLogGroups, dependOnAll, LOG_EXPORTS } from './database-logs';
import { databaseSecret, secretField } from './database-secret';
import { tenantServiceRole } from './service-role';
import { TenantTemplate } from './tenant-template';

/** "Release calendars for Amazon RDS for PostgreSQL". RDS takes later minor versions by itself in the maintenance window. */
const ENGINE_VERSION = '18.3';
const PARAMETER_FAMILY = 'postgres18';
const DATABASE_NAME = 'funnels';

/** Values as RDS takes them. `log_disconnections` tells user, host and duration of each session; `ddl` who changed the schema. */
const ENGINE_PARAMETERS = {
  'rds.force_ssl': '1',
  max_connections: String(MAX_CONNECTIONS),
  log_statement: 'ddl',
  log_disconnections: '1',
  log_lock_waits: '1',
  log_min_duration_statement: '1000',
};

/**
 * The tenant's PostgreSQL, with everything that it stores under the tenant's key.
 *
 * A rollback must leave nothing, so the template deletes the instance with its automated backups and takes no final
 * snapshot, and deletion protection is off. What guards an ACTIVE tenant is the stack's termination protection.
 */
export class DatabaseStack extends TenantTemplate<'database'> {
  constructor(scope: Construct) {
    super(scope, 'database', 'Database of one tenant: PostgreSQL, encrypted, with an optional read replica');
    const subnetGroup = new rds.CfnDBSubnetGroup(this, 'SubnetGroup', {
      dbSubnetGroupDescription: 'Database subnets of one tenant',
      subnetIds: this.list('DatabaseSubnetIds'),
    });
    const parameterGroup = new rds.CfnDBParameterGroup(this, 'ParameterGroup', {
      description: 'TLS only; slow statements, schema changes and sessions are logged',
      family: PARAMETER_FAMILY,
      parameters: ENGINE_PARAMETERS,
    });
    const secret = databaseSecret(this, tenantNames.secret(this.tenantId), this.keyArn);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason: 'The service logs in by IAM; the master password is for break-glass use and rotated after it.',
    });
    const shared = this.sharedProperties(parameterGroup, this.monitoringRole());
    const primary = this.primary(shared, subnetGroup, secret);
    this.replica(shared, primary);

    this.output('InstanceId', primary.ref);
    this.output('ResourceId', primary.attrDbiResourceId);
    this.output('EndpointAddress', primary.attrEndpointAddress);
    this.output('EndpointPort', primary.attrEndpointPort);
    this.output('SecretArn', secret.attrId);
    this.output('SubnetGroupName', subnetGroup.ref);
    this.output('ParameterGroupName', parameterGroup.ref);
  }

  /** OS metrics go to the account's one group `RDSOSMetrics`, which RDS owns; a stream there expires after 30 days. */
  private monitoringRole(): iam.CfnRole {
    const logs = `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:log-group:RDSOSMetrics`;
    const role = tenantServiceRole(this, 'MonitoringRole', {
      tenantId: this.tenantId,
      boundaryArn: this.text('BoundaryArn'),
      purpose: 'monitoring',
      service: 'monitoring.rds.amazonaws.com',
      sourceArn: `arn:${Aws.PARTITION}:rds:${Aws.REGION}:${Aws.ACCOUNT_ID}:db:${tenantNames.database(this.tenantId)}*`,
      statements: [
        new iam.PolicyStatement({ actions: ['logs:CreateLogGroup', 'logs:PutRetentionPolicy'], resources: [logs] }),
        new iam.PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:DescribeLogStreams', 'logs:GetLogEvents'],
          resources: [`${logs}:log-stream:*`],
        }),
      ],
    });
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:RDSOSMetrics:log-stream:*]',
      reason: 'RDS names the stream after a resource id that does not exist before the instance.',
    });
    return role;
  }

  /** What primary and replica have in common. */
  private sharedProperties(parameterGroup: rds.CfnDBParameterGroup, monitoringRole: iam.CfnRole) {
    return {
      dbInstanceClass: this.text('InstanceClass'),
      dbParameterGroupName: parameterGroup.ref,
      vpcSecurityGroups: [this.text('DatabaseSecurityGroupId')],
      storageType: 'gp3',
      maxAllocatedStorage: this.number('MaxAllocatedStorage'),
      publiclyAccessible: false,
      enableIamDatabaseAuthentication: true,
      autoMinorVersionUpgrade: true,
      copyTagsToSnapshot: true,
      deletionProtection: false,
      enableCloudwatchLogsExports: [...LOG_EXPORTS],
      enablePerformanceInsights: true,
      performanceInsightsKmsKeyId: this.keyArn,
      performanceInsightsRetentionPeriod: 7,
      monitoringInterval: 60,
      monitoringRoleArn: monitoringRole.attrArn,
    };
  }

  private primary(
    shared: ReturnType<DatabaseStack['sharedProperties']>,
    subnetGroup: rds.CfnDBSubnetGroup,
    secret: secrets.CfnSecret,
  ): rds.CfnDBInstance {
    const name = tenantNames.database(this.tenantId);
    const primary = new rds.CfnDBInstance(this, 'Primary', {
      ...shared,
      dbInstanceIdentifier: name,
      engine: 'postgres',
      engineVersion: ENGINE_VERSION,
      dbName: DATABASE_NAME,
      port: '5432',
      masterUsername: secretField(secret, 'username'),
      masterUserPassword: secretField(secret, 'password'),
      dbSubnetGroupName: subnetGroup.ref,
      multiAz: Token.asAny(this.text('MultiAz')),
      allocatedStorage: Token.asString(this.number('AllocatedStorage')),
      storageEncrypted: true,
      kmsKeyId: this.keyArn,
      backupRetentionPeriod: this.number('BackupRetentionDays'),
      deleteAutomatedBackups: true,
    });
    this.settle(primary, 'Primary', name);
    primary.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.SNAPSHOT;
    new secrets.CfnSecretTargetAttachment(this, 'SecretAttachment', {
      secretId: secret.attrId,
      targetId: primary.ref,
      targetType: 'AWS::RDS::DBInstance',
    });
    const target = { tenantId: this.tenantId, instanceId: primary.ref, topicArn: this.text('AlarmTopicArn') };
    for (const [id, alarm] of Object.entries(PRIMARY_ALARMS)) databaseAlarm(this, id, alarm, target);
    return primary;
  }

  /**
   * A replica in the region of its source inherits encryption, key, subnet group and engine; naming them is an error or
   * ignored ("AWS::RDS::DBInstance", SourceDBInstanceIdentifier). Its security group it does not inherit.
   */
  private replica(shared: ReturnType<DatabaseStack['sharedProperties']>, primary: rds.CfnDBInstance): void {
    const wanted = new CfnCondition(this, 'HasReplica', {
      expression: Fn.conditionEquals(this.text('ReplicaCount'), '1'),
    });
    const name = tenantNames.replica(this.tenantId);
    const replica = new rds.CfnDBInstance(this, 'Replica', {
      ...shared,
      dbInstanceIdentifier: name,
      sourceDbInstanceIdentifier: primary.ref,
    });
    const logGroups = this.settle(replica, 'Replica', name);
    const alarm = databaseAlarm(this, 'ReplicaLagAlarm', REPLICA_LAG_ALARM, {
      tenantId: this.tenantId,
      instanceId: replica.ref,
      topicArn: this.text('AlarmTopicArn'),
    });
    for (const resource of [replica, alarm, ...logGroups]) resource.cfnOptions.condition = wanted;
    this.output('ReplicaId', replica.ref).condition = wanted;
  }

  private settle(instance: rds.CfnDBInstance, id: string, name: string) {
    instance.cfnOptions.deletionPolicy = CfnDeletionPolicy.DELETE;
    const logGroups = databaseLogGroups(this, id, name, this.keyArn);
    dependOnAll(instance, logGroups);
    return logGroups;
  }
}
