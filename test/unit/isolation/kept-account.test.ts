import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import type { EC2Client } from '@aws-sdk/client-ec2';
import type { IAMClient } from '@aws-sdk/client-iam';
import type { OrganizationsClient } from '@aws-sdk/client-organizations';
import { RDSClient } from '@aws-sdk/client-rds';
import { type FactClients, factsOf, type Known } from '../../../functions/isolation/facts/facts';
import { keptAccount } from '../../../functions/isolation/facts/kept-account';
import { awsError, FakeClient } from '../../support/fake-client';
import { aSubject } from '../../support/isolated-tenant';

const MINUTE = 60_000;
const Document = JSON.stringify({ Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }] });

/** The account, and a clock that a test moves. */
function account(answers: Readonly<Record<string, unknown>> = {}) {
  const client = new FakeClient({
    DescribeDBProxiesCommand: { DBProxies: [{ DBProxyName: 'proxy' }] },
    GetPolicyCommand: { Policy: { DefaultVersionId: 'v1' } },
    GetPolicyVersionCommand: { PolicyVersion: { Document } },
    ...answers,
  });
  const clients = {
    // Paginators look for the SDK's own class.
    rds: Object.assign(Object.create(RDSClient.prototype), { send: client.send }),
    logs: client as unknown as CloudWatchLogsClient,
    ec2: client as unknown as EC2Client,
    iam: client as unknown as IAMClient,
    organizations: client as unknown as OrganizationsClient,
  };
  const clock = { at: 0 };
  const accountWide = keptAccount(clients, { ms: MINUTE, now: () => clock.at });
  /** Facts of one tenant, as its onboarding has them: each has its own. */
  const tenant = (audit: Known = {}, boundaryArn = aSubject().boundaryArn) =>
    factsOf(clients as unknown as FactClients, { ...aSubject(), boundaryArn }, { accountWide, ...audit });
  const sent = () => client.sent.map(({ command }) => command);
  return { clock, tenant, sent };
}

test('onboardings of one minute ask once for what is the same for every tenant', async () => {
  const { clock, tenant, sent } = account();
  for (const at of [0, MINUTE - 1]) {
    clock.at = at;
    const { lists, identity } = tenant();
    expect(await lists.proxies()).toEqual([{ DBProxyName: 'proxy' }]);
    expect(await identity.boundary()).toMatchObject([{ actions: ['s3:GetObject'] }]);
  }
  expect(sent()).toEqual(['DescribeDBProxiesCommand', 'GetPolicyCommand', 'GetPolicyVersionCommand']);
});

test('after a minute they are asked for again', async () => {
  const { clock, tenant, sent } = account();
  await tenant().lists.proxies();
  clock.at = MINUTE;
  await tenant().lists.proxies();
  expect(sent()).toEqual(['DescribeDBProxiesCommand', 'DescribeDBProxiesCommand']);
});

test('a list that AWS refused is asked for again by the next tenant', async () => {
  const refused = (_: unknown, before: number) => (before === 0 ? awsError('AccessDenied') : {});
  const { tenant } = account({ DescribeDBProxiesCommand: refused });
  await expect(tenant().lists.proxies()).rejects.toThrow('AccessDenied');
  expect(await tenant().lists.proxies()).toEqual([]);
});

test('what an audit has listed is not asked for at all', async () => {
  const { tenant, sent } = account();
  const { identity } = tenant({ audit: async () => ({ boundary: [] }) });
  expect(await identity.boundary()).toEqual([]);
  expect(sent()).toEqual([]);
});

test('a boundary is known by its ARN', async () => {
  const { tenant, sent } = account();
  await tenant().identity.boundary();
  await tenant({}, 'arn:another').identity.boundary();
  expect(sent().filter((command) => command === 'GetPolicyCommand')).toHaveLength(2);
});
