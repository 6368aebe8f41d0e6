import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { METRICS_NAMESPACE, METRICS_SERVICE } from '../../functions/contract/metrics';
import { workflowNamed } from '../../functions/contract/workflows';
import { STAGES, stages } from '../../infra/config/stages';
import { functionSources } from '../../infra/function-bundles';
import { resourcesOf, stageTemplates } from '../support/stage-templates';

const ROOT = join(__dirname, '../..');

/** Texts of a function: its source, and every file of ours that the source imports. */
function sourcesOf(file: string, seen = new Map<string, string>()): ReadonlyMap<string, string> {
  if (seen.has(file)) return seen;
  const text = readFileSync(file, 'utf8');
  seen.set(file, text);
  for (const [, path = ''] of text.matchAll(/from '(\.[^']+)'/g)) {
    const imported = join(dirname(file), path);
    sourcesOf(/\.\w+$/.test(imported) ? imported : `${imported}.ts`, seen);
  }
  return seen;
}

/** The texts of every function in the template. */
function textsOf(template: Template): string[] {
  const sources = functionSources();
  const names = resourcesOf(template, 'AWS::IAM::Role')
    .map(([, { Properties }]) => String(Properties.RoleName ?? '').replace('tenant-onboarding-', ''))
    .filter((name) => name in sources);
  const texts = new Map<string, string>();
  for (const name of names) sourcesOf(join(ROOT, sources[name] ?? ''), texts);
  return [...texts.values()];
}

/**
 * Metrics of AWS by namespace, with the dimension and the type of resource that it names:
 * "Monitoring Step Functions metrics using Amazon CloudWatch", "Types of metrics for Lambda
 * functions", "Available CloudWatch metrics for Amazon SQS".
 */
const OF_AWS: Readonly<Record<string, { dimension: string; type: string; names: readonly string[] }>> = {
  'AWS/States': {
    dimension: 'StateMachineArn',
    type: 'AWS::StepFunctions::StateMachine',
    names: [
      'ExecutionsStarted',
      'ExecutionsSucceeded',
      'ExecutionsFailed',
      'ExecutionsTimedOut',
      'ExecutionsAborted',
      'ExecutionThrottled',
    ],
  },
  'AWS/Lambda': {
    dimension: 'FunctionName',
    type: 'AWS::Lambda::Function',
    names: ['Duration', 'Errors', 'Invocations', 'Throttles'],
  },
  'AWS/SQS': { dimension: 'QueueName', type: 'AWS::SQS::Queue', names: ['ApproximateNumberOfMessagesVisible'] },
};

interface Widget {
  readonly type: string;
  readonly properties: {
    readonly title?: string;
    readonly metrics?: readonly unknown[][];
    readonly query?: string;
    readonly alarms?: readonly string[];
  };
}

/** The dashboard's body with `<ID>` or `<ID.Attribute>` in place of each reference. */
function widgetsOf(template: Template): Widget[] {
  const [body] = resourcesOf(template, 'AWS::CloudWatch::Dashboard').map(
    ([, { Properties }]) => Properties.DashboardBody['Fn::Join'],
  );
  const [separator, parts]: [string, (string | object)[]] = body;
  const text = parts.map((part) => {
    if (typeof part === 'string') return part;
    const [[kind, of] = []] = Object.entries(part);
    return kind === 'Ref' ? `<${of}>` : `<${(of as string[]).join('.')}>`;
  });
  return JSON.parse(text.join(separator)).widgets;
}

/** A row of a widget's metrics, with CloudWatch's short forms written out: `.` repeats, `...` repeats the rest. */
function metricsOf(rows: readonly unknown[][]): string[][] {
  let last: string[] = [];
  return rows.flatMap((row) => {
    const words = row.filter((word): word is string => typeof word === 'string');
    if (words.length === 0) return [];
    const at = words.indexOf('...');
    const whole =
      at < 0
        ? words
        : [...words.slice(0, at), ...last.slice(at, last.length - (words.length - at - 1)), ...words.slice(at + 1)];
    last = whole.map((word, n) => (word === '.' ? (last[n] ?? '') : word));
    return [last];
  });
}

describe.each(STAGES)('the dashboard of stage %s', (stage) => {
  const { controlPlane } = stageTemplates(stage);
  const resources = controlPlane.toJSON().Resources;
  const widgets = widgetsOf(controlPlane);
  const metrics = widgets.flatMap(({ properties }) => metricsOf(properties.metrics ?? []));
  const texts = textsOf(controlPlane);

  test('shows only metrics that a function of the stage, or an AWS service about a resource of the stage, emits', () => {
    expect(metrics.length).toBeGreaterThan(30);
    for (const [namespace = '', name = '', dimension, value = ''] of metrics) {
      if (namespace === METRICS_NAMESPACE) {
        expect([dimension, value]).toEqual(['service', METRICS_SERVICE]);
        expect([name, texts.some((text) => text.includes(`.count('${name}'`))]).toEqual([name, true]);
        continue;
      }
      const known = OF_AWS[namespace];
      const [, id = ''] = /^<(\w+)/.exec(value) ?? [];
      expect([name, known?.names.includes(name), dimension]).toEqual([name, true, known?.dimension]);
      expect([value, resources[id]?.Type]).toEqual([value, known?.type]);
    }
  });

  test('has the durations of every action of an onboarding', () => {
    const shown = new Set(metrics.filter(([, name]) => name === 'Duration').map(([, , , value = '']) => value));
    const actions = new Set(Object.values(workflowNamed('TenantOnboarding').forward));
    for (const action of actions) expect([...shown].filter((value) => value.startsWith(`<${action}`))).toHaveLength(1);
    expect(shown.size).toBe(actions.size);
  });

  test('shows every alarm of the control plane, and every queue on which something waits for a person', () => {
    const alarms = widgets.flatMap(({ properties }) => properties.alarms ?? []);
    expect([...alarms].sort()).toEqual(
      resourcesOf(controlPlane, 'AWS::CloudWatch::Alarm')
        .map(([id]) => `<${id}.Arn>`)
        .sort(),
    );
    const queues = metrics.filter(([namespace]) => namespace === 'AWS/SQS').map(([, , , value]) => value);
    expect([...queues].sort()).toEqual(
      resourcesOf(controlPlane, 'AWS::SQS::Queue')
        .map(([id]) => `<${id}.QueueName>`)
        .sort(),
    );
  });

  const saved = resourcesOf(controlPlane, 'AWS::Logs::QueryDefinition').map(([, { Properties }]) => Properties);

  test('lists only what is also a saved query', () => {
    const lists = widgets.flatMap(({ properties }) => properties.query ?? []);
    expect(lists.length).toBeGreaterThanOrEqual(3);
    for (const text of lists) expect(saved.filter(({ QueryString }) => text.endsWith(QueryString))).toHaveLength(1);
  });

  test('saved queries search log groups of the stage, at most 50, for message codes that its functions log', () => {
    expect(saved.length).toBeGreaterThanOrEqual(6);
    for (const { Name, LogGroupNames, QueryString } of saved) {
      expect(Name).toMatch(/^tenant-onboarding\/[a-z ]+$/);
      expect(LogGroupNames.length).toBeLessThanOrEqual(50);
      for (const { Ref } of LogGroupNames) expect(resources[Ref]?.Type).toBe('AWS::Logs::LogGroup');
      for (const [, code = ''] of QueryString.matchAll(/message = "([^"]+)"/g))
        expect([code, texts.some((text) => text.includes(`'${code}'`))]).toEqual([code, true]);
    }
  });

  test('the alarm CapacityLow rings when 80 % of the slots are taken, by metrics that Sweep emits', () => {
    const [[, alarm] = []] = resourcesOf(controlPlane, 'AWS::CloudWatch::Alarm').filter(([id]) =>
      id.includes('CapacityLow'),
    );
    expect(alarm?.Properties).toMatchObject({
      Threshold: 80,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'ignore',
      AlarmActions: [expect.anything()],
    });
    const queries: { Id: string; Expression?: string; MetricStat?: { Metric: { MetricName: string } } }[] =
      alarm?.Properties.Metrics;
    const sum = queries.find(({ Expression }) => Expression)?.Expression ?? '';
    const percent = (taken: number, left: number) => new Function('taken', 'left', `return ${sum}`)(taken, left);
    expect([percent(4, 1), percent(79, 21)]).toEqual([80, 79]);
    const sweep = [...sourcesOf(join(ROOT, functionSources().Sweep ?? '')).values()].join('');
    for (const { Id, MetricStat } of queries)
      if (MetricStat) {
        expect({ taken: 'SlotsTaken', left: 'SlotsLeft' }[Id]).toBe(MetricStat.Metric.MetricName);
        expect(sweep).toContain(`.count('${MetricStat.Metric.MetricName}'`);
      }
  });

  test('names the stage’s domain in its heading', () => {
    expect(JSON.stringify(widgets[0])).toContain(stages[stage].domain);
  });
});
