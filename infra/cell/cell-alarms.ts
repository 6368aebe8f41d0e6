import { Duration } from 'aws-cdk-lib';
import { ComparisonOperator } from 'aws-cdk-lib/aws-cloudwatch';
import { type ApplicationLoadBalancer, HttpCodeElb } from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { PlatformAlarm } from '../constructs/platform-alarm';
import type { ColourService } from './colour-service';

export interface CellAlarmsProps {
  readonly topic: ITopic;
  readonly loadBalancer: ApplicationLoadBalancer;
  readonly live: ColourService;
}

export class CellAlarms extends Construct {
  constructor(scope: Construct, id: string, props: CellAlarmsProps) {
    super(scope, id);
    const { topic, loadBalancer, live } = props;
    new PlatformAlarm(this, 'CellUnhealthy', {
      metric: live.targetGroup.metrics.healthyHostCount({ period: Duration.minutes(1), statistic: 'Maximum' }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 5,
      withoutData: 'rings',
      impact:
        'no task of the live colour is healthy; pages of all tenants of the cell fail, and it takes no new tenant.',
      runbook: 'docs/runbook.md#cell-unhealthy',
      topic,
    });
    new PlatformAlarm(this, 'CellErrors', {
      // Of the load balancer itself: a tenant's 503 "being set up" is a fixed response and not among them.
      metric: loadBalancer.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, {
        period: Duration.minutes(1),
        statistic: 'Sum',
      }),
      threshold: 10,
      evaluationPeriods: 3,
      impact: 'visitors of tenants of the cell get errors instead of pages.',
      runbook: 'docs/runbook.md#cell-errors',
      topic,
    });
  }
}
