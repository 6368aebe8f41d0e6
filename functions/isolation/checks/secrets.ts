import { ROTATION_DAYS, rotationFunctionArn, TENANT_TAG, tenantNames } from '../../contract/naming';
import { type Check, checksOf, expectEqual, finding, isKeyOf } from '../check';
import { tagsOf } from '../facts/reading';
import type { SecretDescription, StagedVersion } from '../facts/secret-facts';
import { SECRETS_METADATA } from '../metadata/secrets';
import { nameOf, whatOf, whoOf } from '../policy-document';
import { tenantIdOf } from '../subject';

const DAY_MS = 24 * 60 * 60_000;
/** Days after which a rotation that was due is missed: Secrets Manager tries for a while. */
const LATE_DAYS = 7;

/** "Schedule expressions in Secrets Manager rotation": `rate(10 days)`, `rate(4 hours)`; a cron expression has no rate. */
function daysOf(expression = ''): number | undefined {
  const [, number, unit] = /^rate\((\d+) (hour|day)s?\)$/.exec(expression) ?? [];
  return number === undefined ? undefined : Number(number) / (unit === 'hour' ? 24 : 1);
}

/** The last day of a month that every month has. */
const LAST_OF_ALL = 28;
/** Whether such a day comes each month: one by its number, by the week, or the last one. */
const isOfEachMonth = (day: string) => /^[*?L]/.test(day) || Number.parseInt(day, 10) <= LAST_OF_ALL;

/**
 * A calendar by which each month has a day: one without a month or a year, on a day that every month has. A fifth Monday is none.
 * A rotation that comes late is told by its last time.
 */
function isMonthly(expression = ''): boolean {
  const [, days = '', weekdays = ''] = /^cron\(\S+ \S+ (\S+) \* (\S+) \*\)$/.exec(expression) ?? [];
  return days.split(',').some((day) => day !== '' && isOfEachMonth(day)) && !weekdays.endsWith('#5');
}

/** How the rotation of a secret falls short of what PrepareDatabase has set. */
function neglectOf({ RotationEnabled, RotationRules, LastRotatedDate }: SecretDescription): string[] {
  const { AutomaticallyAfterDays, ScheduleExpression } = RotationRules ?? {};
  // "RotationRulesType": of any schedule the days are told, too, as the last rotation has set them: 31 of a calendar's month.
  const isOfCalendar = /^cron/.test(ScheduleExpression ?? '');
  const days = isOfCalendar ? undefined : (AutomaticallyAfterDays ?? daysOf(ScheduleExpression));
  const idleDays = LastRotatedDate ? Math.floor((Date.now() - LastRotatedDate.getTime()) / DAY_MS) : 0;
  return [
    ...(RotationEnabled ? [] : ['the rotation of the secret was cancelled']),
    ...((days !== undefined && days <= ROTATION_DAYS) || isMonthly(ScheduleExpression)
      ? []
      : [`the secret is rotated ${days === undefined ? 'by another schedule' : `every ${days} days`}`]),
    ...(idleDays > ROTATION_DAYS + LATE_DAYS ? [`the last rotation was ${idleDays} days ago`] : []),
  ];
}

/** "Secret versions": the stages that Secrets Manager itself moves. */
const OWN_STAGES = ['AWSCURRENT', 'AWSPREVIOUS', 'AWSPENDING'];

/** Passwords that are in force again, or that somebody keeps under a name of his own. */
function stageViolations(versions: readonly StagedVersion[]): string[] {
  const current = versions.find(({ stages }) => stages.includes('AWSCURRENT'));
  if (!current) return ['no version of the secret is in force'];
  return [
    ...versions
      .filter(({ stages, madeAt = 0 }) => stages.includes('AWSPREVIOUS') && madeAt > (current.madeAt ?? 0))
      .map(({ madeAt }) => `the version of ${madeAt?.toISOString()} was put out of force for an earlier one`),
    ...versions
      .flatMap(({ stages }) => stages)
      .filter((stage) => !OWN_STAGES.includes(stage))
      .map((stage) => `a version of the secret has the stage ${stage}`),
  ];
}

export const SECRETS_CHECKS: readonly Check[] = checksOf(SECRETS_METADATA, {
  'secrets.identity': async (subject, { facts }) => {
    const { Name, Tags, DeletedDate } = await facts.secrets.description();
    const tenantId = tenantIdOf(subject);
    return finding(
      [
        ...expectEqual('the secret’s name', Name, tenantNames.secret(tenantId)),
        ...expectEqual(`the secret’s tag ${TENANT_TAG}`, tagsOf(Tags)[TENANT_TAG], tenantId),
        ...(DeletedDate ? ['the secret is scheduled for deletion'] : []),
      ],
      tenantNames.secret(tenantId),
    );
  },
  'secrets.encryption': async ({ key }, { facts }) => {
    const { KmsKeyId } = await facts.secrets.description();
    return finding(
      isKeyOf(KmsKeyId, key.keyArn) ? [] : expectEqual('the secret’s KMS key', KmsKeyId, key.keyArn),
      'encrypted under the tenant’s key',
    );
  },
  'secrets.policy': async (_, { facts }) => {
    const allowing = (await facts.secrets.policy()).filter(({ effect }) => effect === 'Allow');
    return finding(
      allowing.map((each) => `statement ${nameOf(each)} grants ${whoOf(each)} ${whatOf(each)}`),
      'the resource policy allows nothing',
    );
  },
  'secrets.replicas': async (_, { facts }) => {
    const { ReplicationStatus = [] } = await facts.secrets.description();
    return finding(
      ReplicationStatus.map(({ Region }) => `the secret is replicated to ${Region}`),
      'the secret has no replica',
    );
  },
  'secrets.rotation-function': async ({ region, accountId }, { facts }) => {
    const description = await facts.secrets.description();
    const { RotationEnabled, RotationLambdaARN } = description;
    const isOwn = RotationLambdaARN === rotationFunctionArn(region, accountId);
    if ((RotationEnabled || RotationLambdaARN) && !isOwn)
      return finding([`${RotationLambdaARN ?? 'an AWS service'} rotates the secret`], '');
    // A secret of an earlier release has no rotation function, and none is cancelled.
    return isOwn
      ? finding(neglectOf(description), `the platform’s function rotates the secret every ${ROTATION_DAYS} days`)
      : finding([], 'rotation is off');
  },
  'secrets.current': async (_, { facts }) => {
    const versions = await facts.secrets.staged();
    return finding(stageViolations(versions), `of ${versions.length} versions the latest is in force`);
  },
});
