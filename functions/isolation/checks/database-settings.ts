import type { DBInstance } from '@aws-sdk/client-rds';
import { TENANT_ROLE_PATH, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, finding } from '../check';
import type { Facts } from '../facts/facts';
import { DATABASE_SETTINGS_METADATA } from '../metadata/database-settings';
import { propertiesOf } from '../release/expected';
import type { Subject } from '../subject';

/** "Viewing DB instance status": what does not pass by itself, or ends the instance. */
const OUT_OF_SERVICE = /^(?:stopp|fail|delet|inaccessible|incompatible|insufficient|storage-full|restore-error)/;

/** "RDS event categories and event messages": RDS-EVENT-0016, "Reset master credentials". */
const RESET = /reset master credentials|master (?:user )?password/i;
/** Whoever changes the password by the runbook makes the secret's version and the change one after the other. */
const TOGETHER = 15 * 60_000;

/** The primary and, where the plan has one, the replica. */
export async function instancesOf({ database }: Facts): Promise<DBInstance[]> {
  const [primary, replica] = await settled([database.instance(), database.replica()]);
  return replica ? [primary, replica] : [primary];
}

const ofEach = async (facts: Facts, violationsOf: (instance: DBInstance, name: string) => string[]) =>
  (await instancesOf(facts)).flatMap((instance) => violationsOf(instance, instance.DBInstanceIdentifier ?? ''));

/** The properties that wait; their values may be secret. */
const pendingOf = ({ PendingModifiedValues = {} }: DBInstance) =>
  Object.entries(PendingModifiedValues)
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name]) => name);

const monitoringRoleOf = ({ accountId, tenant, stacks }: Subject) =>
  stacks.network.outputs.MonitoringRoleArn ??
  `arn:aws:iam::${accountId}:role${TENANT_ROLE_PATH}${tenantNames.role(tenant.tenantId)}-monitoring`;

/** The access stack is launched when the database is complete: what the secret had until then belongs to its making. */
async function versionsSinceLaunch({ secrets, stacks }: Facts): Promise<Date[]> {
  const [versions, { access }] = await settled([secrets.versions(), stacks.all()]);
  return versions.filter((made) => made.getTime() > (access?.CreationTime?.getTime() ?? 0));
}

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
  'database.pending': async (_, { facts }) =>
    finding(
      await ofEach(facts, (instance, name) =>
        pendingOf(instance).map((property) => `a change of ${property} of ${name} waits for the maintenance window`),
      ),
      'no change waits',
    ),
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
  'database.master-password': async (_, { facts }) => {
    const resets = (await facts.database.events()).filter(({ Message = '' }) => RESET.test(Message));
    const versions = resets.length > 0 ? await versionsSinceLaunch(facts) : [];
    const alone = resets.filter(
      ({ Date: at }) => !versions.some((made) => Math.abs(made.getTime() - (at?.getTime() ?? 0)) < TOGETHER),
    );
    const pending = (await instancesOf(facts)).filter((each) => pendingOf(each).includes('MasterUserPassword'));
    return finding(
      [
        ...alone.map(
          ({ Date: at, SourceIdentifier }) =>
            `the master password of ${SourceIdentifier} was set at ${at?.toISOString()}, and the secret has no version of that time`,
        ),
        ...pending.map(({ DBInstanceIdentifier }) => `a new master password of ${DBInstanceIdentifier} waits`),
      ],
      `${resets.length} new master passwords in 14 days, each with its version of the secret`,
    );
  },
  'database.monitoring-role': async (subject, { facts }) =>
    finding(
      await ofEach(facts, ({ MonitoringRoleArn }, name) =>
        MonitoringRoleArn
          ? expectEqual(`the monitoring role of ${name}`, MonitoringRoleArn, monitoringRoleOf(subject))
          : [],
      ),
      `only ${monitoringRoleOf(subject)} monitors the database`,
    ),
});
