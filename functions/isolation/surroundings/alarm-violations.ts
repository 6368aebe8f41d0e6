import type { Dimension, MetricAlarm, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
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

const DimensionsSchema = z.array(z.object({ Name: z.string(), Value: z.string() })).default([]);
const MetricsSchema = z
  .array(
    z.object({
      Id: z.string(),
      Expression: z.string().optional(),
      MetricStat: z
        .object({
          Metric: z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: DimensionsSchema }),
          Period: z.number(),
          Stat: z.string(),
        })
        .optional(),
    }),
  )
  .default([]);

/** A value that only AWS knows is not compared. */
const isKnown = (value: string) => !/<.*>/.test(value);

function dimensionViolations(
  what: string,
  actual: readonly Dimension[] = [],
  expected: z.output<typeof DimensionsSchema>,
): string[] {
  const known = expected.filter(({ Value }) => isKnown(Value));
  const others = expected.filter(({ Value }) => !isKnown(Value)).map(({ Name }) => Name);
  return expectExactly(
    `dimension of ${what}:`,
    actual.filter(({ Name = '' }) => !others.includes(Name)).map(({ Name, Value }) => `${Name} ${Value}`),
    known.map(({ Name, Value }) => `${Name} ${Value}`),
  );
}

const metricInWords = ({ Id, Expression, MetricStat }: z.output<typeof MetricsSchema>[number] | MetricDataQuery) => {
  const { Metric, Period, Stat } = MetricStat ?? {};
  return [Id, Expression, Metric?.Namespace, Metric?.MetricName, Period, Stat].filter(Boolean).join(' ');
};

/** What an alarm watches: another function's metric may never ring. */
function metricViolations(
  { AlarmName: name, Dimensions, Metrics = [] }: MetricAlarm,
  properties: Properties,
): string[] {
  const metrics = MetricsSchema.parse(properties.Metrics);
  return [
    ...dimensionViolations(`alarm ${name}`, Dimensions, DimensionsSchema.parse(properties.Dimensions)),
    ...expectExactly(`metric of alarm ${name}:`, Metrics.map(metricInWords), metrics.map(metricInWords)),
    ...metrics.flatMap(({ Id, MetricStat }) => {
      const actual = Metrics.find((each) => each.Id === Id)?.MetricStat?.Metric?.Dimensions;
      return MetricStat ? dimensionViolations(`${Id} of alarm ${name}`, actual, MetricStat.Metric.Dimensions) : [];
    }),
  ];
}

type Properties = Readonly<Record<string, unknown>>;

const texts = (value: unknown) => [value ?? []].flat().map(String);

/** Whoever works in this account may be told, too. */
function actionViolations({ AlarmName, AlarmActions = [] }: MetricAlarm, expected: readonly string[]): string[] {
  const accounts = expected.map((arn) => arn.split(':')[4]);
  const own = AlarmActions.filter((arn) => expected.includes(arn) || !accounts.includes(arn.split(':')[4]));
  return expectExactly(`action of alarm ${AlarmName}`, own, expected);
}

function violationsOf(alarm: MetricAlarm, properties: Properties): string[] {
  const name = alarm.AlarmName;
  return [
    ...COMPARED.filter((property) => properties[property] !== undefined).flatMap((property) =>
      expectEqual(`${property} of alarm ${name}`, String(alarm[property]), String(properties[property])),
    ),
    ...metricViolations(alarm, properties),
    ...actionViolations(alarm, texts(properties.AlarmActions)),
  ];
}

/** Alarms that are not there any more, or ring at another time or for somebody else than their template says. */
export const alarmViolations = (alarms: readonly MetricAlarm[], expected: readonly ExpectedResource[]): string[] =>
  expected.flatMap(({ physicalId, properties }) => {
    const alarm = alarms.find(({ AlarmName }) => AlarmName === physicalId);
    return alarm ? violationsOf(alarm, properties) : [`alarm ${physicalId} does not exist`];
  });
