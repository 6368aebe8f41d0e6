import { STAGES, stages } from '../../infra/config/stages';
import { resourcesOf, stageTemplates } from '../support/stage-templates';

describe.each(STAGES)('D10: the alarms of stage %s', (stage) => {
  const { all } = stageTemplates(stage);
  const alarms = all.flatMap((template) => resourcesOf(template, 'AWS::CloudWatch::Alarm'));
  const notifying = alarms.filter(([, { Properties }]) => Properties.AlarmActions);

  test('are silent on a new stage, whose metrics have not reported yet', () => {
    expect(notifying.length).toBeGreaterThan(10);
    const ringing = notifying.filter(([, { Properties }]) => Properties.TreatMissingData === 'breaching');
    expect(ringing.map(([id]) => id)).toEqual([]);
  });

  test('ring when a metric that must always report is missing', () => {
    const stopping = notifying.filter(([, { Properties }]) => Properties.TreatMissingData === 'missing');
    expect(stopping.length).toBeGreaterThan(0);
    for (const [id, { Properties }] of stopping)
      expect([id, Properties.InsufficientDataActions]).toEqual([id, Properties.AlarmActions]);
  });

  test('announce their end only where somebody waits for it', () => {
    const told = notifying.filter(([, { Properties }]) => Properties.OKActions).map(([id]) => id);
    expect(told.filter((id) => !id.includes('CellErrors'))).toEqual([]);
    expect(told.length).toBeGreaterThan(0);
  });
});

interface Query {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: { readonly Metric: { readonly MetricName: string } };
  readonly ReturnData?: boolean;
}

/** CloudWatch's functions, for one minute. A metric that reports nothing is `undefined`. */
const FILL = (value: number | undefined, otherwise: number) => value ?? otherwise;
const IF = (condition: boolean, then: number, otherwise: number) => (condition ? then : otherwise);

/** The value that an alarm on metric math compares with its threshold. */
function evaluated(queries: readonly Query[], reported: Readonly<Record<string, number>>): number {
  const known = new Map<string, number | undefined>();
  const named = (id: string): number | undefined => {
    const query = queries.find(({ Id }) => Id === id);
    if (query?.MetricStat) return reported[query.MetricStat.Metric.MetricName];
    const names = queries.map(({ Id }) => Id).filter((each) => query?.Expression?.match(new RegExp(`\\b${each}\\b`)));
    const values = names.map((name) => (known.has(name) ? known.get(name) : named(name)));
    const evaluate = new Function('FILL', 'IF', ...names, `return ${query?.Expression}`);
    known.set(id, evaluate(FILL, IF, ...values));
    return known.get(id);
  };
  return named(queries.find(({ ReturnData }) => ReturnData !== false)?.Id ?? '') ?? Number.NaN;
}

describe('D10: CellErrors', () => {
  const alarms = stageTemplates('local').cells.flatMap((cell) => resourcesOf(cell, 'AWS::CloudWatch::Alarm'));
  const [, alarm] = alarms.find(([id]) => id.includes('CellErrors')) ?? [];
  const errors = (reported: Record<string, number>) => evaluated(alarm?.Properties.Metrics, reported);
  const fixed = (count: number) => ({ HTTP_Fixed_Response_Count: count });

  test.each([
    ['nobody asks', {}, 0],
    ['a suspended tenant has 100 visitors', { HTTPCode_ELB_503_Count: 100, ...fixed(100) }, 0],
    ['a scanner asks for 500 unknown hosts', { HTTPCode_ELB_4XX_Count: 500, ...fixed(500) }, 0],
    ['both', { HTTPCode_ELB_503_Count: 100, HTTPCode_ELB_4XX_Count: 500, ...fixed(600) }, 0],
    ['a colour has no task', { HTTPCode_ELB_503_Count: 50 }, 50],
    ['so, beside a scanner', { HTTPCode_ELB_503_Count: 50, HTTPCode_ELB_4XX_Count: 500, ...fixed(500) }, 50],
    ['so, beside a suspended tenant', { HTTPCode_ELB_503_Count: 70, ...fixed(20) }, 50],
    ['tasks do not answer', { HTTPCode_ELB_502_Count: 3, HTTPCode_ELB_504_Count: 4, HTTPCode_ELB_500_Count: 1 }, 8],
    ['so, beside a suspended tenant that AWS counts otherwise', { HTTPCode_ELB_502_Count: 3, ...fixed(100) }, 3],
  ])('when %s, %j counts as %d errors', (_, reported, expected) => {
    expect(errors(reported)).toBe(expected);
  });
});

test.each(STAGES)(
  'D10: stage %s has an alarm for a certificate that is not renewed, if it has a certificate',
  (stage) => {
    const alarms = resourcesOf(stageTemplates(stage).controlPlane, 'AWS::CloudWatch::Alarm');
    const ofCertificate = alarms.filter(([, { Properties }]) => Properties.MetricName === 'DaysToExpiry');
    const { certificateArn } = stages[stage];
    expect(ofCertificate).toHaveLength(certificateArn ? 1 : 0);
    for (const [, { Properties }] of ofCertificate)
      expect(Properties).toMatchObject({
        Dimensions: [{ Name: 'CertificateArn', Value: certificateArn }],
        ComparisonOperator: 'LessThanThreshold',
        Statistic: 'Minimum',
        Threshold: 30,
      });
  },
);
