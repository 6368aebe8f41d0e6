import { assumeTenantRole } from '../../../functions/tenants/tenant-session';
import { awsError, FakeClient } from '../../support/fake-client';

const Expiration = new Date('2026-01-01T00:15:00Z');
const Credentials = { AccessKeyId: 'ASIA', SecretAccessKey: 'secret', SessionToken: 'token', Expiration };
const terms = { roleArn: 'arn:role', externalId: 'external', tenantId: 'acme' };
const assume = (answer: unknown, on: Parameters<typeof assumeTenantRole>[1] = terms) => {
  const sts = new FakeClient({ AssumeRoleCommand: answer });
  return { sts, session: assumeTenantRole(sts as never, on, 'test-acme') };
};

test('assumes the role for the shortest time, with external ID and session tag', async () => {
  const { sts, session } = assume({ Credentials });
  expect(await session).toEqual({
    accessKeyId: 'ASIA',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expiration: Expiration,
  });
  expect(sts.inputs('AssumeRoleCommand')).toEqual([
    {
      RoleArn: 'arn:role',
      RoleSessionName: 'test-acme',
      DurationSeconds: 900,
      ExternalId: 'external',
      Tags: [{ Key: 'tenantId', Value: 'acme' }],
    },
  ]);
});

test.each([
  ['nothing', {}],
  ['no access key', { Credentials: { ...Credentials, AccessKeyId: undefined } }],
  ['no secret', { Credentials: { ...Credentials, SecretAccessKey: '' } }],
  ['no token', { Credentials: { ...Credentials, SessionToken: undefined } }],
])('throws when the answer of STS has %s', async (_, answer) => {
  await expect(assume(answer).session).rejects.toMatchObject({ name: 'UnexpectedFailure' });
});

test('keeps the name of an error of STS', async () => {
  await expect(assume(awsError('AccessDenied')).session).rejects.toMatchObject({ name: 'AccessDenied' });
});
