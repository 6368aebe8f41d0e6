import { Alarm, type ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/** A section of docs/runbook.md: what the alarm means, how to find the cause, how to mend it. */
export type RunbookLink = `docs/runbook.md#${string}`;

const WITHOUT_DATA = {
  quiet: TreatMissingData.NOT_BREACHING,
  rings: TreatMissingData.BREACHING,
  'as-before': TreatMissingData.IGNORE,
} as const;

export interface PlatformAlarmProps {
  readonly metric: IMetric;
  /** What customers or operators suffer while it rings; an alarm without an impact is noise. */
  readonly impact: string;
  readonly runbook: RunbookLink;
  readonly topic: ITopic;
  /** Rings at this value or above. */
  readonly threshold?: number;
  readonly evaluationPeriods?: number;
  readonly comparisonOperator?: ComparisonOperator;
  /** What no data means: nothing (the default), bad news for what must always report, or no change. */
  readonly withoutData?: keyof typeof WITHOUT_DATA;
}

export class PlatformAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, id: string, props: PlatformAlarmProps) {
    super(scope, id);
    this.alarm = new Alarm(this, 'Alarm', {
      metric: props.metric,
      threshold: props.threshold ?? 1,
      evaluationPeriods: props.evaluationPeriods ?? 1,
      ...(props.comparisonOperator && { comparisonOperator: props.comparisonOperator }),
      treatMissingData: WITHOUT_DATA[props.withoutData ?? 'quiet'],
      alarmDescription: `Impact: ${props.impact} What to do: ${props.runbook}`,
    });
    const notify = new SnsAction(props.topic);
    this.alarm.addAlarmAction(notify);
    this.alarm.addOkAction(notify);
  }
}
