import { LOGS_CHECKS } from '../../../functions/isolation/checks/logs';
import { logGroupsOf } from '../../../functions/isolation/subject';
import { ask, type Scene, testBreaches } from '../../support/breaches';
import { aStage, policyOf } from '../../support/isolated-tenant';

interface Said {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action?: string | string[];
  readonly NotAction?: string | string[];
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

/** A resource policy of all logs of the account. */
const admitted =
  (statement: object) =>
  ({ facts }: Scene) => {
    const policyDocument = JSON.stringify({ Statement: { Effect: 'Allow', ...statement } });
    facts.lists.logGrants.push({ policyName: 'support', policyDocument });
  };

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
  [
    'logs.readers',
    'K7: by who may do everything with them',
    allowed({ Action: '*', Resource: 'arn:aws:logs:*:*:log-group:/tenants/*' }),
    'role/support may read the tenant’s logs',
  ],
  [
    'logs.readers',
    'K7: by who may do all but one thing with them',
    allowed({ NotAction: 'logs:DeleteLogGroup', Resource: 'arn:aws:logs:*:*:log-group:*' }),
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
    ({ facts }) =>
      facts.lists.logPolicies.push({ policyName: 'all', policyDocument: '{"DestinationArn":"arn:theirs"}' }),
    'policy all sends all logs of the account: {"DestinationArn":"arn:theirs"}',
  ],
  [
    'logs.account-policies',
    'findings that are sent away',
    ({ facts }) => {
      const Operation = { Audit: { FindingsDestination: { S3: { Bucket: 'theirs' } } } };
      facts.lists.logFindings.push({
        policyName: 'find',
        policyDocument: JSON.stringify({ Statement: [{ Operation }] }),
      });
    },
    'policy find sends what it finds in all logs of the account to S3 {"Bucket":"theirs"}',
  ],
  [
    'logs.data-protection',
    'a policy of its own',
    ({ facts }) => (facts.logs.groups[1].dataProtectionStatus = 'ACTIVATED'),
    'has a data protection policy',
  ],
  [
    'logs.resource-policies',
    'read by whom a pattern names',
    admitted({ Action: 'logs:Get*', Principal: { AWS: '*' }, Resource: 'arn:aws:logs:*:*:log-group:/ten?nts/*' }),
    'policy support has the statement Allow logs:Get* for *',
  ],
  [
    'logs.resource-policies',
    'all but one action',
    admitted({ NotAction: 'logs:PutLogEvents', Principal: { Service: 'x.amazonaws.com' }, Resource: '*' }),
    'policy support has the statement Allow',
  ],
  [
    'logs.resource-policies',
    'its own policy without a resource',
    ({ facts, subject }) => {
      const resourceArn = `arn:aws:logs:${subject.region}:${subject.accountId}:log-group:${logGroupsOf(subject)[0]}:*`;
      const Statement = { Effect: 'Allow', Action: 'logs:StartQuery', Principal: { AWS: '999999999999' } };
      facts.lists.logGrants.push({ resourceArn, policyDocument: JSON.stringify({ Statement }) });
    },
    'for AWS:999999999999',
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
  ['everything of another service', { Action: '*', Resource: 'arn:aws:s3:::*' }, 'one'],
  ['all but the reading of them', { NotAction: ['logs:*'], Resource: 'arn:aws:logs:*:*:log-group:*' }, 'one'],
  ['everything, as an administrator', { Action: '*', Resource: '*' }, 'one'],
  ['all logs, as the stage lists it', { Action: 'logs:*', Resource: '*' }, 'security-audit'],
])('K7: who reads %s is no breach', async (_, statement, name) => {
  const readers = LOGS_CHECKS.find(({ id }) => id === 'logs.readers');
  if (!readers) throw new Error('there is no such check');
  expect(await ask(readers, allowed(statement, name))).toMatchObject({ passed: true });
});

test.each([
  [
    'brings events of a service',
    { Action: 'logs:PutLogEvents', Principal: { Service: 'delivery.logs.amazonaws.com' } },
  ],
  ['refuses', { Effect: 'Deny', Action: 'logs:*', Principal: '*' }],
  ['is about others', { Action: 'logs:*', Principal: '*', Resource: 'arn:aws:logs:*:*:log-group:/aws/route53/*' }],
])('a resource policy that %s is no breach', async (_, statement) => {
  const check = LOGS_CHECKS.find(({ id }) => id === 'logs.resource-policies');
  if (!check) throw new Error('there is no such check');
  expect(await ask(check, admitted({ Resource: '*', ...statement }))).toMatchObject({ passed: true });
});

test('the organization may have all logs sent to a destination that the stage lists, and nobody elsewhere', async () => {
  const { logDestinations } = aStage().placed;
  const sentTo =
    (destinationArn = '') =>
    ({ facts }: Scene) => {
      facts.logs.subscriptions.push({ filterName: 'central', logGroupName: 'any', destinationArn });
      const policyDocument = JSON.stringify({ DestinationArn: destinationArn, FilterPattern: '' });
      facts.lists.logPolicies.push({ policyName: 'central', policyDocument });
    };
  for (const id of ['logs.subscriptions', 'logs.account-policies']) {
    const check = LOGS_CHECKS.find((each) => each.id === id);
    expect(check && (await ask(check, sentTo(logDestinations[0])))).toMatchObject({ passed: true });
    expect(check && (await ask(check, sentTo('arn:aws:logs:r:999999999999:destination:central')))).toMatchObject({
      passed: false,
    });
  }
});
