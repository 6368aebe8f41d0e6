import { DescribeAlarmsCommand, type MetricAlarm, PutMetricAlarmCommand } from '@aws-sdk/client-cloudwatch';
import {
  AddRoleToDBInstanceCommand,
  ModifyDBParameterGroupCommand,
  RemoveRoleFromDBInstanceCommand,
  ResetDBParameterGroupCommand,
  StartDBInstanceCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { tenantNames } from '../../../functions/contract/naming';
import { SIZINGS } from '../../../functions/contract/plans';
import { tenantIdOf } from '../../../functions/isolation/subject';
import { type Change, changing, databaseOf, instanceOf, modified } from '../database-changes';
import { type AttackTechnique, type Scene, STRANGER } from '../technique';

/** The alarm of the tenant's database that rings when nothing reports. */
async function silentAlarm({ subject, root: { cloudwatch } }: Scene) {
  const AlarmNamePrefix = `${tenantNames.stack(tenantIdOf(subject), 'database')}-SilentAlarm`;
  const { MetricAlarms = [] } = await cloudwatch.send(new DescribeAlarmsCommand({ AlarmNamePrefix }));
  const [alarm] = MetricAlarms;
  if (!alarm) throw new Error('the database has no such alarm');
  const put = (change: Partial<MetricAlarm>) =>
    cloudwatch.send(new PutMetricAlarmCommand({ ...alarm, ...change } as PutMetricAlarmCommand['input']));
  return { alarm, put };
}

/** Sets a parameter of the tenant's group, and then gives it the value back that the release sets. */
const setting = (
  name: string,
  check: string,
  parameter: string,
  value: string,
  before: string | undefined,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root: { rds } }) => {
    const { ParameterGroupName: DBParameterGroupName } = databaseOf(subject);
    const ParameterName = parameter;
    const put = (ParameterValue: string) =>
      rds.send(
        new ModifyDBParameterGroupCommand({
          DBParameterGroupName,
          Parameters: [{ ParameterName, ParameterValue, ApplyMethod: 'immediate' }],
        }),
      );
    await put(value);
    const reset = () =>
      rds.send(
        new ResetDBParameterGroupCommand({
          DBParameterGroupName,
          Parameters: [{ ParameterName, ApplyMethod: 'immediate' }],
        }),
      );
    return { expectedEvidence, revert: () => (before === undefined ? reset() : put(before)) };
  },
});

/** Changes the replica, and changes it back. */
const ofReplica = (
  name: string,
  check: string,
  change: Change,
  back: (before: Awaited<ReturnType<typeof instanceOf>>) => Change,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check,
  detonate: async (scene) => {
    const { ReplicaId = '' } = databaseOf(scene.subject);
    const before = await instanceOf(scene, ReplicaId);
    await modified(scene, ReplicaId, change);
    return { expectedEvidence, revert: () => modified(scene, ReplicaId, back(before)) };
  },
});

const FOREIGN_ROLE = `arn:aws:iam::${STRANGER}:role/monitoring`;

export const DATABASE_SETTINGS_TECHNIQUES: readonly AttackTechnique[] = [
  setting(
    'let TLS 1.0 in',
    'database.tls',
    'ssl_min_protocol_version',
    'TLSv1',
    undefined,
    'the database accepts TLSv1 ',
  ),
  setting(
    'log every statement with its values',
    'database.parameters',
    'log_statement',
    'all',
    'none',
    'parameter log_statement is all',
  ),
  setting(
    'log the parameters of failed statements',
    'database.parameters',
    'log_parameter_max_length_on_error',
    '-1',
    '0',
    'parameter log_parameter_max_length_on_error is -1',
  ),
  setting(
    'explain every statement in the log',
    'database.parameters',
    'auto_explain.log_min_duration',
    '0',
    undefined,
    'parameter auto_explain.log_min_duration is set to 0',
  ),
  {
    name: 'stop the database',
    check: 'database.status',
    detonate: async ({ subject, root: { rds } }) => {
      const instance = { DBInstanceIdentifier: databaseOf(subject).InstanceId };
      await rds.send(new StopDBInstanceCommand(instance));
      return {
        expectedEvidence: `${instance.DBInstanceIdentifier} is stopp`,
        revert: () => rds.send(new StartDBInstanceCommand(instance)),
      };
    },
  },
  {
    name: 'ask for a change in tonight’s maintenance window',
    check: 'database.pending',
    detonate: async (scene) => {
      const { InstanceId } = databaseOf(scene.subject);
      const { DBInstanceClass } = await instanceOf(scene, InstanceId);
      await modified(scene, InstanceId, { DBInstanceClass: 'db.t4g.micro', ApplyImmediately: false });
      return {
        expectedEvidence: `a change of DBInstanceClass of ${InstanceId} waits`,
        revert: () => modified(scene, InstanceId, { DBInstanceClass, ApplyImmediately: true }),
      };
    },
  },
  changing(
    'stop the monitoring of the database',
    'database.instance',
    () => ({ MonitoringInterval: 0 }),
    ({ stacks }) => ({ MonitoringInterval: 60, MonitoringRoleArn: stacks.network.outputs.MonitoringRoleArn }),
    () => 'nothing monitors',
  ),
  {
    name: 'let nobody hear of a silent database',
    check: 'database.alarms',
    detonate: async (scene) => {
      const { alarm, put } = await silentAlarm(scene);
      await put({ AlarmActions: [] });
      return { expectedEvidence: `action of alarm ${alarm.AlarmName}`, revert: () => put({}) };
    },
  },
  {
    name: 'tell a stranger when the database is silent no more',
    check: 'database.alarms',
    detonate: async (scene) => {
      const { alarm, put } = await silentAlarm(scene);
      const theirs = `arn:aws:sns:${scene.subject.region}:${STRANGER}:theirs`;
      await put({ OKActions: [theirs] });
      return { expectedEvidence: `${theirs} hears when alarm ${alarm.AlarmName}`, revert: () => put({}) };
    },
  },
  changing(
    'let the storage of the database fill up',
    'database.instance',
    ({ tenant }) => ({ MaxAllocatedStorage: SIZINGS[tenant.plan].allocatedStorageGiB }),
    ({ tenant }) => ({ MaxAllocatedStorage: SIZINGS[tenant.plan].maxAllocatedStorageGiB }),
    () => 'grows to no more than it is',
  ),
  changing(
    'let snapshots of the database forget whose they are',
    'database.instance',
    () => ({ CopyTagsToSnapshot: false }),
    () => ({ CopyTagsToSnapshot: true }),
    () => 'the tags’ way to snapshots of',
  ),
  ofReplica(
    'turn the replica’s Database Insights off',
    'database.instance',
    { EnablePerformanceInsights: false },
    ({ PerformanceInsightsKMSKeyId }) => ({ EnablePerformanceInsights: true, PerformanceInsightsKMSKeyId }),
    '-replica is false',
  ),
  changing(
    'monitor the database by a foreign role',
    'database.monitoring-role',
    () => ({ MonitoringRoleArn: FOREIGN_ROLE }),
    ({ stacks }) => ({ MonitoringRoleArn: stacks.network.outputs.MonitoringRoleArn }),
    () => `is ${FOREIGN_ROLE}`,
  ),
  ofReplica(
    'monitor the replica by a foreign role',
    'database.monitoring-role',
    { MonitoringRoleArn: FOREIGN_ROLE },
    ({ MonitoringRoleArn }) => ({ MonitoringRoleArn }),
    `-replica is ${FOREIGN_ROLE}`,
  ),
  changing(
    'take the deletion protection off the database',
    'database.protection',
    () => ({ DeletionProtection: false }),
    () => ({ DeletionProtection: true }),
    ({ stacks }) => `deletion protection of ${stacks.database.outputs.InstanceId} is false`,
  ),
  ofReplica(
    'take the deletion protection off the replica',
    'database.protection',
    { DeletionProtection: false },
    () => ({ DeletionProtection: true }),
    '-replica is false',
  ),
  ofReplica(
    'stop the export of the replica’s log',
    'database.audit-log',
    { CloudwatchLogsExportConfiguration: { DisableLogTypes: ['postgresql'] } },
    () => ({ CloudwatchLogsExportConfiguration: { EnableLogTypes: ['postgresql'] } }),
    '-replica',
  ),
  {
    name: 'give the replica a role to export data with',
    check: 'database.roles',
    detonate: async ({ subject, root: { rds } }) => {
      const RoleArn = subject.stackRoleArn;
      const role = { DBInstanceIdentifier: databaseOf(subject).ReplicaId, RoleArn, FeatureName: 's3Export' };
      await rds.send(new AddRoleToDBInstanceCommand(role));
      return {
        expectedEvidence: `IAM role ${RoleArn} is associated for s3Export of ${role.DBInstanceIdentifier}`,
        revert: () => rds.send(new RemoveRoleFromDBInstanceCommand(role)),
      };
    },
  },
  {
    name: 'give the tenant a smaller plan on its record, and forget its backups sooner',
    check: 'database.backups',
    detonate: async (scene) => {
      const { subject } = scene;
      const { InstanceId } = databaseOf(subject);
      const { backupRetentionDays } = SIZINGS.growth;
      const keeping = (BackupRetentionPeriod: number) => modified(scene, InstanceId, { BackupRetentionPeriod });
      await keeping(backupRetentionDays);
      return {
        expectedEvidence: `backups are kept for ${backupRetentionDays} days, not ${SIZINGS[subject.tenant.plan].backupRetentionDays}`,
        revert: () => keeping(SIZINGS[subject.tenant.plan].backupRetentionDays),
        believed: { ...subject, tenant: { ...subject.tenant, plan: 'growth' } },
      };
    },
  },
];
