import { type CloudWatchLogsClient, type LogGroup, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import { everyItem } from '../../shared/paging';
import { type Subject, tenantIdOf } from '../subject';
import { readOnce } from './reading';

export interface LogFacts {
  /**
   * The log groups of the tenant's network and of its databases: every group whose name contains
   * the tenant's id ("DescribeLogGroups": a pattern is a part of the name).
   */
  readonly groups: () => Promise<readonly LogGroup[]>;
}

export const logFacts = (client: CloudWatchLogsClient, subject: Subject): LogFacts => ({
  groups: readOnce(() => {
    const logGroupNamePattern = tenantIdOf(subject);
    return everyItem(paginateDescribeLogGroups({ client }, { logGroupNamePattern }), (page) => page.logGroups);
  }),
});
