import type { DBInstance, Event } from '@aws-sdk/client-rds';
import { rotationFunctionArn, TENANT_ROLE_PATH, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, checksOf, expectEqual, type Finding, finding } from '../check';
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

/** Milliseconds. A rotation takes minutes; Secrets Manager takes up one that failed again and again. */
const LONGEST_ROTATION = 60 * 60_000;
/** Milliseconds. A rotation ends after the password was set and tried; its time may be told in whole seconds. */
const ROTATED_BY = 1_000;
const PASSWORD = 'MasterUserPassword';

interface OwnRotation {
  /** Whether the platform's function rotates the secret. */
  readonly isOurs: boolean;
  readonly isUnderWay: boolean;
  /** When the last one has finished. */
  readonly lastAt: Date | undefined;
}

const NO_ROTATION: OwnRotation = { isOurs: false, isUnderWay: false, lastAt: undefined };

/** What the platform's own rotation of the master password is about, or has done. */
async function ownRotation({ region, accountId }: Subject, { secrets }: Facts): Promise<OwnRotation> {
  const { RotationEnabled, RotationLambdaARN, LastRotatedDate } = await secrets.description();
  if (!RotationEnabled || RotationLambdaARN !== rotationFunctionArn(region, accountId)) return NO_ROTATION;
  const since = await secrets.pendingSince();
  const isUnderWay = since !== undefined && Date.now() - since.getTime() < LONGEST_ROTATION;
  return { isOurs: true, isUnderWay, lastAt: LastRotatedDate };
}

/**
 * Instance and secret are read at two moments, and our rotation may begin or end between them. An onboarding, which has just
 * begun one, asks again.
 */
const mayBeRotating = (found: Finding, isOurs: boolean): Finding =>
  isOurs && !found.passed ? { ...found, restsOn: 'rotation' } : found;

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
  'database.pending': async (subject, { facts }) => {
    const waiting = await ofEach(facts, (instance, name) =>
      pendingOf(instance).map((property) => `a change of ${property} of ${name} waits for the maintenance window`),
    );
    const passwords = waiting.filter((each) => each.includes(` ${PASSWORD} `));
    if (passwords.length === 0) return finding(waiting, 'no change waits');
    const { isOurs, isUnderWay } = await ownRotation(subject, facts);
    const others = waiting.filter((each) => !passwords.includes(each));
    const found = finding(isUnderWay ? others : waiting, 'no change waits');
    return mayBeRotating(found, isOurs && others.length === 0);
  },
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
  'database.master-password': async (subject, { facts }) => {
    const resets = (await facts.database.events()).filter(({ Message = '' }) => RESET.test(Message));
    const versions = resets.length > 0 ? await versionsSinceLaunch(facts) : [];
    // A later password has put an earlier one out of force.
    const [latest] = resets.toSorted((one, other) => timeOf(other) - timeOf(one));
    const waiting = (await instancesOf(facts)).filter((each) => pendingOf(each).includes(PASSWORD));
    const { isOurs, isUnderWay, lastAt } =
      latest || waiting.length > 0 ? await ownRotation(subject, facts) : NO_ROTATION;
    const at = latest ? timeOf(latest) : 0;
    // What the platform's rotation has made says nothing about a password that was set after its end.
    const isAfter = lastAt !== undefined && at > lastAt.getTime() + ROTATED_BY;
    const isRotated = versions
      .filter((made) => !(isAfter && lastAt !== undefined && made.getTime() <= lastAt.getTime()))
      .some((made) => at - made.getTime() < TOGETHER.before && made.getTime() - at < TOGETHER.after);
    // A rotation that was taken up late sets the password long after it has made its version.
    const isFinished = lastAt !== undefined && !isAfter && lastAt.getTime() - at < TOGETHER.before;
    const pending = isUnderWay ? [] : waiting;
    const found = finding(
      [
        ...(latest && !isRotated && !isFinished && !isUnderWay
          ? [
              `the master password of ${latest.SourceIdentifier} was set at ${latest.Date?.toISOString()}, and the secret has no version of that time`,
            ]
          : []),
        ...pending.map(({ DBInstanceIdentifier }) => `a new master password of ${DBInstanceIdentifier} waits`),
      ],
      `${resets.length} new master passwords in 14 days; the secret has the last one`,
    );
    return mayBeRotating(found, isOurs);
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
