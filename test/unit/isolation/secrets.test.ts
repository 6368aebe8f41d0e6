import { rotationFunctionArn } from '../../../functions/contract/naming';
import { SECRETS_CHECKS } from '../../../functions/isolation/checks/secrets';
import { ask, type Breach, type Scene, testBreaches } from '../../support/breaches';
import { ACCOUNT_ID, aKey, REGION } from '../../support/builders';
import { policyOf } from '../../support/isolated-tenant';

const OTHER_ACCOUNT = 'arn:aws:iam::999999999999:root';
const OTHER_KEY = aKey().keyArn.replace('1234abcd', 'ffffffff');
const DAY_MS = 24 * 60 * 60_000;
const ROTATED = {
  RotationEnabled: true,
  RotationLambdaARN: rotationFunctionArn(REGION, ACCOUNT_ID),
  RotationRules: { AutomaticallyAfterDays: 30 },
  LastRotatedDate: new Date(Date.now() - 29 * DAY_MS),
};
const anyOf = (Action: string, Principal: Record<string, string>) =>
  policyOf({ Sid: 'Added', Principal, Action, Resource: '*' });

testBreaches(SECRETS_CHECKS, [
  ['secrets.identity', 'another’s', ({ facts }) => (facts.secrets.description.Name = 'tenants/other'), 'tenants/other'],
  [
    'secrets.identity',
    'about to go',
    ({ facts }) => (facts.secrets.description.DeletedDate = new Date()),
    'scheduled for deletion',
  ],
  ['secrets.encryption', 'other key', ({ facts }) => (facts.secrets.description.KmsKeyId = OTHER_KEY), OTHER_KEY],
  ['secrets.encryption', 'account’s key', ({ facts }) => delete facts.secrets.description.KmsKeyId, 'is absent'],
  [
    'secrets.policy',
    'open to another account',
    ({ facts }) => facts.secrets.policy.push(...anyOf('secretsmanager:GetSecretValue', { AWS: OTHER_ACCOUNT })),
    `grants AWS:${OTHER_ACCOUNT}`,
  ],
  [
    'secrets.replicas',
    'replicated',
    ({ facts }) => (facts.secrets.description.ReplicationStatus = [{ Region: 'us-east-1' }]),
    'replicated to us-east-1',
  ],
  [
    'secrets.rotation-function',
    'read by a function',
    ({ facts }) => Object.assign(facts.secrets.description, { RotationEnabled: true, RotationLambdaARN: 'arn:lambda' }),
    'arn:lambda rotates the secret',
  ],
  [
    'secrets.rotation-function',
    'managed by an AWS service',
    ({ facts }) => Object.assign(facts.secrets.description, { RotationEnabled: true }),
    'an AWS service rotates the secret',
  ],
  [
    'secrets.rotation-function',
    'cancelled',
    ({ facts }) => Object.assign(facts.secrets.description, ROTATED, { RotationEnabled: false }),
    'the rotation of the secret was cancelled',
  ],
  [
    'secrets.rotation-function',
    'every year',
    ({ facts }) =>
      Object.assign(facts.secrets.description, ROTATED, { RotationRules: { AutomaticallyAfterDays: 365 } }),
    'the secret is rotated every 365 days',
  ],
  [
    'secrets.rotation-function',
    'by an expression',
    ({ facts }) =>
      Object.assign(facts.secrets.description, ROTATED, { RotationRules: { ScheduleExpression: 'rate(900 days)' } }),
    'the secret is rotated every 900 days',
  ],
  [
    'secrets.rotation-function',
    'when a calendar says',
    ({ facts }) =>
      Object.assign(facts.secrets.description, ROTATED, { RotationRules: { ScheduleExpression: 'cron(0 8 1 1 ? *)' } }),
    'the secret is rotated by another schedule',
  ],
  ...['cron(0 8 31 * ? *)', 'cron(0 8 29-31 * ? *)', 'cron(0 8 ? * MON#5 *)', 'cron(0 8 1 * ? 2031)'].map(
    (ScheduleExpression): Breach => [
      'secrets.rotation-function',
      `on a day that not every month has: ${ScheduleExpression}`,
      ({ facts }) => Object.assign(facts.secrets.description, ROTATED, { RotationRules: { ScheduleExpression } }),
      'the secret is rotated by another schedule',
    ],
  ),
  [
    'secrets.rotation-function',
    'by a stranger’s function, which was cancelled',
    ({ facts }) =>
      Object.assign(facts.secrets.description, { RotationEnabled: false, RotationLambdaARN: 'arn:aws:lambda:theirs' }),
    'arn:aws:lambda:theirs rotates the secret',
  ],
  [
    'secrets.rotation-function',
    'missed',
    ({ facts }) =>
      Object.assign(facts.secrets.description, ROTATED, { LastRotatedDate: new Date(Date.now() - 40 * DAY_MS) }),
    'the last rotation was 40 days ago',
  ],
  [
    'secrets.current',
    'an earlier password',
    ({ facts }) => facts.secrets.staged.push({ stages: ['AWSPREVIOUS'], madeAt: new Date('2026-03-01T00:00:00Z') }),
    'the version of 2026-03-01T00:00:00.000Z was put out of force for an earlier one',
  ],
  [
    'secrets.current',
    'a password that somebody keeps',
    ({ facts }) => facts.secrets.staged.push({ stages: ['SUPPORT'], madeAt: new Date(0) }),
    'a version of the secret has the stage SUPPORT',
  ],
  ['secrets.current', 'none', ({ facts }) => facts.secrets.staged.splice(0), 'no version of the secret is in force'],
]);

test('a rotation under way is no violation', async () => {
  const [check] = SECRETS_CHECKS.filter(({ id }) => id === 'secrets.current');
  const spoil = ({ facts }: Scene) => facts.secrets.staged.push({ stages: ['AWSPENDING'], madeAt: new Date() });
  expect(check && (await ask(check, spoil))).toMatchObject({ passed: true });
});

test.each([
  { AutomaticallyAfterDays: 30 },
  { ScheduleExpression: 'rate(7 days)' },
  { ScheduleExpression: 'rate(4 hours)' },
  { ScheduleExpression: 'cron(0 3 ? * SUN *)' },
  { ScheduleExpression: 'cron(0 3 1 * ? *)', Duration: '3h' },
  { ScheduleExpression: 'cron(0 3 1 * ? *)', AutomaticallyAfterDays: 31 },
  { ScheduleExpression: 'cron(0 3 L * ? *)' },
  { ScheduleExpression: 'cron(0 3 1,15 * ? *)' },
  { ScheduleExpression: 'cron(0 3 ? * SUN#1 *)', AutomaticallyAfterDays: 35 },
])('the rotation by the platform’s own function is no violation: %j', async (RotationRules) => {
  const [check] = SECRETS_CHECKS.filter(({ id }) => id === 'secrets.rotation-function');
  if (!check) throw new Error('there is no such check');
  const spoil = ({ facts }: Scene) => Object.assign(facts.secrets.description, ROTATED, { RotationRules });
  expect(await ask(check, spoil)).toMatchObject({ passed: true });
});

test('the tenant’s key may be named by its id', async () => {
  const [check] = SECRETS_CHECKS.filter(({ id }) => id === 'secrets.encryption');
  const spoil = ({ facts }: Scene) => (facts.secrets.description.KmsKeyId = aKey().keyArn.split(':key/')[1]);
  expect(check && (await ask(check, spoil))).toMatchObject({ passed: true });
});
