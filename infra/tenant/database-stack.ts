import {
  CfnCondition,
  CfnDeletionPolicy,
  Fn,
  aws_rds as rds,
  aws_secretsmanager as secrets,
  Token,
  Validations,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { MAX_CONNECTIONS } from '../../functions/contract/connections';
import { DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import { ENGINE } from '../../functions/contract/plans';
import { databaseAlarm, PRIMARY_ALARMS, REPLICA_LAG_ALARM } from './database-alarms';
import { type CommonInstanceProps, databaseInstance } from './database-instance';
import { monitoringRole } from './database-monitoring';
import { databaseSecret, secretField } from './database-secret';
import { TenantTemplate } from './tenant-template';

/**
 * `log_disconnections` logs user, host and duration of each session.
 *
 * No text of a SQL statement reaches the logs: `CREATE ROLE ... PASSWORD` is DDL, and literals and
 * parameters of any statement contain customers' data ("Error Reporting and Logging", PostgreSQL).
 * Slow statements are in Database Insights, without their literals and encrypted with the tenant's
 * key.
 */
const ENGINE_PARAMETERS = {
  'rds.force_ssl': '1',
  max_connections: String(MAX_CONNECTIONS),
  log_statement: 'none',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_disconnections: '1',
  log_lock_waits: '1',
  log_min_duration_statement: '-1',
};

/**
 * The tenant's PostgreSQL database. Everything that it stores is encrypted with the tenant's key.
 *
 * A rollback must leave nothing. So the template deletes the instance with its automated backups,
 * takes no final snapshot, and does not name deletion protection. ActivateTenant protects stack
 * and instances; an update of the stack leaves what the template does not name.
 */
export class DatabaseStack extends TenantTemplate<'database'> {
  constructor(scope: Construct) {
    super(scope, 'database', 'Database of one tenant: PostgreSQL, encrypted, with an optional read replica');
    const subnetGroup = new rds.CfnDBSubnetGroup(this, 'SubnetGroup', {
      dbSubnetGroupDescription: 'Database subnets of one tenant',
      subnetIds: this.list('DatabaseSubnetIds'),
    });
    const parameterGroup = new rds.CfnDBParameterGroup(this, 'ParameterGroup', {
      description: 'TLS only; sessions and lock waits are logged, texts of statements are not',
      family: `${ENGINE.name}${ENGINE.majorVersion}`,
      parameters: ENGINE_PARAMETERS,
    });
    const secret = databaseSecret(this, tenantNames.secret(this.tenantId), this.keyArn);
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'The master password is for break-glass use and rotated after it; what serves the tenant logs in by IAM, and needs no password.',
    });
    const common: CommonInstanceProps = {
      instanceClass: this.text('InstanceClass'),
      keyArn: this.keyArn,
      maxAllocatedStorage: this.number('MaxAllocatedStorage'),
      parameterGroupName: parameterGroup.ref,
      securityGroupId: this.text('DatabaseSecurityGroupId'),
      monitoringRoleArn: this.monitoringRoleArn(),
    };
    const primary = this.primary(common, subnetGroup, secret);
    this.replica(common, primary);

    this.output('InstanceId', primary.ref);
    this.output('ResourceId', primary.attrDbiResourceId);
    this.output('EndpointAddress', primary.attrEndpointAddress);
    this.output('EndpointPort', primary.attrEndpointPort);
    this.output('SecretArn', secret.attrId);
    this.output('SubnetGroupName', subnetGroup.ref);
    this.output('ParameterGroupName', parameterGroup.ref);
  }

  /**
   * The role that the network stack makes. A network stack of an earlier release has no such
   * output.
   */
  private monitoringRoleArn(): string {
    const given = this.text('MonitoringRoleArn');
    const missing = new CfnCondition(this, 'NoMonitoringRole', { expression: Fn.conditionEquals(given, 'none') });
    const role = monitoringRole(this, this.tenantId, this.text('BoundaryArn'));
    role.cfnOptions.condition = missing;
    return Fn.conditionIf(missing.logicalId, role.attrArn, given).toString();
  }

  private primary(
    common: CommonInstanceProps,
    subnetGroup: rds.CfnDBSubnetGroup,
    secret: secrets.CfnSecret,
  ): rds.CfnDBInstance {
    const { instance } = databaseInstance(this, 'Primary', common, {
      dbInstanceIdentifier: tenantNames.database(this.tenantId),
      engine: ENGINE.name,
      engineVersion: ENGINE.majorVersion,
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
    instance.cfnOptions.updateReplacePolicy = CfnDeletionPolicy.SNAPSHOT;
    new secrets.CfnSecretTargetAttachment(this, 'SecretAttachment', {
      secretId: secret.attrId,
      targetId: instance.ref,
      targetType: 'AWS::RDS::DBInstance',
    });
    const watched = this.watched(instance);
    for (const [id, alarm] of Object.entries(PRIMARY_ALARMS)) databaseAlarm(this, id, alarm, watched);
    return instance;
  }

  /**
   * A replica in the region of its source inherits encryption, key, subnet group and engine, and
   * CloudFormation requires that the template omits them ("AWS::RDS::DBInstance",
   * SourceDBInstanceIdentifier). It does not inherit the security group.
   */
  private replica(common: CommonInstanceProps, primary: rds.CfnDBInstance): void {
    const wanted = new CfnCondition(this, 'HasReplica', {
      expression: Fn.conditionEquals(this.text('ReplicaCount'), '1'),
    });
    const { instance, logGroups } = databaseInstance(this, 'Replica', common, {
      dbInstanceIdentifier: tenantNames.replica(this.tenantId),
      sourceDbInstanceIdentifier: primary.ref,
    });
    Validations.of(instance).acknowledge({
      id: 'AwsSolutions-RDS2',
      reason: 'A replica is encrypted like its source, under the same key; the property must not be named.',
    });
    const watched = this.watched(instance);
    const alarm = databaseAlarm(this, 'ReplicaLagAlarm', REPLICA_LAG_ALARM, watched);
    for (const resource of [instance, alarm, ...logGroups]) resource.cfnOptions.condition = wanted;
    for (const [name, value] of [
      ['ReplicaId', instance.ref],
      ['ReplicaResourceId', instance.attrDbiResourceId],
      ['ReplicaAddress', instance.attrEndpointAddress],
      ['ReplicaPort', instance.attrEndpointPort],
    ] as const)
      this.output(name, value).condition = wanted;
  }

  private watched(instance: rds.CfnDBInstance) {
    return {
      tenantId: this.tenantId,
      instanceId: instance.ref,
      topicArn: this.text('AlarmTopicArn'),
      runbookUrl: this.text('RunbookUrl'),
    };
  }
}
