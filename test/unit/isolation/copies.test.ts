import { COPIES_CHECKS } from '../../../functions/isolation/checks/copies';
import { ask, testBreaches } from '../../support/breaches';
import { aTenant } from '../../support/builders';

const { tenantId } = aTenant();
const OTHER_KEY = 'arn:aws:kms:eu-central-1:123456789012:key/other';

testBreaches(COPIES_CHECKS, [
  [
    'database.proxies',
    'in the VPC, without TLS',
    ({ facts, subject }) =>
      facts.lists.proxies.push({ DBProxyName: 'pool', VpcId: subject.stacks.network.outputs.VpcId }),
    'proxy pool leads to the tenant’s database without TLS',
  ],
  [
    'database.proxies',
    'elsewhere, with the tenant’s secret',
    ({ facts, subject }) =>
      facts.lists.proxies.push({
        DBProxyName: 'reports',
        RequireTLS: true,
        Auth: [{ SecretArn: subject.stacks.database.outputs.SecretArn }],
      }),
    'proxy reports leads',
  ],
  [
    'database.exports',
    'of a snapshot',
    ({ facts }) =>
      facts.lists.exports.push({
        ...{ ExportTaskIdentifier: 'e', S3Bucket: 'theirs', Status: 'IN_PROGRESS' },
        SourceArn: `arn:aws:rds:r:1:snapshot:rds:tenant-${tenantId}-2026`,
      }),
    'to bucket theirs is IN_PROGRESS',
  ],
  [
    'database.exports',
    'under the tenant’s key',
    ({ facts, subject }) =>
      facts.lists.exports.push({ ExportTaskIdentifier: 'e', S3Bucket: 'theirs', KmsKeyId: subject.key.keyArn }),
    'to bucket theirs',
  ],
  [
    'database.integrations',
    'to a warehouse',
    ({ facts }) =>
      facts.lists.integrations.push({
        ...{ IntegrationName: 'bi', TargetArn: 'arn:theirs' },
        ...{ SourceArn: `arn:aws:rds:r:1:db:tenant-${tenantId}` },
      }),
    'integration bi replicates',
  ],
  [
    'database.event-subscriptions',
    'of the database, to another account',
    ({ facts }) =>
      facts.lists.eventSubscriptions.push({
        ...{ CustSubscriptionId: 's', SnsTopicArn: 'arn:aws:sns:r:999999999999:t' },
        SourceIdsList: [`tenant-${tenantId}`],
      }),
    'subscription s tells arn:aws:sns:r:999999999999:t of events',
  ],
  [
    'database.event-subscriptions',
    'of every database, to another account',
    ({ facts }) =>
      facts.lists.eventSubscriptions.push({ CustSubscriptionId: 's', SnsTopicArn: 'arn:aws:sns:r:999999999999:t' }),
    'subscription s tells arn:aws:sns:r:999999999999:t of events',
  ],
  [
    'logs.exports',
    'of the database’s log',
    ({ facts }) =>
      facts.lists.logExports.push({
        ...{ taskName: 'e', destination: 'theirs', logGroupName: `/aws/rds/instance/tenant-${tenantId}/postgresql` },
      }),
    `export e writes log group /aws/rds/instance/tenant-${tenantId}/postgresql to bucket theirs`,
  ],
  [
    'secrets.only-one',
    'a copy under the account’s key',
    ({ facts }) => facts.secrets.named.push({ ARN: 'arn:copy', Name: `tenants/${tenantId}/database-copy` }),
    `secret tenants/${tenantId}/database-copy is about this tenant, under the account’s key`,
  ],
  [
    'secrets.only-one',
    'by its description',
    ({ facts }) => facts.secrets.named.push({ ARN: 'arn:copy', Name: 'x', Description: `login of ${tenantId}` }),
    'secret x is about this tenant',
  ],
  [
    'secrets.target',
    'elsewhere',
    ({ probes }) => (probes.target = { ...probes.target, host: 'stranger.example' }),
    'is stranger.example',
  ],
  [
    'secrets.target',
    'as another user',
    ({ probes }) => (probes.target = { username: 'support' }),
    'the secret’s user is support, not tenant_admin',
  ],
  [
    'secrets.target',
    'into another database',
    ({ probes }) => (probes.target = { ...probes.target, dbname: 'postgres' }),
    'the secret’s database is postgres, not funnels',
  ],
  [
    'key.only-one',
    'a second one',
    ({ facts }) => facts.tagged.keys.push({ KeyId: 'other', Arn: OTHER_KEY, KeyState: 'Enabled' }),
    `key ${OTHER_KEY} has the tenant’s tag`,
  ],
]);

test.each(COPIES_CHECKS)('$id ignores copies that are being deleted, and copies of another tenant', async (check) => {
  const { passed } = await ask(check, ({ facts, probes }) => {
    facts.tagged.keys.push({ KeyId: 'retired', Arn: OTHER_KEY, KeyState: 'PendingDeletion' });
    facts.secrets.named.push({ ARN: 'arn:old', Name: `tenants/${tenantId}/old`, DeletedDate: new Date() });
    facts.lists.proxies.push({ DBProxyName: 'other', VpcId: 'vpc-0other' });
    probes.target = { username: 'tenant_admin' };
  });
  expect(passed).toBe(true);
});

test('the organization may be told of databases’ events, by a topic on the stage’s list', async () => {
  const check = COPIES_CHECKS.find(({ id }) => id === 'database.event-subscriptions');
  if (!check) throw new Error('there is no such check');
  const found = await ask(check, ({ facts }) =>
    facts.lists.eventSubscriptions.push({ SnsTopicArn: 'arn:aws:sns:r:555555555555:events' }),
  );
  expect(found).toMatchObject({ passed: true });
});
