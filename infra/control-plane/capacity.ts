import { Duration } from 'aws-cdk-lib';
import { MathExpression } from 'aws-cdk-lib/aws-cloudwatch';
import { platformMetric } from '../constructs/metrics';

/** A new cell takes days, as its quotas have to be raised: the alarm leaves a fifth of the slots. */
export const CAPACITY_ALARM_PERCENT = 80;

const PERIOD = Duration.minutes(5);

/** Percentage of all cells' slots that are taken. Sweep counts them (functions/runs/count-slots.ts). */
export const slotsUsedPercent = () =>
  new MathExpression({
    label: 'percent used',
    expression: '100 * taken / (taken + left)',
    usingMetrics: {
      taken: platformMetric('SlotsTaken', PERIOD, 'Maximum'),
      left: platformMetric('SlotsLeft', PERIOD, 'Minimum'),
    },
    period: PERIOD,
  });
