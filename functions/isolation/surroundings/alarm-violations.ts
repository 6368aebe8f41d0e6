import type { CompositeAlarm, Dimension, MetricAlarm, MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import * as z from 'zod';
import { expectEqual, expectExactly } from '../check';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType } from './expected-of';

/** What decides when an alarm rings. */
const COMPARED = [
  'ComparisonOperator',
  'EvaluateLowSampleCountPercentile',
  'EvaluationPeriods',
  'DatapointsToAlarm',
  'ExtendedStatistic',
  'MetricName',
  'Namespace',
  'Period',
  'Statistic',
  'Threshold',
  'ThresholdMetricId',
  'TreatMissingData',
  'Unit',
] as const;

/** "PutMetricAlarm": what counts where neither the template nor the alarm says it. */
const DEFAULTS: Readonly<Record<string, string>> = { TreatMissingData: 'missing' };

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
          Unit: z.string().optional(),
        })
        .optional(),
      AccountId: z.string().optional(),
      ReturnData: z.boolean().optional(),
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

/** @param own the alarm's account: that a metric is of this one need not be said */
const metricInWords = (query: z.output<typeof MetricsSchema>[number] | MetricDataQuery, own: string | undefined) => {
  const { Id, Expression, MetricStat, AccountId, ReturnData } = query;
  const { Metric, Period, Stat, Unit } = MetricStat ?? {};
  return [
    ...[
      Id,
      Expression,
      Metric?.Namespace,
      Metric?.MetricName,
      Period,
      Stat,
      Unit,
      AccountId && AccountId !== own && `of ${AccountId}`,
    ],
    // "MetricDataQuery": the alarm compares the one that is returned.
    ReturnData === false && 'for another expression',
  ]
    .filter(Boolean)
    .join(' ');
};

/** What an alarm watches: another function's metric may never ring. */
function metricViolations(
  { AlarmName: name, AlarmArn = '', Dimensions, Metrics = [] }: MetricAlarm,
  properties: Properties,
): string[] {
  const metrics = MetricsSchema.parse(properties.Metrics);
  const own = AlarmArn.split(':')[4];
  return [
    ...dimensionViolations(`alarm ${name}`, Dimensions, DimensionsSchema.parse(properties.Dimensions)),
    ...expectExactly(
      `metric of alarm ${name}:`,
      Metrics.map((each) => metricInWords(each, own)),
      metrics.map((each) => metricInWords(each, own)),
    ),
    ...metrics.flatMap(({ Id, MetricStat }) => {
      const actual = Metrics.find((each) => each.Id === Id)?.MetricStat?.Metric?.Dimensions;
      return MetricStat ? dimensionViolations(`${Id} of alarm ${name}`, actual, MetricStat.Metric.Dimensions) : [];
    }),
  ];
}

type Properties = Readonly<Record<string, unknown>>;

const texts = (value: unknown) => [value ?? []].flat().map(String);

type Acting = Pick<MetricAlarm, 'AlarmArn' | 'AlarmName' | 'AlarmActions' | 'OKActions' | 'InsufficientDataActions'>;

/** Whoever works in this account may be told, too: that an alarm rings, that it is over, and that nothing reports. */
function actionViolations(alarm: Acting, properties: Properties): string[] {
  const expected = texts(properties.AlarmActions);
  const accounts = [alarm.AlarmArn, ...expected].flatMap((arn) => arn?.split(':')[4] ?? []);
  const strangersIn = (actual: readonly string[] = [], known: readonly string[]) =>
    actual.filter((arn) => known.includes(arn) || !accounts.includes(arn.split(':')[4] ?? ''));
  const { AlarmName, AlarmActions, OKActions, InsufficientDataActions } = alarm;
  const ends = [...texts(properties.OKActions), ...texts(properties.InsufficientDataActions)];
  return [
    ...expectExactly(`action of alarm ${AlarmName}`, strangersIn(AlarmActions, expected), expected),
    ...strangersIn([...(OKActions ?? []), ...(InsufficientDataActions ?? [])], [])
      .filter((arn) => !ends.includes(arn))
      .map((arn) => `${arn} hears when alarm ${AlarmName} ends or has no data`),
  ];
}

const textOf = (value: unknown, property: string) =>
  value === undefined || value === '' ? DEFAULTS[property] : String(value);

/** How an alarm on metrics differs from the properties that a template gives it. */
export function metricAlarmViolations(alarm: MetricAlarm, properties: Properties): string[] {
  const name = alarm.AlarmName;
  return [
    ...COMPARED.flatMap((property) =>
      expectEqual(
        `${property} of alarm ${name}`,
        textOf(alarm[property], property),
        textOf(properties[property], property),
      ),
    ),
    ...metricViolations(alarm, properties),
    ...actionViolations(alarm, properties),
  ];
}

/** A composite alarm rings by other alarms, and another one may keep it quiet ("PutCompositeAlarm"). */
function compositeViolations(alarm: CompositeAlarm, properties: Properties): string[] {
  const name = alarm.AlarmName;
  return [
    ...expectEqual(`the rule of alarm ${name}`, alarm.AlarmRule, String(properties.AlarmRule)),
    ...(alarm.ActionsSuppressor === undefined || alarm.ActionsSuppressor === properties.ActionsSuppressor
      ? []
      : [`alarm ${alarm.ActionsSuppressor} keeps alarm ${name} quiet`]),
    ...actionViolations(alarm, properties),
  ];
}

export interface Alarms {
  readonly metric: readonly MetricAlarm[];
  readonly composite: readonly CompositeAlarm[];
}

/** Alarms that are not there any more, or ring at another time or for somebody else than their template says. */
export function alarmViolations({ metric, composite }: Alarms, resources: readonly ExpectedResource[]): string[] {
  const compared = <T extends { AlarmName?: string | undefined }>(
    type: string,
    alarms: readonly T[],
    differences: (alarm: T, properties: Properties) => string[],
  ) =>
    ofType(resources, type).flatMap(({ physicalId, properties }) => {
      const alarm = alarms.find(({ AlarmName }) => AlarmName === physicalId);
      return alarm ? differences(alarm, properties) : [`alarm ${physicalId} does not exist`];
    });
  return [
    ...compared('AWS::CloudWatch::Alarm', metric, metricAlarmViolations),
    ...compared('AWS::CloudWatch::CompositeAlarm', composite, compositeViolations),
  ];
}
