import { type CloudWatchClient, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { everyItem } from '../../shared/paging';
import type { FindAlarms } from './alarm-facts';

export const findAlarms =
  (client: CloudWatchClient): FindAlarms =>
  (AlarmNamePrefix) =>
    everyItem(paginateDescribeAlarms({ client }, { AlarmNamePrefix }), (page) => page.MetricAlarms);
