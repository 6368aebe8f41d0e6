import { Duration } from 'aws-cdk-lib';
import { Alarm, type ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { type RunbookSection, runbookLink } from './runbook-link';

/**
 * With `rings`, an alarm whose metric stops reporting goes to INSUFFICIENT_DATA, which notifies
 * too. Every alarm begins in that state. So the alarm of a new stage is silent until its metric
 * has reported once ("Configuring how CloudWatch alarms treat missing data").
 */
const WITHOUT_DATA = {
  quiet: TreatMissingData.NOT_BREACHING,
  rings: TreatMissingData.MISSING,
  'as-before': TreatMissingData.IGNORE,
} as const;

export interface PlatformAlarmProps {
  readonly metric: IMetric;
  /**
   * What customers or operators notice while the alarm rings. An alarm without an impact is not
   * worth a message.
   */
  readonly impact: string;
  readonly runbook: RunbookSection;
  readonly config: Pick<StageConfig, 'runbookUrl'>;
  readonly topic: ITopic;
  /** The alarm rings at this value or above. */
  readonly threshold?: number;
  readonly evaluationPeriods?: number;
  readonly comparisonOperator?: ComparisonOperator;
  /**
   * What missing data means: no problem (default), a problem because the metric must always
   * report, or no change.
   */
  readonly withoutData?: keyof typeof WITHOUT_DATA;
  /**
   * Whether the end of the alarm is announced too, where somebody waits for it. Most alarms ring
   * for an event.
   */
  readonly tellsWhenOver?: boolean;
}

/** Sums of one minute. */
export const PER_MINUTE = { period: Duration.minutes(1), statistic: 'Sum' } as const;

/** Alarms by their construct ids. */
export type AlarmTable = Readonly<Record<string, Omit<PlatformAlarmProps, 'topic' | 'config'>>>;

/** Makes each alarm of a table. */
export function platformAlarms(
  scope: Construct,
  { config, topic }: Pick<PlatformAlarmProps, 'topic' | 'config'>,
  table: AlarmTable,
): void {
  for (const [id, alarm] of Object.entries(table)) new PlatformAlarm(scope, id, { ...alarm, config, topic });
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
      alarmDescription: `Impact: ${props.impact} What to do: ${runbookLink(props.config, props.runbook)}`,
    });
    const notify = new SnsAction(props.topic);
    this.alarm.addAlarmAction(notify);
    if (props.withoutData === 'rings') this.alarm.addInsufficientDataAction(notify);
    if (props.tellsWhenOver) this.alarm.addOkAction(notify);
  }
}
