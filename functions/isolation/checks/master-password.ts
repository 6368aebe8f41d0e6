import type { DBInstance, Event } from '@aws-sdk/client-rds';
import { rotationFunctionArn } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { type Check, finding } from '../check';
import type { Facts } from '../facts/facts';
import type { PasswordState } from '../facts/password-facts';
import type { Subject } from '../subject';

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

const majorOf = (version = '') => version.split('.')[0];

/**
 * Whether RDS makes a change by itself, as the release lets it: more storage up to the ceiling, a minor version, the next
 * certificate ("Managing capacity automatically with Amazon RDS storage autoscaling", "Automatically upgrading the minor
 * engine version", "Rotating your SSL/TLS certificate").
 */
function isRdsOwn(name: string, { PendingModifiedValues: pending = {}, ...instance }: DBInstance): boolean {
  const { AllocatedStorage = 0, MaxAllocatedStorage = 0, EngineVersion, AutoMinorVersionUpgrade } = instance;
  const storage = pending.AllocatedStorage ?? 0;
  switch (name) {
    case 'AllocatedStorage':
      return storage > AllocatedStorage && storage <= MaxAllocatedStorage;
    case 'EngineVersion':
      return AutoMinorVersionUpgrade === true && majorOf(pending.EngineVersion) === majorOf(EngineVersion);
    default:
      return name === 'CACertificateIdentifier';
  }
}

/** The properties that wait for somebody's change; their values may be secret. */
const pendingOf = (instance: DBInstance) =>
  Object.entries(instance.PendingModifiedValues ?? {})
    .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
    .map(([name]) => name)
    .filter((name) => !isRdsOwn(name, instance));

/** Milliseconds. A rotation takes minutes; Secrets Manager takes up one that failed again and again. */
const LONGEST_ROTATION = 60 * 60_000;
/** Milliseconds. A rotation ends after the password was set and tried; its time may be told in whole seconds. */
const ROTATED_BY = 1_000;
/**
 * Milliseconds. RDS may show a password as pending, and date its event, some time after the database accepts it, and a rotation ends with
 * that.
 */
const SHOWN_LATE = 5 * 60_000;
const PASSWORD = 'MasterUserPassword';

interface OwnRotation {
  readonly isUnderWay: boolean;
  /** When the last one has finished. */
  readonly lastAt: Date | undefined;
}

const NO_ROTATION: OwnRotation = { isUnderWay: false, lastAt: undefined };

/** What the platform's own rotation of the master password is about, or has done. */
function ownRotation(
  { region, accountId }: Subject,
  { description, pendingSince }: Pick<PasswordState, 'description' | 'pendingSince'>,
): OwnRotation {
  const { RotationEnabled, RotationLambdaARN } = description;
  if (!RotationEnabled || RotationLambdaARN !== rotationFunctionArn(region, accountId)) return NO_ROTATION;
  const isUnderWay = pendingSince !== undefined && Date.now() - pendingSince.getTime() < LONGEST_ROTATION;
  return { isUnderWay, lastAt: description.LastRotatedDate };
}

/** Whether the new password that waits is the one of our rotation. */
const isRotating = ({ isUnderWay, lastAt }: OwnRotation) =>
  isUnderWay || (lastAt !== undefined && Date.now() - lastAt.getTime() < SHOWN_LATE);

/** As other checks have read it: each part at its own moment. */
async function stateAsRead({ database, secrets }: Facts, instances: readonly DBInstance[]): Promise<PasswordState> {
  const [events, description, versions, pendingSince] = await settled([
    database.events(),
    secrets.description(),
    secrets.versions(),
    secrets.pendingSince(),
  ]);
  return { instances, events, description, versions, pendingSince };
}

/**
 * Violations that follow from instance and secret. The two are read at two moments, and our own rotation may begin or end
 * between them. So a violation counts only when both, read at one moment, show it.
 */
async function violationsOfPassword(
  { password }: Facts,
  read: PasswordState,
  violationsIn: (state: PasswordState) => string[],
): Promise<string[]> {
  return violationsIn(read).length === 0 ? [] : violationsIn(await password.atOneMoment());
}

const timeOf = ({ Date: at }: Event) => at?.getTime() ?? 0;

/** When the primary got its master passwords, the last one first: it has put the earlier ones out of force. */
const resetsIn = ({ events }: Pick<PasswordState, 'events'>) =>
  events.filter(({ Message = '' }) => RESET.test(Message)).toSorted((one, other) => timeOf(other) - timeOf(one));

/**
 * Whether the last password was set after the end of the platform's rotation, whose versions then say nothing about it. Soon after
 * the end it is another one only when the rotation's own is there, too: set after its version was made.
 *
 * @param versions without them, whatever was set in the quarter of an hour before counts as the rotation's own
 */
function isAfterEnd([last, earlier]: readonly Event[], lastAt: Date, versions: readonly Date[] = []): boolean {
  const since = last ? timeOf(last) - lastAt.getTime() : 0;
  const madeAt = Math.max(0, ...versions.map(Number).filter((made) => made <= lastAt.getTime() + ROTATED_BY));
  const hasOwn =
    earlier !== undefined &&
    lastAt.getTime() - timeOf(earlier) < TOGETHER.before &&
    timeOf(earlier) > madeAt - TOGETHER.after;
  return since > SHOWN_LATE || (since > 0 && hasOwn);
}

/** Whether the platform's rotation has set the last password: also one that was taken up late, long after it has made its version. */
const isOfRotation = (resets: readonly Event[], { lastAt }: OwnRotation, versions?: readonly Date[]) =>
  lastAt !== undefined &&
  !isAfterEnd(resets, lastAt, versions) &&
  resets.slice(0, 1).every((last) => lastAt.getTime() - timeOf(last) < TOGETHER.before);

/**
 * A password that was set without the secret.
 *
 * @param launchedAt the access stack is launched when the database is complete: what the secret had until then belongs to its making
 */
function setWithoutSecret(state: PasswordState, rotation: OwnRotation, launchedAt: number): string[] {
  const { isUnderWay, lastAt } = rotation;
  const { versions } = state;
  const resets = resetsIn(state);
  const [latest] = resets;
  if (!latest || isUnderWay) return [];
  const at = timeOf(latest);
  // Versions up to the end of a rotation say nothing of a password that was set after it.
  const since = lastAt && isAfterEnd(resets, lastAt, versions) ? lastAt.getTime() + ROTATED_BY : 0;
  const isWithVersion = versions
    .filter((made) => made.getTime() > Math.max(launchedAt, since))
    .some((made) => at - made.getTime() < TOGETHER.before && made.getTime() - at < TOGETHER.after);
  if (isWithVersion || isOfRotation(resets, rotation, versions)) return [];
  const when = latest.Date?.toISOString();
  return [
    `the master password of ${latest.SourceIdentifier} was set at ${when}, and the secret has no version of that time`,
  ];
}

const passwordsThatWait = ({ instances }: Pick<PasswordState, 'instances'>) =>
  instances.filter((each) => pendingOf(each).includes(PASSWORD));

/** Whether the secret has the password that the primary got last, and no other waits. */
export const masterPassword: Check['run'] = async (subject, { facts }) => {
  const [events, instances] = await settled([facts.database.events(), instancesOf(facts)]);
  const resets = resetsIn({ events });
  const seen = `${resets.length} new master passwords in 14 days; the secret has the last one`;
  if (passwordsThatWait({ instances }).length === 0) {
    if (resets.length === 0) return finding([], seen);
    // The usual end: then nobody needs to know when the secret's versions were made.
    const rotation = ownRotation(subject, { description: await facts.secrets.description(), pendingSince: undefined });
    if (isOfRotation(resets, rotation)) return finding([], seen);
  }
  const [{ access }, read] = await settled([facts.stacks.all(), stateAsRead(facts, instances)]);
  const launchedAt = access?.CreationTime?.getTime() ?? 0;
  const violations = await violationsOfPassword(facts, read, (state) => {
    const rotation = ownRotation(subject, state);
    const waiting = isRotating(rotation) ? [] : passwordsThatWait(state);
    return [
      ...setWithoutSecret(state, rotation, launchedAt),
      ...waiting.map(({ DBInstanceIdentifier }) => `a new master password of ${DBInstanceIdentifier} waits`),
    ];
  });
  return finding(violations, seen);
};

const pendingChange = (property: string, { DBInstanceIdentifier = '' }: DBInstance) =>
  `a change of ${property} of ${DBInstanceIdentifier} waits for the maintenance window`;

/** Whether any change waits for the maintenance window. */
export const pendingChanges: Check['run'] = async (subject, { facts }) => {
  const instances = await instancesOf(facts);
  const others = instances.flatMap((instance) =>
    pendingOf(instance)
      .filter((property) => property !== PASSWORD)
      .map((property) => pendingChange(property, instance)),
  );
  if (passwordsThatWait({ instances }).length === 0) return finding(others, 'no change waits');
  const read = await stateAsRead(facts, instances);
  const passwords = await violationsOfPassword(facts, read, (state) =>
    isRotating(ownRotation(subject, state))
      ? []
      : passwordsThatWait(state).map((instance) => pendingChange(PASSWORD, instance)),
  );
  return finding([...others, ...passwords], 'no change waits');
};
