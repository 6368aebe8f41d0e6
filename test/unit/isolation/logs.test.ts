import { LOGS_CHECKS } from '../../../functions/isolation/checks/logs';
import { testBreaches } from '../../support/breaches';

testBreaches(LOGS_CHECKS, [
  [
    'logs.subscriptions',
    'streamed to another account',
    ({ facts }) =>
      facts.logs.subscriptions.push({
        filterName: 'all',
        logGroupName: '/aws/rds/instance/x/postgresql',
        destinationArn: 'arn:aws:logs:eu-central-1:999999999999:destination:theirs',
      }),
    'to arn:aws:logs:eu-central-1:999999999999:destination:theirs',
  ],
  [
    'logs.account-policies',
    'a subscription of all',
    ({ facts }) => facts.logs.accountPolicies.push({ policyName: 'all', policyDocument: 'arn:theirs' }),
    'policy all sends all logs of the account: arn:theirs',
  ],
  [
    'logs.filters',
    'users become metrics',
    ({ facts }) => (facts.logs.groups[1].metricFilterCount = 1),
    'has 1 metric filters',
  ],
]);
