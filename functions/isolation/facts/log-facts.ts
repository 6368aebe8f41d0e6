import {
  type CloudWatchLogsClient,
  type LogGroup,
  paginateDescribeLogGroups,
  paginateDescribeSubscriptionFilters,
  type SubscriptionFilter,
} from '@aws-sdk/client-cloudwatch-logs';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce } from './reading';

export interface LogFacts {
  /**
   * The log groups of the tenant's network and of its databases: every group whose name contains
   * the tenant's id ("DescribeLogGroups": a pattern is a part of the name).
   */
  readonly groups: () => Promise<readonly LogGroup[]>;
  /** Whatever the groups' events are sent to. */
  readonly subscriptions: () => Promise<readonly SubscriptionFilter[]>;
}

export function logFacts(client: CloudWatchLogsClient, subject: Subject): LogFacts {
  const groups = readOnce(() => {
    const logGroupNamePattern = tenantIdOf(subject);
    return everyItem(paginateDescribeLogGroups({ client }, { logGroupNamePattern }), (page) => page.logGroups);
  });
  const subscriptionsOf = (logGroupName: string | undefined) =>
    everyItem(paginateDescribeSubscriptionFilters({ client }, { logGroupName }), (page) => page.subscriptionFilters);
  return {
    groups,
    subscriptions: readOnce(async () => {
      const named = await groups();
      return (await settled(named.map(({ logGroupName }) => subscriptionsOf(logGroupName)))).flat();
    }),
  };
}
