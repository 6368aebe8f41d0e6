import { type CloudWatchLogsClient, type LogGroup, paginateDescribeLogGroups } from '@aws-sdk/client-cloudwatch-logs';
import { tenantNames } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { type Subject, tenantIdOf } from '../subject';
import { once } from './reading';

export interface LogFacts {
  /** The log groups of the tenant's network and of its databases. */
  readonly groups: () => Promise<readonly LogGroup[]>;
}

const logGroupPrefixes = (tenantId: string) => [
  `/tenants/${tenantId}/`,
  `/aws/rds/instance/${tenantNames.database(tenantId)}`,
];

export const logFacts = (client: CloudWatchLogsClient, subject: Subject): LogFacts => ({
  groups: once(async () => {
    const groups = await Promise.all(
      logGroupPrefixes(tenantIdOf(subject)).map((logGroupNamePrefix) =>
        everyItem(paginateDescribeLogGroups({ client }, { logGroupNamePrefix }), (page) => page.logGroups),
      ),
    );
    return groups.flat();
  }),
});
