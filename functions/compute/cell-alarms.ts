import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import type { CellDescriptor } from '../contract/cell';

/**
 * The alarms of a cell that began to ring after a moment. One that rings since before says nothing
 * about what came after, and one without data says nothing at all.
 *
 * "MetricAlarm" of the CloudWatch API reference: StateTransitionedTimestamp is when the state changed
 * last, StateUpdatedTimestamp when it was evaluated last.
 */
export async function alarmsSince(
  cloudwatch: Pick<CloudWatchClient, 'send'>,
  { alarmNames }: Pick<CellDescriptor, 'alarmNames'>,
  since: Date,
): Promise<readonly string[]> {
  if (!alarmNames?.length) return [];
  const { MetricAlarms = [], CompositeAlarms = [] } = await cloudwatch.send(
    new DescribeAlarmsCommand({ AlarmNames: alarmNames, AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
  );
  return [...MetricAlarms, ...CompositeAlarms].flatMap(({ AlarmName, StateValue, StateTransitionedTimestamp }) =>
    AlarmName && StateValue === 'ALARM' && StateTransitionedTimestamp && StateTransitionedTimestamp >= since
      ? [AlarmName]
      : [],
  );
}
