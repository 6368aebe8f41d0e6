import type { DBInstance } from '@aws-sdk/client-rds';
import { TENANT_ROLE_PATH, TENANT_TAG, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, finding } from '../check';
import type { Facts } from '../facts/facts';
import { tagsOf } from '../facts/reading';
import { DATABASE_SETTINGS_METADATA } from '../metadata/database-settings';
import { propertiesOf } from '../release/expected';
import { type Subject, tenantIdOf } from '../subject';
import { instancesOf, masterPassword, pendingChanges } from './master-password';

/** "Viewing DB instance status": what does not pass by itself, or ends the instance. */
const OUT_OF_SERVICE = /^(?:stopp|fail|delet|inaccessible|incompatible|insufficient|storage-full|restore-error)/;

const ofEach = async (facts: Facts, violationsOf: (instance: DBInstance, name: string) => string[]) =>
  (await instancesOf(facts)).flatMap((instance) => violationsOf(instance, instance.DBInstanceIdentifier ?? ''));

const monitoringRoleOf = ({ accountId, tenant, stacks }: Subject) =>
  stacks.network.outputs.MonitoringRoleArn ??
  `arn:aws:iam::${accountId}:role${TENANT_ROLE_PATH}${tenantNames.role(tenant.tenantId)}-monitoring`;

export const DATABASE_SETTINGS_CHECKS: readonly Check[] = checksOf(DATABASE_SETTINGS_METADATA, {
  'database.status': async (_, { facts }) =>
    finding(
      await ofEach(facts, ({ DBInstanceStatus = 'absent' }, name) =>
        OUT_OF_SERVICE.test(DBInstanceStatus) || DBInstanceStatus === 'absent'
          ? [`${name} is ${DBInstanceStatus}`]
          : [],
      ),
      `in service: ${(await instancesOf(facts)).map((each) => each.DBInstanceStatus).join(', ')}`,
    ),
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
      await ofEach(facts, ({ MonitoringRoleArn }, name) =>
        MonitoringRoleArn
          ? expectEqual(`the monitoring role of ${name}`, MonitoringRoleArn, monitoringRoleOf(subject))
          : [],
      ),
      `only ${monitoringRoleOf(subject)} monitors the database`,
    ),
  'database.tag': async (subject, { facts }) =>
    finding(
      await ofEach(facts, ({ TagList }, name) =>
        expectEqual(`the tag ${TENANT_TAG} of ${name}`, tagsOf(TagList)[TENANT_TAG], tenantIdOf(subject)),
      ),
      `tagged with ${tenantIdOf(subject)}`,
    ),
});
