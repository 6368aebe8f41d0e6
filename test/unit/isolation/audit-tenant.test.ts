import { AuditTenantOutput } from '../../../functions/contract/audit';
import { itemKeys } from '../../../functions/contract/records';
import { auditTenant } from '../../../functions/isolation/audit-tenant';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import type { Check, Sources } from '../../../functions/isolation/check';
import type { Evidence } from '../../../functions/isolation/evidence-report';
import type { Known } from '../../../functions/isolation/facts/facts';
import type { Subject } from '../../../functions/isolation/subject';
import { keepAnswers } from '../../../functions/isolation/surroundings/last-answers';
import { aCell, aKey, aTenant, NOW, theStacks } from '../../support/builders';
import { aCheck, anAnswer } from '../../support/evidence';
import { awsError, FakeClient } from '../../support/fake-client';
import { aStage } from '../../support/isolated-tenant';
import { onboarded } from '../../support/onboarded';

jest.mock('../../../functions/isolation/catalogue', () => ({ CATALOGUE: [] }));

const { tenantId, host } = aTenant();

/** The catalogue is one question, which answers as a test says and keeps what it was asked about. */
function ask(passed: boolean): { readonly about: () => Subject } {
  const asked: Subject[] = [];
  const check = aCheck('storage.public', async (subject) => {
    asked.push(subject);
    return { passed, evidence: passed ? 'closed' : 'open to everyone' };
  });
  (CATALOGUE as (typeof check)[]).splice(0, CATALOGUE.length, check);
  return { about: () => asked[0] as Subject };
}

function scene(overrides: Parameters<typeof onboarded>[0] = {}, stores: unknown = {}) {
  const tenant = onboarded(overrides);
  const s3 = new FakeClient({ PutObjectCommand: stores });
  const stage = aStage();
  const known: Known[] = [];
  const proving = {
    sourcesFor: (_: Subject, given: Known = {}) => {
      known.push(given);
      return {} as Sources;
    },
    evidence: { bucketName: 'evidence', client: s3 },
    codeVersion: '1.2.3+abc',
    now: () => new Date(NOW),
  };
  const deps = { ...tenant, stage, proving };
  const audit = (input: { tenant?: string; whole?: boolean; audit?: string } = {}) =>
    auditTenant.run(deps, { tenant: tenantId, verifiedBy: 'arn:execution:audit', whole: false, ...input });
  return {
    ...tenant,
    s3,
    audit,
    known,
    stored: () => JSON.parse(String(s3.inputs('PutObjectCommand')[0]?.Body)) as Evidence,
  };
}

test('compares the tenant with its record, its stacks, its cell and the colour that is live there now', async () => {
  const { about } = ask(true);
  const { audit, compute } = scene();
  compute.liveColours.cell1 = 'green';
  await audit();
  const versions = { network: 'n1', database: 'd1', storage: 's1', access: 'a1' };
  const stacks = Object.entries(theStacks()).map(([kind, stack]) => [
    kind,
    { ...stack, templateVersion: versions[kind as keyof typeof versions] },
  ]);
  expect(about()).toEqual({
    ...aStage(),
    tenant: aTenant(),
    cell: aCell(),
    liveColour: 'green',
    key: aKey(),
    stacks: Object.fromEntries(stacks),
    route: { ruleArn: expect.stringContaining('arn:rule') },
    routed: true,
    // Its record has no word of a database that was prepared.
    rolesRevision: 0,
  });
});

test('takes the account’s principals from the list of the audit, and lists them anew for a person, but for what audits alone ask', async () => {
  ask(true);
  const { audit, known, table } = scene();
  const nothing = { items: [] };
  const resolver = { items: [] };
  const lists = { proxies: nothing, exports: nothing, integrations: nothing, logPolicies: nothing, resolver };
  await audit({ audit: 'arn:execution:audit' });
  expect(known[0]?.account).toBeUndefined();
  await keepAnswers(table, aCell().name, { at: NOW, answers: [], principals: [], boundary: [], lists });
  await audit({ audit: 'arn:execution:audit' });
  await expect(known[1]?.account?.principals()).resolves.toEqual([]);
  await expect(known[1]?.audit?.()).resolves.toMatchObject({ boundary: [], lists });
  await audit();
  expect(known[2]?.account).toBeUndefined();
  // Nobody else asks Route 53 Resolver.
  await expect(known[2]?.audit?.()).resolves.toEqual({ lists: { resolver } });
});

test('describes the stacks once, and gives the checks what it has read', async () => {
  ask(true);
  const { audit, known } = scene();
  await audit();
  expect(known[0]?.stacks?.network?.Outputs).toEqual(
    expect.arrayContaining([expect.objectContaining({ OutputKey: 'VpcId' })]),
  );
});

test('reads the last audit, the route of the host and the live colour by one request', async () => {
  const { about } = ask(true);
  const { audit, known, table, compute } = scene();
  table.put({ ...itemKeys.liveColour(aCell().name), colour: 'green', since: NOW });
  compute.before = (method) => expect(method).not.toBe('live');
  await audit({ audit: 'arn:execution:audit' });
  await expect(known[0]?.route?.()).resolves.toMatchObject({ host, tenantId });
  expect(about().liveColour).toBe('green');
  expect(table.calls.filter((name) => name === 'BatchGetCommand')).toHaveLength(1);
});

test.each(['acme', tenantId, 'sub_acme'])('finds the tenant by %s', async (tenant) => {
  ask(true);
  await expect(scene().audit({ tenant })).resolves.toMatchObject({ verdict: 'isolated', tenantId, host });
});

test('stores report and digest of an isolated tenant on its record', async () => {
  ask(true);
  const { audit, record, stored } = scene();
  const answer = AuditTenantOutput.parse(await audit());
  expect(answer).toMatchObject({ verdict: 'isolated', checks: 1, failed: [], reason: '' });
  expect(answer).not.toHaveProperty('evidence');
  expect(stored()).toMatchObject({
    verifiedBy: 'arn:execution:audit',
    codeVersion: '1.2.3+abc',
    routed: true,
    passed: true,
  });
  expect(record().verification).toEqual({
    checks: 1,
    verifiedAt: NOW,
    digest: 'digest' in answer && answer.digest,
    report: 'report' in answer && answer.report,
  });
});

test('answers with failed checks and report of a drifted tenant, and changes nothing of the tenant', async () => {
  ask(false);
  const { audit, record, route, rule, forwarding } = scene();
  const answer = await audit();
  expect(answer).toMatchObject({
    verdict: 'drifted',
    failed: ['storage.public'],
    reason: expect.stringMatching(
      /1 of 1 isolation checks failed: storage\.public \(open to everyone\); report: tenants\//,
    ),
  });
  expect(record()).toMatchObject({ status: 'ACTIVE', verification: { failed: ['storage.public'] } });
  expect(route().status).toBe('ACTIVE');
  expect(rule.Actions).toEqual(forwarding);
});

test('T1: a check without an answer is no drift: the record keeps its last verdict', async () => {
  (CATALOGUE as Check[]).splice(
    0,
    CATALOGUE.length,
    aCheck('storage.public', () => Promise.reject(awsError('AccessDenied'))),
  );
  const { audit, record, stored } = scene();
  expect(await audit()).toMatchObject({
    verdict: 'unverified',
    failed: [],
    reason: expect.stringMatching(/1 of 1 isolation checks could not be answered: storage\.public/),
  });
  expect(record()).not.toHaveProperty('verification');
  expect(stored()).toMatchObject({ passed: false, checks: [{ passed: false, open: 'unanswered' }] });
});

test('what fails of the surroundings is in the report, is told a person, and is no drift of a tenant in an audit', async () => {
  ask(true);
  const { audit, record, stored, table } = scene();
  const nothing = { items: [] };
  const lists = { proxies: nothing, exports: nothing, integrations: nothing, logPolicies: nothing };
  const answers = [anAnswer({ id: 'audit.machines', passed: false })];
  await keepAnswers(table, aCell().name, { at: NOW, answers, principals: [], boundary: [], lists });
  expect(await audit({ audit: 'arn:audit' })).toMatchObject({ verdict: 'isolated', failed: [], reason: '' });
  expect(record().audit).toMatchObject({ verdict: 'isolated', failed: [] });
  expect(stored()).toMatchObject({ passed: false });
  expect(await audit()).toMatchObject({ verdict: 'drifted', failed: ['audit.machines'] });
});

test('answers a person with the whole report', async () => {
  ask(true);
  const { audit, stored } = scene();
  expect(await audit({ whole: true })).toMatchObject({ evidence: stored() });
});

test('checks that the route of a suspended tenant is closed', async () => {
  const { about } = ask(true);
  const { audit } = scene({ status: 'SUSPENDED', suspension: { at: NOW, by: 'jane', reason: 'open' } });
  await expect(audit()).resolves.toMatchObject({ verdict: 'isolated', status: 'SUSPENDED' });
  expect(about().routed).toBe(false);
});

test.each(['ONBOARDING', 'ROLLING_BACK', 'FAILED', 'HELD'] as const)('skips a tenant that is %s', async (status) => {
  ask(true);
  const { audit, s3 } = scene({ status });
  await expect(audit()).resolves.toEqual({ verdict: 'skipped', tenantId, status });
  expect(s3.sent).toEqual([]);
});

test('fails with a transient error when the tenant is suspended during the audit', async () => {
  ask(false);
  const { audit, record, table } = scene();
  table.before = (command) => {
    if (command === 'UpdateCommand') Object.assign(record(), { status: 'SUSPENDED' });
  };
  await expect(audit()).rejects.toMatchObject({ name: 'TransientConflict' });
});

test('G5: a late verdict never replaces a later one', async () => {
  ask(false);
  const { audit, record, table } = scene();
  const later = { verifiedAt: '2030-01-01T12:00:00.001Z', checks: 1, digest: 'later' };
  table.before = (command) => {
    if (command === 'UpdateCommand') Object.assign(record(), { verification: later });
  };
  await expect(audit()).rejects.toMatchObject({ name: 'TransientConflict' });
  expect(record().verification).toEqual(later);
});

test('G5: a verdict replaces an earlier one, or the same one', async () => {
  ask(true);
  const { audit, record } = scene({ verification: { verifiedAt: '2029-12-31T12:00:00.000Z', checks: 1, digest: 'd' } });
  const first = await audit();
  expect(record().verification).toMatchObject({ verifiedAt: NOW, digest: 'digest' in first && first.digest });
  await expect(audit()).resolves.toMatchObject({ verdict: 'isolated' });
});

test('a missing stack does not pass', async () => {
  ask(true);
  const { audit, byName } = scene();
  for (const name of byName.keys()) if (name.endsWith('storage')) byName.delete(name);
  await expect(audit()).rejects.toThrow(/-storage not found/);
});

test('a missing cell does not pass', async () => {
  ask(true);
  const slot = { ...aTenant().slot, cell: 'cell9' };
  await expect(scene({ slot }).audit()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
});

test('a verdict needs stored evidence', async () => {
  ask(true);
  const { audit, record } = scene({}, awsError('AccessDenied'));
  await expect(audit()).rejects.toThrow('AccessDenied');
  expect(record()).not.toHaveProperty('verification');
});

describe('an audit stores on the tenant’s record', () => {
  const found = { by: 'arn:audit', at: NOW, failed: [], critical: [], open: [] };

  test.each<[string, Check['severity'], object]>([
    ['a critical check', 'critical', { verdict: 'drifted', failed: ['storage.public'], critical: ['storage.public'] }],
    ['another check', 'high', { verdict: 'drifted', failed: ['storage.public'] }],
  ])('that checks failed: %s', async (_, severity, expected) => {
    ask(false);
    const [check] = CATALOGUE as Check[];
    (CATALOGUE as Check[]).splice(0, 1, { ...(check as Check), severity });
    const { audit, record } = scene();
    await audit({ audit: 'arn:audit' });
    const { verification } = record();
    const reason = expect.stringContaining('open to everyone');
    expect(record().audit).toEqual({ ...found, ...expected, reason, report: verification?.report });
  });

  const restoring = { to: NOW, at: NOW };
  test.each<[string, object, object]>([
    ['and ends before the audit is judged', { restoring }, { restoring: undefined }],
    ['and begins after the record was read', {}, { restoring }],
  ])('no reason to suspend where a restore is under way %s', async (_, before, meanwhile) => {
    const { audit, record, table } = scene(before);
    const check = aCheck('database.copies', async () => {
      table.put({ ...table.get(itemKeys.tenant(tenantId)), ...meanwhile });
      return { passed: false, evidence: 'a second instance' };
    });
    (CATALOGUE as Check[]).splice(0, CATALOGUE.length, { ...check, severity: 'critical' });
    await audit({ audit: 'arn:audit' });
    expect(record().audit).toMatchObject({ verdict: 'drifted', failed: ['database.copies'], critical: [] });
  });

  test('that no check failed, and some could not be answered', async () => {
    const denied = aCheck('storage.public', () => Promise.reject(awsError('AccessDenied')));
    (CATALOGUE as Check[]).splice(0, CATALOGUE.length, denied);
    const { audit, record } = scene();
    await audit({ audit: 'arn:audit' });
    expect(record().audit).toMatchObject({ ...found, verdict: 'unverified', open: ['storage.public'] });
    expect(record()).not.toHaveProperty('verification');
  });

  test('that checks failed, when the report could not be stored', async () => {
    ask(false);
    const { audit, record } = scene({}, awsError('AccessDenied'));
    await expect(audit({ audit: 'arn:audit' })).rejects.toMatchObject({ name: 'IsolationBreach' });
    expect(record().audit).toMatchObject({
      ...found,
      verdict: 'drifted',
      failed: ['storage.public'],
      critical: expect.any(Array),
    });
  });

  test('why no check could be asked', async () => {
    ask(true);
    const { audit, record, byName } = scene();
    byName.clear();
    await expect(audit({ audit: 'arn:audit' })).rejects.toMatchObject({ name: 'UnexpectedFailure' });
    expect(record().audit).toEqual({
      ...found,
      verdict: 'unverified',
      open: ['UnexpectedFailure'],
      reason: expect.stringContaining('not found'),
    });
  });

  test('nothing of an attempt that failed with a transient error', async () => {
    ask(true);
    const { audit, record } = scene({}, awsError('ThrottlingException'));
    await expect(audit({ audit: 'arn:audit' })).rejects.toMatchObject({ name: 'TransientThrottling' });
    expect(record()).not.toHaveProperty('audit');
  });

  test('nothing of a verification that a person asked for', async () => {
    ask(true);
    const { audit, record } = scene();
    await audit();
    expect(record()).not.toHaveProperty('audit');
  });
});
