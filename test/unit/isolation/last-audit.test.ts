import { itemKeys } from '../../../functions/contract/records';
import { auditSurroundings } from '../../../functions/isolation/audit-surroundings';
import { IDENTITY_CHECKS } from '../../../functions/isolation/checks/identity';
import type { Principal } from '../../../functions/isolation/facts/account-facts';
import { listedFacts, noteworthy } from '../../../functions/isolation/facts/noteworthy-principals';
import { lastAudit, withSurroundings } from '../../../functions/isolation/surroundings/last-answers';
import { SURROUNDINGS_METADATA } from '../../../functions/isolation/surroundings/metadata';
import { verify } from '../../../functions/isolation/verify';
import { ACCOUNT_ID, aCell, aTenant, NOW } from '../../support/builders';
import { anAnswer } from '../../support/evidence';
import { FakeProbes } from '../../support/fake-probes';
import { FakeTable } from '../../support/fake-table';
import { aStage, aSubject, factsFrom, healthyFacts, policyOf } from '../../support/isolated-tenant';

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

/** An audit of one cell that finds these principals, and what it has kept. */
async function audited(principals: readonly Principal[]) {
  const table = new FakeTable();
  const platform = { accountId: ACCOUNT_ID, region: 'r', tableName: 't', topicArn: 'a', busName: 'b' };
  await auditSurroundings.run(
    {
      table,
      compute: { cells: async () => [aCell()] },
      platform: { ...platform, evidenceBucketName: 'e', billingAccountId: '1', placed: aStage().placed },
      ask: async () => [anAnswer({ id: 'cell.dns', group: 'cell' })],
      account: async () => ({
        principals,
        policies: new Map([['arn:boundary', policyOf({ Action: 's3:GetObject' })]]),
      }),
      boundaryArn: 'arn:boundary',
      now: () => new Date(NOW),
    },
    { executionArn: 'arn:audit' },
  );
  return table;
}

/** The two questions about the account, from what an audit has kept. */
async function verified(principals: readonly Principal[]) {
  const last = await lastAudit(await audited(principals), aCell().name, at(LATER));
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
  const last = await lastAudit(await audited(own), aCell().name, at(0));
  expect(last?.boundary).toMatchObject([{ effect: 'Allow', actions: ['s3:GetObject'] }]);
});

test('K7: keeps who reads logs, and nothing else that they may do', () => {
  const analyst = principal('analyst', {
    managed: policyOf({ Action: 'logs:Filter*', Resource: '*' }, { Action: 's3:*' }),
  });
  expect(noteworthy([...own, analyst])).toMatchObject([{ name: 'analyst', managed: [{ actions: ['logs:Filter*'] }] }]);
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
  await expect(lastAudit(table, aCell().name, at(31 * 3_600_000))).resolves.toBeUndefined();
  table.put({ ...itemKeys.surroundings(aCell().name), at: NOW, answers: 'many' });
  await expect(lastAudit(table, aCell().name, at(0))).resolves.toBeUndefined();
});
