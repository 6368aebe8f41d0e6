import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { EC2Client } from '@aws-sdk/client-ec2';
import { RDSClient } from '@aws-sdk/client-rds';
import { itemKeys } from '../../../functions/contract/records';
import { auditSurroundings } from '../../../functions/isolation/audit-surroundings';
import { COPIES_CHECKS } from '../../../functions/isolation/checks/copies';
import { IDENTITY_CHECKS } from '../../../functions/isolation/checks/identity';
import type { Principal } from '../../../functions/isolation/facts/account-facts';
import {
  accountLists,
  auditedLists,
  type KeptLists,
  keepLists,
} from '../../../functions/isolation/facts/account-lists';
import { listedFacts, noteworthy } from '../../../functions/isolation/facts/noteworthy-principals';
import { itemsBeside, withSurroundings } from '../../../functions/isolation/surroundings/last-answers';
import { SURROUNDINGS_METADATA } from '../../../functions/isolation/surroundings/metadata';
import { verify } from '../../../functions/isolation/verify';
import { ACCOUNT_ID, aCell, aTenant, NOW } from '../../support/builders';
import { anAnswer } from '../../support/evidence';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeProbes } from '../../support/fake-probes';
import { FakeTable } from '../../support/fake-table';
import { aSubject, factsFrom, healthyFacts, policyOf } from '../../support/isolated-tenant';

const { tenantId } = aTenant();
const LATER = 24 * 3_600_000;
const at = (ms: number) => new Date(Date.parse(NOW) + ms);
const OF_ACCOUNT = ['identity.only-roles', 'identity.logins'];

const principal = (name: string, more: Partial<Principal> = {}): Principal => ({
  ...{ kind: 'role', name, arn: `arn:aws:iam::${ACCOUNT_ID}:role/${name}`, tags: {} },
  ...{ trust: [], inline: [], attached: [], managed: [] },
  ...more,
});
const login = policyOf({ Action: 'rds-db:connect', Resource: '*' });
const own = [`tenant-${tenantId}`, `tenant-${tenantId}-flow-logs`, `tenant-${tenantId}-monitoring`].map((name) =>
  principal(name, { arn: `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${name}`, tags: { tenantId }, inline: login }),
);

const NOTHING: KeptLists = {
  ...{ proxies: { items: [] }, exports: { items: [] }, integrations: { items: [] }, logPolicies: { items: [] } },
};

/** An audit of one cell that finds these principals, and what it has kept. */
async function audited(principals: readonly Principal[], lists = NOTHING) {
  const table = new FakeTable();
  await auditSurroundings.run(
    {
      table,
      compute: { cells: async () => [aCell()] },
      asking: () => async () => [anAnswer({ id: 'cell.dns', group: 'cell' })],
      underWay: async () => [],
      account: async () => ({
        principals,
        policies: new Map([['arn:boundary', policyOf({ Action: 's3:GetObject' })]]),
      }),
      lists: async () => lists,
      boundaryArn: 'arn:boundary',
      now: () => new Date(NOW),
    },
    { executionArn: 'arn:audit' },
  );
  return table;
}

const lastAudit = (table: FakeTable, now: Date) =>
  itemsBeside(table, { ...aTenant(), inService: false }, () => now).audit();

/** The two questions about the account, from what an audit has kept. */
async function verified(principals: readonly Principal[]) {
  const last = await lastAudit(await audited(principals), at(LATER));
  const subject = aSubject();
  const facts = { ...factsFrom(healthyFacts()), account: listedFacts(async () => last?.principals) };
  const checks = IDENTITY_CHECKS.filter(({ id }) => OF_ACCOUNT.includes(id));
  const report = await verify(subject, { facts, probes: new FakeProbes(subject) }, () => at(LATER), checks);
  return withSurroundings(report, last);
}

test('keeps no role that tenants’ stacks make, so the item does not grow with the tenants', () => {
  expect(noteworthy([...own, principal('Admin', { managed: policyOf({ Action: '*', Resource: '*' }) })])).toEqual([]);
});

test.each<[string, Principal, string[]]>([
  ['a third role by name', principal(`tenant-${tenantId}-support`), ['identity.only-roles']],
  ['a user by tag', principal('support', { kind: 'user', tags: { tenantId } }), ['identity.only-roles']],
  [
    'another tenant’s role with this tenant’s tag',
    principal(`tenant-${'t'}${'z'.repeat(tenantId.length - 1)}`, { tags: { tenantId } }),
    ['identity.only-roles'],
  ],
  ['a group that logs in', principal('analysts', { kind: 'group', managed: login }), ['identity.logins']],
])('%s is found in the next onboarding, from what the audit has kept', async (_, stranger, failed) => {
  const { checks, passed } = await verified([...own, stranger]);
  expect([passed, checks.filter((each) => !each.passed).map(({ id }) => id)]).toEqual([false, failed]);
});

test('keeps the boundary from the same listing', async () => {
  const last = await lastAudit(await audited(own), at(0));
  expect(last?.boundary).toMatchObject([{ effect: 'Allow', actions: ['s3:GetObject'] }]);
});

test('K7: keeps who reads logs, and nothing else that they may do', () => {
  const analyst = principal('analyst', {
    managed: policyOf({ Action: 'logs:Filter*', Resource: '*' }, { Action: 's3:*' }),
  });
  expect(noteworthy([...own, analyst])).toMatchObject([{ name: 'analyst', managed: [{ actions: ['logs:Filter*'] }] }]);
});

test('keeps who may do something with single keys, and nobody who only looks at them', () => {
  const key = 'arn:aws:kms:eu-central-1:1:key/1234';
  const named = (name: string, Action: string, Resource: string) =>
    principal(name, { managed: policyOf({ Action, Resource }) });
  const kept = noteworthy([
    ...own,
    named('keeper', 'kms:Put*', key),
    named('looker', 'kms:Describe*', key),
    named('admin', 'kms:*', 'arn:aws:kms:*:*:key/*'),
  ]);
  expect(kept.map(({ name }) => name)).toEqual(['keeper']);
});

test('keeps of a thousand roles with a key of their own less than an item holds', () => {
  const Resource = 'arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const Condition = {
    StringLike: { 'kms:ViaService': 'dynamodb.*.amazonaws.com', 'kms:CallerAccount': '123456789012' },
  };
  const Action = ['kms:Decrypt', 'kms:DescribeKey', 'dynamodb:Query', 'dynamodb:PutItem', 's3:GetObject'];
  const managed = policyOf({ Sid: 'UseTheKeyOfTheTeamForItsTable', Action, Resource: [Resource, '*'], Condition });
  const tags = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`organization:tag-${n}`, `value of tag ${n}`]));
  const roles = Array.from({ length: 1_000 }, (_, n) => principal(`role-of-a-team-${n}`, { managed, tags }));
  const kept = noteworthy(roles);
  expect(kept).toHaveLength(1_000);
  expect(kept[0]).toMatchObject({ tags: {}, managed: [{ actions: ['kms:Decrypt'], resources: [Resource] }] });
  // JSON is longer than DynamoDB's own form. The item has other parts, too.
  expect(JSON.stringify(kept).length).toBeLessThan(380_000);
});

test('passes a healthy account by what the audit has kept, and adds the answers about the surroundings', async () => {
  const report = await verified(own);
  expect(report).toMatchObject({ passed: true });
  expect(report.notAsked).toBeUndefined();
  expect(report.checks.map(({ id }) => id)).toEqual([...OF_ACCOUNT, 'cell.dns']);
});

test('says before the first audit what was not asked, and why', async () => {
  const subject = aSubject();
  const facts = { ...factsFrom(healthyFacts()), account: listedFacts(async () => undefined) };
  const report = await verify(subject, { facts, probes: new FakeProbes(subject) }, () => at(0), IDENTITY_CHECKS);
  const whole = withSurroundings(report, undefined);
  expect(whole.passed).toBe(true);
  expect(whole.checks.map(({ id }) => id)).not.toEqual(expect.arrayContaining([expect.stringMatching(/logins/)]));
  expect(whole.notAsked?.map(({ id }) => id)).toEqual([...OF_ACCOUNT, ...SURROUNDINGS_METADATA.map(({ id }) => id)]);
  expect(whole.notAsked?.map(({ because }) => because)).toEqual(
    expect.arrayContaining([expect.stringMatching(/no audit has listed/), expect.stringMatching(/no audit has asked/)]),
  );
});

test('ignores answers of more than 30 hours ago, and unreadable ones', async () => {
  const table = await audited(own);
  await expect(lastAudit(table, at(31 * 3_600_000))).resolves.toBeUndefined();
  table.put({ ...itemKeys.surroundings(aCell().name), at: NOW, answers: 'many' });
  await expect(lastAudit(table, at(0))).resolves.toBeUndefined();
});

const EXPORT = `arn:aws:rds:r:1:snapshot:rds:tenant-${tenantId}-2026`;
const exportTask = (Status: string) => ({
  ...{ ExportTaskIdentifier: Status, SourceArn: EXPORT, S3Bucket: 'theirs', Status },
});
/** RDS and CloudWatch Logs: two exports, one of them canceled, and what they answer about the rest. */
const listing = (answers: Readonly<Record<string, unknown>> = {}) => {
  const client = new FakeClient({
    DescribeDBProxiesCommand: {},
    DescribeExportTasksCommand: { ExportTasks: [exportTask('COMPLETE'), exportTask('CANCELED')] },
    DescribeIntegrationsCommand: {},
    DescribeDhcpOptionsCommand: {},
    DescribeEventSubscriptionsCommand: {},
    DescribeAccountPoliciesCommand: {},
    ...answers,
  });
  // Paginators look for the SDK's own class.
  const rds = Object.assign(Object.create(RDSClient.prototype), { send: client.send });
  const ec2 = Object.assign(Object.create(EC2Client.prototype), { send: client.send });
  return { client, lists: accountLists({ rds, logs: client as unknown as CloudWatchLogsClient, ec2 }) };
};

/** What the checks about copies say, from the lists that an audit has kept; asked anew without one. */
async function copiesBy(audit: KeptLists | undefined, asked = listing()) {
  const kept = audit && (await lastAudit(await audited(own, audit), at(LATER)))?.lists;
  const facts = { ...factsFrom(healthyFacts()), lists: auditedLists(asked.lists, async () => kept) };
  const subject = aSubject();
  const checks = COPIES_CHECKS.filter(({ id }) => /database\./.test(id));
  const report = await verify(subject, { facts, probes: new FakeProbes(subject) }, () => at(LATER), checks);
  const failed = report.checks.filter(({ passed }) => !passed);
  return { failed: failed.map(({ id, open, evidence }) => ({ id, open, evidence })), sent: asked.client.sent };
}

test('an audit lists what may copy a database once, and its tenants ask no more', async () => {
  const { failed, sent } = await copiesBy(await keepLists(listing().lists));
  expect(failed).toEqual([
    { id: 'database.exports', open: undefined, evidence: `export COMPLETE of ${EXPORT} to bucket theirs is COMPLETE` },
  ]);
  expect(sent).toEqual([]);
});

test('without such an audit the lists are asked for now', async () => {
  const { failed, sent } = await copiesBy(undefined);
  expect(failed).toMatchObject([{ id: 'database.exports' }]);
  expect(sent.map(({ command }) => command)).toEqual(expect.arrayContaining(['DescribeExportTasksCommand']));
});

test('a list that AWS refuses to an audit leaves its question open, and the others answered', async () => {
  const denied = listing({ DescribeExportTasksCommand: awsError('AccessDenied', 'no such permission') });
  const { failed } = await copiesBy(await keepLists(denied.lists));
  const evidence = 'could not be answered: the last audit could not list it: AccessDenied: no such permission';
  expect(failed).toEqual([{ id: 'database.exports', open: 'unanswered', evidence }]);
});

test('a list that fails in passing fails the audit’s function, which is called again', async () => {
  const failing = listing({ DescribeIntegrationsCommand: awsError('ConcurrentModificationException') });
  await expect(keepLists(failing.lists)).rejects.toMatchObject({ name: 'ConcurrentModificationException' });
});
