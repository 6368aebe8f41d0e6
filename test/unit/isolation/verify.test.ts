import { PlatformError } from '../../../functions/contract/errors';
import { type Check, type Finding, type Sources, Unanswered } from '../../../functions/isolation/check';
import { verify } from '../../../functions/isolation/verify';
import { aCell, aTenant, NOW } from '../../support/builders';
import { aCheck } from '../../support/evidence';
import { awsError } from '../../support/fake-client';
import { FakeProbes } from '../../support/fake-probes';
import { aSubject, factsFrom, healthyFacts } from '../../support/isolated-tenant';

const now = () => new Date(NOW);
const asking = (...catalogue: Check[]) => verify(aSubject(), {} as Sources, now, catalogue);
const answering = (id: Check['id'], finding: Finding) => aCheck(id, async () => finding);
const throwing = (id: Check['id'], thrown: unknown) => aCheck(id, () => Promise.reject(thrown));
const yes = answering('key.rotation', { passed: true, evidence: 'rotates' });

test('a healthy tenant passes the whole catalogue', async () => {
  const probes = new FakeProbes(aSubject());
  const report = await verify(aSubject(), { facts: factsFrom(healthyFacts()), probes }, now);
  expect(report.checks.filter(({ passed }) => !passed)).toEqual([]);
  expect(report).toMatchObject({ passed: true, tenantId: aTenant().tenantId, cell: aCell().name, verifiedAt: NOW });
});

test('answers stand in the order of the catalogue, each with its group, whichever check ends first', async () => {
  const slow = aCheck('storage.tls', async () => {
    await new Promise(setImmediate);
    return { passed: true, evidence: 'refused' };
  });
  const { checks } = await asking(slow, yes);
  expect(checks.map(({ id, group }) => [id, group])).toEqual([
    ['storage.tls', 'storage'],
    ['key.rotation', 'key'],
  ]);
});

describe('a check that begins ahead', () => {
  const passed = { passed: true, evidence: 'refused' };
  const scene = () => {
    const [begun, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<Finding>()];
    const asked: string[] = [];
    const ahead = { ...aCheck('probes.database-login', () => ended.promise), ahead: true as const };
    const other = aCheck('key.rotation', async () => {
      asked.push('key.rotation');
      return passed;
    });
    const probes = Object.assign(new FakeProbes(aSubject()), { databaseAsked: begun.promise });
    const report = verify(aSubject(), { facts: factsFrom(healthyFacts()), probes }, now, [other, ahead]);
    const turns = async () => {
      for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
      return asked;
    };
    return { begun, ended, turns, report };
  };

  test('lets the others wait until what it asks is on its way', async () => {
    const { begun, ended, turns, report } = scene();
    expect(await turns()).toEqual([]);
    begun.resolve();
    expect(await turns()).toEqual(['key.rotation']);
    ended.resolve(passed);
    expect((await report).checks.map(({ id }) => id)).toEqual(['key.rotation', 'probes.database-login']);
  });

  test.each(['answered', 'throttled'])('keeps nobody when it is %s without asking', async (how) => {
    const { ended, turns, report } = scene();
    if (how === 'answered') ended.resolve(passed);
    else ended.reject(awsError('ThrottlingException'));
    const end = report.then(
      () => 'answered',
      () => 'throttled',
    );
    expect(await turns()).toEqual(['key.rotation']);
    expect(await end).toBe(how);
  });
});

test('one failed check fails the report, and all other checks are answered', async () => {
  const { passed, checks } = await asking(answering('storage.tls', { passed: false, evidence: 'wide open' }), yes);
  expect(passed).toBe(false);
  expect(checks.map((answer) => [answer.passed, answer.evidence])).toEqual([
    [false, 'wide open'],
    [true, 'rotates'],
  ]);
});

test.each([
  ['a grant is missing', awsError('AccessDeniedException'), 'AccessDeniedException'],
  ['the thing asked about is gone', awsError('NoSuchBucket'), 'NoSuchBucket'],
  ['an answer is not what AWS documents', new TypeError('x is undefined'), 'x is undefined'],
  ['something that is no error is thrown', 'nonsense', 'nonsense'],
])('a check that cannot be answered, because %s, counts as failed', async (_, thrown, reason) => {
  const { passed, checks } = await asking(throwing('key.policy', thrown), yes);
  expect(passed).toBe(false);
  expect(checks[0]).toMatchObject({ id: 'key.policy', passed: false });
  expect(checks[0]?.evidence).toMatch(new RegExp(`^could not be answered: .*${reason}`));
});

test.each([
  ['throttled', awsError('ThrottlingException'), 'TransientThrottling'],
  ['answered 5xx', Object.assign(new Error('oops'), { $metadata: { httpStatusCode: 503 } }), 'TransientServiceFault'],
  ['cut off', Object.assign(new Error('gone'), { code: 'ECONNRESET' }), 'TransientServiceFault'],
  ['told to wait', new PlatformError('TransientNotYetVisible', 'not yet'), 'TransientNotYetVisible'],
])('a check that is %s makes no report: verification ends with a transient error', async (_, thrown, name) => {
  await expect(asking(throwing('key.policy', thrown), yes)).rejects.toMatchObject({ name });
});

test('F5: a throttled check fails the verification only after every other check was answered', async () => {
  const asked: string[] = [];
  const slow = aCheck('storage.tls', async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    asked.push('storage.tls');
    return { passed: true, evidence: 'refused' };
  });
  const throttled = throwing('key.policy', awsError('ThrottlingException'));
  await expect(asking(throttled, slow)).rejects.toMatchObject({ name: 'TransientThrottling' });
  expect(asked).toEqual(['storage.tls']);
});

/** What is read only to confirm a violation is no question of its own. */
const GROUPS = Object.keys(healthyFacts()).filter((group) => group !== 'password');

test.each(GROUPS)('a tenant whose %s facts cannot be read fails its checks', async (group) => {
  const unreadable = new Proxy({}, { get: () => () => Promise.reject(awsError('AccessDeniedException')) });
  const facts = { ...factsFrom(healthyFacts()), [group]: unreadable };
  const report = await verify(aSubject(), { facts, probes: new FakeProbes(aSubject()) }, now);
  expect(report.passed).toBe(false);
  const failed = report.checks.filter(({ passed }) => !passed);
  for (const { evidence } of failed) expect(evidence).toMatch(/^could not be answered/);
});

test('a tenant whose role cannot be assumed passes no probe that needs the role, denials included', async () => {
  const probes = new FakeProbes(aSubject());
  const refuse = () => Promise.reject(new Unanswered('the role cannot be assumed', 'role'));
  const stranger = new Proxy(probes.tenant, { get: () => refuse });
  const tenantsObject = { opened: refuse, written: refuse, readBack: refuse, readByOther: refuse };
  const decoysObject = { ...probes.decoysObject, readByOther: refuse };
  const own = { ...probes.own, tenant: { session: refuse, bucket: refuse, key: refuse, secret: refuse } };
  const shut = { tenant: stranger, own, tenantsObject, decoysObject, database: refuse };
  const sources = { facts: factsFrom(healthyFacts()), probes: { ...probes, ...shut, request: probes.request } };
  const { checks } = await verify(aSubject(), sources, now);
  const failed = checks.filter(({ passed }) => !passed).map(({ id }) => id);
  expect(failed).toEqual([
    'database.logins',
    'database.members',
    'database.owners',
    'database.leftovers',
    'database.grants',
    'database.code',
    'database.foreign',
    'database.replication',
    'database.sessions',
    'secrets.target',
    'probes.own-bucket',
    'probes.own-key',
    'probes.own-secret',
    'probes.own-login',
    'probes.no-external-id',
    'probes.foreign-external-id',
    'probes.no-session-tag',
    'probes.foreign-session-tag',
    'probes.decoy-bucket',
    'probes.decoy-key',
    'probes.decoy-secret',
    'probes.decoy-role',
    'probes.bucket-from-decoy',
    'probes.key-from-decoy',
    'probes.secret-from-decoy',
    'probes.role-from-decoy',
    'probes.foreign-key-upload',
    'probes.unkeyed-upload',
    'probes.database-login',
    'probes.database-from-decoy',
    'probes.database-other-user',
    'probes.database-expired-token',
    'probes.database-without-tls',
    'probes.database-master-password',
    'probes.database-powers',
    'probes.database-others',
    'probes.replica-login',
    'probes.replica-from-decoy',
    'probes.replica-other-token',
    'probes.replica-without-tls',
    'probes.replica-reads-only',
  ]);
});
