import type { DBInstance, Event } from '@aws-sdk/client-rds';
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
/**
 * Milliseconds. Whoever rotates the password by the runbook writes it into the secret, and then sets it on the instance. The clocks of
 * both services may differ by seconds.
 */
const TOGETHER = { before: 15 * 60_000, after: 5_000 };

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

const timeOf = ({ Date: at }: Event) => at?.getTime() ?? 0;

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
    // A later password has put an earlier one out of force.
    const [latest] = resets.toSorted((one, other) => timeOf(other) - timeOf(one));
    const isRotated = versions.some((made) => {
      const since = latest ? timeOf(latest) - made.getTime() : 0;
      return since < TOGETHER.before && since > -TOGETHER.after;
    });
    const pending = (await instancesOf(facts)).filter((each) => pendingOf(each).includes('MasterUserPassword'));
    return finding(
      [
        ...(latest && !isRotated
          ? [
              `the master password of ${latest.SourceIdentifier} was set at ${latest.Date?.toISOString()}, and the secret has no version of that time`,
            ]
          : []),
        ...pending.map(({ DBInstanceIdentifier }) => `a new master password of ${DBInstanceIdentifier} waits`),
      ],
      `${resets.length} new master passwords in 14 days; the secret has the last one`,
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
