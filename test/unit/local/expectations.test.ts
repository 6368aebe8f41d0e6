import { STACK_KINDS } from '../../../functions/contract/stacks';
import { became, disappointments } from '../../../local/expectations';
import type { Applicant, Expectation, Outcome } from '../../../local/scenario';
import { aTenantRecord } from '../../support/builders';

const at = (second: number) => new Date(1_000 * second);
const visit = (state: string, second: number) => ({
  state,
  enteredAt: at(second),
  leftAt: at(second + 1),
  errors: [],
  failed: false,
});

function outcome(expected: Expectation, more: Partial<Outcome>): Outcome {
  const applicant: Applicant = { label: expected, companyName: 'Acme & Co', subdomain: 'acme', expected, detail: {} };
  return { applicant, run: run(), seconds: 1, tenantId: 't1', inventory: undefined, page: undefined, ...more };
}
const run = (more: Partial<Outcome['run']> = {}): Outcome['run'] => ({
  executionArn: 'arn:first',
  status: 'SUCCEEDED',
  failure: undefined,
  output: {},
  seconds: 1,
  visits: [visit('ReserveTenant', 0), visit('VerifyIsolation', 10)],
  ...more,
});
const refused = (error: string, reason: string) =>
  run({ status: 'FAILED', failure: { step: 'ConcludeFailure', error, reason } });
const complete = {
  record: aTenantRecord({ status: 'ACTIVE', executionArn: 'arn:first' }),
  stacks: STACK_KINDS.map((kind) => ({ kind, status: 'CREATE_COMPLETE', resources: 1 })),
  keyState: 'Enabled',
};
const seen = (...changes: [status: number, second: number][]) => ({
  changes: changes.map(([status, second]) => ({ status, at: at(second) })),
  last: { status: changes.at(-1)?.[0] ?? 0, body: '<h1>Acme &amp; Co</h1>' },
});
const active = outcome('ACTIVE', { inventory: complete, page: seen([404, 0], [503, 5], [200, 12]) });
const duplicate = outcome('duplicate', {
  run: run({
    executionArn: 'arn:second',
    visits: [visit('ReserveTenant', 0)],
    output: { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'arn:first' },
  }),
});
const taken = outcome('SubdomainTaken', { run: refused('SubdomainTaken', 'subdomain acme belongs to another') });

test('the expected outcomes give no complaint', () => {
  expect(disappointments([active, duplicate, taken])).toEqual([]);
  expect([active, duplicate, taken].map(became)).toEqual(['ACTIVE', 'duplicate', 'SubdomainTaken']);
});

test.each<[string, Partial<Outcome>, string]>([
  ['a failed run', { run: refused('AccessDenied', 'no grant') }, 'its run ended FAILED: AccessDenied no grant'],
  ['no record', { inventory: { ...complete, record: undefined } }, 'its record is missing'],
  [
    'a missing stack',
    { inventory: { ...complete, stacks: complete.stacks.slice(1) } },
    'its stacks are database CREATE',
  ],
  ['a disabled key', { inventory: { ...complete, keyState: 'Disabled' } }, 'its key is Disabled'],
  ['a page at once', { page: seen([404, 0], [200, 12]) }, 'its page was never 503 before it was there: 404, 200'],
  ['a page too early', { page: seen([503, 5], [200, 10]) }, 'its page was there before it was verified'],
  ['no page', { page: seen([404, 0], [503, 5]) }, 'its page is 503'],
  [
    "another's page",
    { page: { ...seen([503, 5], [200, 12]), last: { status: 200, body: 'Beta' } } },
    'its page does not name the company',
  ],
])('a tenant with %s gives a complaint', (_, more, sentence) => {
  expect(disappointments([outcome('ACTIVE', { ...active, ...more, applicant: active.applicant })])).toContainEqual(
    expect.stringContaining(`ACTIVE: ${sentence}`),
  );
});

test.each<[string, Outcome, string]>([
  ['onboards once more', outcome('duplicate', { run: run() }), 'duplicate: it does not point at the first run'],
  [
    'points elsewhere',
    outcome('duplicate', {
      run: run({ output: { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'arn:other' } }),
    }),
    'duplicate: it does not point at the first run',
  ],
  [
    'takes its time',
    outcome('duplicate', { run: { ...duplicate.run, visits: [visit('CreateTenantKey', 1)] } }),
    'duplicate: it did not end at once',
  ],
  ['is not refused', outcome('SubdomainTaken', {}), 'SubdomainTaken: its run ended SUCCEEDED'],
  [
    'is refused for another reason',
    outcome('SubdomainTaken', { run: refused('InvalidSignup', 'acme') }),
    'SubdomainTaken: its run ended FAILED: InvalidSignup acme',
  ],
  [
    'is refused without a reason',
    outcome('InvalidSignup', { run: refused('InvalidSignup', 'plan: expected one of growth') }),
    'InvalidSignup: its reason does not name subdomain, contactEmail',
  ],
  [
    'is refused and leaves something behind',
    outcome('SubdomainTaken', { ...taken, inventory: complete }),
    'SubdomainTaken: it left something behind',
  ],
])('a signup that %s gives a complaint', (_, disappointing, sentence) => {
  expect(disappointments([active, disappointing])).toContainEqual(expect.stringContaining(sentence));
});
