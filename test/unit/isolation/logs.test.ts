import { LOGS_CHECKS } from '../../../functions/isolation/checks/logs';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { policyOf } from '../../support/isolated-tenant';

interface Said {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource?: string;
  readonly NotResource?: string;
}

/** A role whose managed policy has one statement. */
const allowed =
  (statement: Said, name = 'support') =>
  ({ facts }: Scene) =>
    facts.account.principals.push({
      ...facts.account.principals[3],
      ...{ name, arn: `arn:aws:iam::111122223333:role/${name}`, inline: [], managed: policyOf(statement) },
    });

testBreaches(LOGS_CHECKS, [
  [
    'logs.readers',
    'K7: searched by a role',
    allowed({ Action: 'logs:FilterLogEvents', Resource: 'arn:aws:logs:*:*:log-group:/aws/rds/instance/tenant-*' }),
    'role/support may read the tenant’s logs',
  ],
  [
    'logs.readers',
    'K7: read stream by stream',
    allowed({ Action: 'Logs:Get*', Resource: 'arn:aws:logs:*:*:log-group:/tenants/*:log-stream:*' }),
    'role/support may read the tenant’s logs',
  ],
  [
    'logs.readers',
    'K7: sent elsewhere by who may do all with logs',
    allowed({ Action: 'logs:*', Resource: '*' }),
    'role/support may read the tenant’s logs',
  ],
  ['logs.readers', 'K7: all but one', allowed({ Action: 'logs:StartQuery', NotResource: 'arn:x' }), 'role/support'],
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
    ({ facts }) => facts.lists.logPolicies.push({ policyName: 'all', policyDocument: 'arn:theirs' }),
    'policy all sends all logs of the account: arn:theirs',
  ],
  [
    'logs.filters',
    'users become metrics',
    ({ facts }) => (facts.logs.groups[1].metricFilterCount = 1),
    'has 1 metric filters',
  ],
]);

test.each<[string, Said, string]>([
  [
    'the platform’s own logs',
    { Action: 'logs:FilterLogEvents', Resource: 'arn:aws:logs:*:*:log-group:/platform/*' },
    'one',
  ],
  ['no text of a log', { Action: ['logs:DescribeLogGroups', 'logs:PutLogEvents'], Resource: '*' }, 'one'],
  ['nothing', { Effect: 'Deny', Action: 'logs:*', Resource: '*' }, 'one'],
  ['everything, as an administrator', { Action: '*', Resource: '*' }, 'one'],
  ['all logs, as the stage lists it', { Action: 'logs:*', Resource: '*' }, 'security-audit'],
])('K7: who reads %s is no breach', async (_, statement, name) => {
  const readers = LOGS_CHECKS.find(({ id }) => id === 'logs.readers');
  if (!readers) throw new Error('there is no such check');
  expect(await ask(readers, allowed(statement, name))).toMatchObject({ passed: true });
});
