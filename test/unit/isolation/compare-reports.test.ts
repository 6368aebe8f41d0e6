import { compareReports } from '../../../functions/isolation/compare-reports';
import { comparisonText } from '../../../operations/comparison-text';
import { anAnswer, anEvidence } from '../../support/evidence';

const answer = (id: string, more: Parameters<typeof anAnswer>[0] = {}) =>
  anAnswer({ id, title: `About ${id}`, ...more });
const failed = { passed: false, evidence: 'wide open' };
const open = { passed: false, open: 'unanswered', evidence: 'could not be answered' } as const;

const monday = anEvidence({
  verifiedAt: '2030-01-07T06:00:00.000Z',
  checks: [answer('key.policy'), answer('storage.tls', failed), answer('key.grants'), answer('logs.gone')],
  parameters: { network: {}, database: { Plan: 'starter' }, storage: {}, access: {} },
  sdkVersions: { s3: '3.1.0' },
});
const tuesday = anEvidence({
  verifiedAt: '2030-01-08T06:00:00.000Z',
  codeVersion: '0.2.0+0123456789ab',
  checks: [
    answer('key.policy', failed),
    answer('storage.tls', { evidence: 'refused, in other words' }),
    answer('key.grants', open),
    answer('logs.new'),
  ],
  parameters: { network: {}, database: { Plan: 'enterprise' }, storage: {}, access: {} },
  sdkVersions: { s3: '3.1.0' },
});

test.each([
  ['in order', monday, tuesday],
  ['the later first', tuesday, monday],
])('says which verdicts differ, of two reports given %s', (_, one, other) => {
  const { earlier, later, answers, same } = compareReports(one, other);
  expect([earlier.verifiedAt, later.verifiedAt]).toEqual([monday.verifiedAt, tuesday.verifiedAt]);
  expect(answers.map(({ id, before, after }) => [id, before, after])).toEqual([
    ['key.policy', 'passed', 'failed'],
    ['storage.tls', 'failed', 'passed'],
    ['key.grants', 'passed', 'unanswered'],
    ['logs.new', 'absent', 'passed'],
    ['logs.gone', 'passed', 'absent'],
  ]);
  expect(same).toBe(0);
});

test('ignores evidence in other words', () => {
  const again = anEvidence({ ...monday, checks: monday.checks.map((each) => ({ ...each, evidence: 'otherwise' })) });
  expect(compareReports(monday, again)).toMatchObject({ answers: [], values: [], same: 4 });
});

test('a check that one report says it has not asked is a difference only where the other has not passed', () => {
  const notAsked = ['logs.new', 'key.policy', 'key.grants'].map((id) => ({
    id,
    title: id,
    because: 'no audit has asked yet',
  }));
  const onboarding = anEvidence({ ...monday, checks: [answer('storage.tls')], notAsked });
  const { answers, askedOnce, same } = compareReports(onboarding, tuesday);
  expect(answers.map(({ id, before, after }) => [id, before, after])).toEqual([
    ['key.policy', 'absent', 'failed'],
    ['key.grants', 'absent', 'unanswered'],
  ]);
  expect([askedOnce, same]).toEqual([['logs.new'], 1]);
  expect(comparisonText(compareReports(onboarding, tuesday))).toContain('asked in one report only: logs.new');
});

test('names each changed version and parameter', () => {
  expect(compareReports(monday, tuesday).values).toEqual([
    { what: 'code version', before: '0.1.0+0123456789ab', after: '0.2.0+0123456789ab' },
    { what: 'parameter of the database stack: Plan', before: 'starter', after: 'enterprise' },
  ]);
});

test('compares a report of an earlier version of the platform, without parameters and SDK', () => {
  const { parameters: _, sdkVersions: __, ...old } = monday;
  expect(compareReports(old, monday).values).toContainEqual({
    what: 'version of s3',
    before: 'absent',
    after: '3.1.0',
  });
});

test('refuses reports about different tenants', () => {
  expect(() => compareReports(monday, anEvidence({ tenantId: 'tother' }))).toThrow('different tenants');
});

test('prints each changed verdict with its evidence, and each changed value', () => {
  const text = comparisonText(compareReports(monday, tuesday));
  for (const said of ['5 checks with another verdict', 'passed → failed', 'wide open', 'Plan: starter → enterprise'])
    expect(text).toContain(said);
});
