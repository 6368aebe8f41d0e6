import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { expectEqual, expectExactly } from '../check';
import type { ExpectedResource } from '../release/resolve-template';

/** What decides when an alarm rings. */
const COMPARED = [
  'ComparisonOperator',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'MetricName',
  'Namespace',
  'Period',
  'Statistic',
  'Threshold',
  'TreatMissingData',
] as const;

const texts = (value: unknown) => [value ?? []].flat().map(String);

/** Whoever works in this account may be told, too. */
function actionViolations({ AlarmName, AlarmActions = [] }: MetricAlarm, expected: readonly string[]): string[] {
  const accounts = expected.map((arn) => arn.split(':')[4]);
  const own = AlarmActions.filter((arn) => expected.includes(arn) || !accounts.includes(arn.split(':')[4]));
  return expectExactly(`action of alarm ${AlarmName}`, own, expected);
}

function violationsOf(alarm: MetricAlarm, properties: Readonly<Record<string, unknown>>): string[] {
  const name = alarm.AlarmName;
  return [
    ...COMPARED.filter((property) => properties[property] !== undefined).flatMap((property) =>
      expectEqual(`${property} of alarm ${name}`, String(alarm[property]), String(properties[property])),
    ),
    ...actionViolations(alarm, texts(properties.AlarmActions)),
  ];
}

/** Alarms that are not there any more, or ring at another time or for somebody else than their template says. */
export const alarmViolations = (alarms: readonly MetricAlarm[], expected: readonly ExpectedResource[]): string[] =>
  expected.flatMap(({ physicalId, properties }) => {
    const alarm = alarms.find(({ AlarmName }) => AlarmName === physicalId);
    return alarm ? violationsOf(alarm, properties) : [`alarm ${physicalId} does not exist`];
  });
