import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  AlarmRule,
  ComparisonOperator,
  CompositeAlarm,
  type IAlarm,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { type ApplicationLoadBalancer, HttpCodeElb } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Colour } from '../../functions/contract/cell';
import { asInterface } from '../constructs/cdk-interface';
import { PlatformAlarm } from '../constructs/platform-alarm';
import type { ColourService } from './colour-service';

export interface CellAlarmsProps {
  readonly topic: ITopic;
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly colours: Readonly<Record<Colour, ColourService>>;
}

export class CellAlarms extends Construct {
  constructor(scope: Construct, id: string, props: CellAlarmsProps) {
    super(scope, id);
    const { topic, loadBalancer, colours } = props;
    this.unhealthy(topic, [this.empty('BlueEmpty', colours.blue), this.empty('GreenEmpty', colours.green)]);
    new PlatformAlarm(this, 'CellErrors', {
      // Of the load balancer itself: a tenant's 503 "being set up" is a fixed response and not among them.
      metric: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, {
        period: Duration.minutes(1),
        statistic: 'Sum',
      }),
      threshold: 10,
      tellsWhenOver: true,
      evaluationPeriods: 3,
      impact: 'visitors get errors instead of the pages of tenants in the cell.',
      runbook: 'docs/runbook.md#cell-errors',
      topic,
    });
  }

  /** It has no action: the idle colour is always in alarm. */
  private empty(id: string, { targetGroup }: ColourService): IAlarm {
    const alarm = new Alarm(this, id, {
      metric: targetGroup.metrics.healthyHostCount({ period: Duration.minutes(1), statistic: 'Maximum' }),
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
   * Which colour is live, the template does not know: it rings when neither has a healthy task. While a release runs both, it
   * is CellErrors that tells of a live colour without tasks.
   */
  private unhealthy(topic: ITopic, everyColour: IAlarm[]): void {
    const impact =
      'no task of the live colour is healthy. The pages of all tenants in the cell fail, and it takes no new tenant.';
    const alarm = new CompositeAlarm(this, 'CellUnhealthyInEveryColour', {
      alarmRule: AlarmRule.allOf(...everyColour),
      alarmDescription: `Impact: ${impact} What to do: docs/runbook.md#cell-unhealthy`,
    });
    const notify = new SnsAction(topic);
    alarm.addAlarmAction(notify);
    alarm.addOkAction(notify);
  }
}
