import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  type IMetric,
  MathExpression,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ApplicationLoadBalancer } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Colour } from '../../functions/contract/cell';
import type { StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { PlatformAlarm } from '../constructs/platform-alarm';
import { runbookLink } from '../constructs/runbook-link';
import type { ColourService } from './colour-service';

const PERIOD = Duration.minutes(1);

export interface CellAlarmsProps {
  readonly config: StageConfig;
  readonly topic: ITopic;
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly colours: Readonly<Record<Colour, ColourService>>;
}

/**
 * Requests for which no task could answer: no task, no connection, or no answer in time.
 *
 * A 503 may also be the fixed response for a tenant that is being set up or suspended, which is no
 * error. No metric counts only these. `HTTP_Fixed_Response_Count` also counts the 404s for unknown
 * hosts. `HTTPCode_ELB_4XX_Count` counts at least those 404s. So the difference is at most the
 * number of fixed 503s ("CloudWatch metrics for your Application Load Balancer"). A metric without
 * requests is missing and counts as 0.
 */
function failedRequests({ metrics }: ApplicationLoadBalancer): IMetric {
  const count = (name: string) => metrics.custom(name, { period: PERIOD, statistic: 'Sum' });
  const closed = new MathExpression({
    expression: 'IF(FILL(fixed, 0) > FILL(unknown, 0), FILL(fixed, 0) - FILL(unknown, 0), 0)',
    usingMetrics: { fixed: count('HTTP_Fixed_Response_Count'), unknown: count('HTTPCode_ELB_4XX_Count') },
    period: PERIOD,
  });
  const withoutTarget = new MathExpression({
    expression: 'IF(FILL(unavailable, 0) > closed, FILL(unavailable, 0) - closed, 0)',
    usingMetrics: { unavailable: count('HTTPCode_ELB_503_Count'), closed },
    period: PERIOD,
  });
  return new MathExpression({
    label: 'requests that no task answered',
    expression: 'FILL(internal, 0) + FILL(gateway, 0) + FILL(timeout, 0) + withoutTarget',
    usingMetrics: {
      internal: count('HTTPCode_ELB_500_Count'),
      gateway: count('HTTPCode_ELB_502_Count'),
      timeout: count('HTTPCode_ELB_504_Count'),
      withoutTarget,
    },
    period: PERIOD,
  });
}

export class CellAlarms extends Construct {
  /** Alarms that ring when visitors get errors. */
  readonly names: readonly string[];

  constructor(scope: Construct, id: string, props: CellAlarmsProps) {
    super(scope, id);
    const { config, topic, loadBalancer, colours } = props;
    const unhealthy = this.unhealthy(props, [
      this.empty('BlueEmpty', colours.blue),
      this.empty('GreenEmpty', colours.green),
    ]);
    const errors = new PlatformAlarm(this, 'CellErrors', {
      metric: failedRequests(loadBalancer),
      threshold: 10,
      tellsWhenOver: true,
      evaluationPeriods: 3,
      impact: 'visitors get errors instead of the pages of tenants in the cell.',
      runbook: 'docs/runbook.md#cell-errors',
      config,
      topic,
    });
    this.names = [errors.alarm.alarmName, unhealthy.alarmName];
  }

  /** This alarm has no action: the idle colour is always in alarm. */
  private empty(id: string, { targetGroup }: ColourService): IAlarm {
    const alarm = new Alarm(this, id, {
      metric: targetGroup.metrics.healthyHostCount({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 1,
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 5,
      // A target group without targets reports nothing.
      treatMissingData: TreatMissingData.BREACHING,
      alarmDescription: 'Part of CellUnhealthy. The idle colour of a cell has no task: by itself this is no fault.',
    });
    return asInterface<IAlarm>(alarm);
  }

  /**
   * The template does not know which colour is live. So this alarm rings when no colour has a
   * healthy task. During a release both colours have tasks; then CellErrors rings for a live
   * colour without tasks.
   */
  private unhealthy({ config, topic }: CellAlarmsProps, everyColour: IAlarm[]): CompositeAlarm {
    const impact =
      'no task of the live colour is healthy. The pages of all tenants in the cell fail, and it takes no new tenant.';
    const alarm = new CompositeAlarm(this, 'CellUnhealthyInEveryColour', {
      alarmRule: AlarmRule.allOf(...everyColour),
      alarmDescription: `Impact: ${impact} What to do: ${runbookLink(config, 'docs/runbook.md#cell-unhealthy')}`,
    });
    const notify = new SnsAction(topic);
    alarm.addAlarmAction(notify);
    alarm.addOkAction(notify);
    return alarm;
  }
}
