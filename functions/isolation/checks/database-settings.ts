import type { DBInstance } from '@aws-sdk/client-rds';
import * as z from 'zod';
import { TENANT_ROLE_PATH, TENANT_TAG, tenantNames } from '../../contract/naming';
import { outOfService } from '../../database/instance-status';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, finding, Unanswered } from '../check';
import { alarmsPrefix } from '../facts/alarm-facts';
import type { Facts } from '../facts/facts';
import { tagsOf } from '../facts/reading';
import { DATABASE_SETTINGS_METADATA } from '../metadata/database-settings';
import { propertiesOf } from '../release/expected';
import type { ExpectedResource } from '../release/resolve-template';
import { type Subject, tenantIdOf } from '../subject';
import { metricAlarmViolations } from '../surroundings/alarm-violations';
import { instancesOf, masterPassword, pendingChanges } from './master-password';
import { undeliverable } from './service-role-shortfalls';

const ofEach = async (facts: Facts, violationsOf: (instance: DBInstance, name: string) => string[]) =>
  (await instancesOf(facts)).flatMap((instance) => violationsOf(instance, instance.DBInstanceIdentifier ?? ''));

const monitoringRoleOf = ({ accountId, tenant, stacks }: Subject) =>
  stacks.network.outputs.MonitoringRoleArn ??
  `arn:aws:iam::${accountId}:role${TENANT_ROLE_PATH}${tenantNames.role(tenant.tenantId)}-monitoring`;

const InstanceSchema = z.object({
  DBInstanceIdentifier: z.string(),
  AutoMinorVersionUpgrade: z.boolean().default(true),
  CopyTagsToSnapshot: z.boolean().default(false),
  EnablePerformanceInsights: z.boolean().default(false),
  MaxAllocatedStorage: z.coerce.number().default(0),
  MonitoringInterval: z.number().default(0),
  PerformanceInsightsRetentionPeriod: z.number().default(0),
});

/** How an instance falls short of its template, and what nobody who may tune a database has a reason for. */
function differencesFrom(instance: DBInstance, { stacks }: Subject, resources: readonly ExpectedResource[]): string[] {
  const { DBInstanceIdentifier: name = '', MonitoringInterval = 0, OptionGroupMemberships = [] } = instance;
  const made = resources
    .filter(({ type }) => type === 'AWS::RDS::DBInstance')
    .map(({ properties }) => InstanceSchema.parse(properties));
  // A plan without a replica makes none. `database.replica` says so; this one has to be like the primary.
  const expected = made.find((each) => each.DBInstanceIdentifier === name) ?? made[0];
  if (!expected) throw new Unanswered(`the tenant’s release makes no instance ${name}`);
  const { PerformanceInsightsRetentionPeriod: days = 0, MasterUserSecret, NetworkType = 'IPV4', Endpoint } = instance;
  const { InstanceId, EndpointPort } = stacks.database.outputs;
  return [
    ...(expected.AutoMinorVersionUpgrade
      ? expectEqual(`automatic minor upgrades of ${name}`, instance.AutoMinorVersionUpgrade ?? true, true)
      : []),
    ...(expected.CopyTagsToSnapshot
      ? expectEqual(`the tags’ way to snapshots of ${name}`, instance.CopyTagsToSnapshot ?? false, true)
      : []),
    ...(expected.EnablePerformanceInsights
      ? expectEqual(`Database Insights of ${name}`, instance.PerformanceInsightsEnabled, true)
      : []),
    ...(instance.PerformanceInsightsEnabled && days < expected.PerformanceInsightsRetentionPeriod
      ? [`Database Insights of ${name} remember ${days} days, not ${expected.PerformanceInsightsRetentionPeriod}`]
      : []),
    // "Managing capacity automatically with Amazon RDS storage autoscaling": without a ceiling it is off. A higher one is an operator's choice.
    ...((instance.MaxAllocatedStorage ?? 0) < expected.MaxAllocatedStorage
      ? [
          `the storage of ${name} grows to ${instance.MaxAllocatedStorage ?? 'no more than it is'}, not to ${expected.MaxAllocatedStorage} GiB`,
        ]
      : []),
    // More often, and less often, are an operator's choice.
    ...(expected.MonitoringInterval > 0 && MonitoringInterval === 0 ? [`nothing monitors ${name}`] : []),
    ...(name === InstanceId && Endpoint?.Port !== undefined
      ? expectEqual(`the port of ${name}`, String(Endpoint.Port), EndpointPort)
      : []),
    ...expectEqual(`the network of ${name}`, NetworkType, 'IPV4'),
    ...OptionGroupMemberships.filter(({ OptionGroupName = '' }) => !OptionGroupName.startsWith('default:')).map(
      ({ OptionGroupName }) => `${name} has the option group ${OptionGroupName}`,
    ),
    // "Password management with Amazon RDS and AWS Secrets Manager": a second secret, under a key of RDS's choice.
    ...(MasterUserSecret ? [`RDS keeps the master password of ${name} in ${MasterUserSecret.SecretArn}`] : []),
  ];
}

/** "Name type": CloudFormation's names are those of stack and resource, and 12 letters and digits. An operator's are others. */
const isMadeOf = (resource: string, name: string) =>
  name.startsWith(`${resource}-`) && /^[A-Za-z0-9]{12,13}$/.test(name.slice(resource.length + 1));

export const DATABASE_SETTINGS_CHECKS: readonly Check[] = checksOf(DATABASE_SETTINGS_METADATA, {
  // Of an instance that is gone, this is the only check that has an answer.
  'database.status': async (_, { facts }) => {
    const statuses = Object.entries(await facts.database.statuses());
    return finding(
      statuses.flatMap(([id, status]) => outOfService(id, status) ?? []),
      `in service: ${statuses.map(([, status]) => status).join(', ')}`,
    );
  },
  'database.pending': pendingChanges,
  'database.parameters': async (_, { facts }) => {
    const [resources, actual] = await settled([facts.release.database(), facts.database.parameters()]);
    const expected = Object.entries(Object(propertiesOf(resources, 'AWS::RDS::DBParameterGroup').Parameters));
    const names = expected.map(([name]) => name);
    const parameterCalled = (name: string) => actual.find((each) => each.ParameterName === name)?.ParameterValue;
    return finding(
      [
        ...expected.flatMap(([name, value]) => expectEqual(`parameter ${name}`, parameterCalled(name), String(value))),
        ...actual
          .filter(({ ParameterName = '' }) => !names.includes(ParameterName))
          .map(
            (each) => `parameter ${each.ParameterName} is set to ${each.ParameterValue}: the release sets no such one`,
          ),
      ],
      `${actual.length} parameters are set, as in the tenant’s release`,
    );
  },
  'database.master-password': masterPassword,
  'database.monitoring-role': async (subject, { facts }) =>
    finding(
      [
        ...(await ofEach(facts, ({ MonitoringRoleArn }, name) =>
          MonitoringRoleArn
            ? expectEqual(`the monitoring role of ${name}`, MonitoringRoleArn, monitoringRoleOf(subject))
            : [],
        )),
        ...(await undeliverable(subject, facts, 'monitoring')),
      ],
      `only ${monitoringRoleOf(subject)} monitors the database`,
    ),
  'database.instance': async (subject, { facts }) => {
    const resources = await facts.release.database();
    const differences = await ofEach(facts, (instance) => differencesFrom(instance, subject, resources));
    return finding(differences, 'all instances have the settings of the tenant’s release');
  },
  'database.alarms': async (subject, { facts }) => {
    const [resources, actual] = await settled([facts.release.database(), facts.alarms.ofDatabase()]);
    const expected = resources.filter(({ type }) => type === 'AWS::CloudWatch::Alarm');
    return finding(
      expected.flatMap(({ id, properties }) => {
        const alarms = actual.filter(({ AlarmName = '' }) => isMadeOf(`${alarmsPrefix(subject)}${id}`, AlarmName));
        if (alarms.length === 0) return [`the alarm ${id} of the database does not exist`];
        return alarms.flatMap((alarm) => [
          ...(alarm.ActionsEnabled === false ? [`the actions of alarm ${alarm.AlarmName} are disabled`] : []),
          ...metricAlarmViolations(alarm, properties),
        ]);
      }),
      `${expected.length} alarms, as in the tenant’s release`,
    );
  },
  'database.tag': async (subject, { facts }) =>
    finding(
      await ofEach(facts, ({ TagList }, name) =>
        expectEqual(`the tag ${TENANT_TAG} of ${name}`, tagsOf(TagList)[TENANT_TAG], tenantIdOf(subject)),
      ),
      `tagged with ${tenantIdOf(subject)}`,
    ),
});
