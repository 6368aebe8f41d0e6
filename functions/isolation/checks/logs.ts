import { type Check, checksOf, finding } from '../check';
import { LOGS_METADATA } from '../metadata/logs';

export const LOGS_CHECKS: readonly Check[] = checksOf(LOGS_METADATA, {
  'logs.subscriptions': async (_, { facts }) => {
    const filters = await facts.logs.subscriptions();
    return finding(
      filters.map(
        ({ filterName, logGroupName, destinationArn }) =>
          `subscription ${filterName} sends log group ${logGroupName} to ${destinationArn}`,
      ),
      'no log group has a subscription',
    );
  },
  'logs.account-policies': async (_, { facts }) =>
    finding(
      (await facts.logs.accountPolicies()).map(
        ({ policyName, policyDocument }) => `policy ${policyName} sends all logs of the account: ${policyDocument}`,
      ),
      'no subscription for the whole account',
    ),
  'logs.filters': async (_, { facts }) => {
    const groups = await facts.logs.groups();
    return finding(
      groups.flatMap(({ logGroupName, metricFilterCount = 0 }) =>
        metricFilterCount > 0 ? [`log group ${logGroupName} has ${metricFilterCount} metric filters`] : [],
      ),
      `${groups.length} log groups, none with a metric filter`,
    );
  },
});
