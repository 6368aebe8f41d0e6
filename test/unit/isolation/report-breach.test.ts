import { ReportBreachInput } from '../../../functions/contract/audit';
import { concludeAudit } from '../../../functions/isolation/conclude-audit';
import { reportBreach } from '../../../functions/isolation/report-breach';
import { FakeClient } from '../../support/fake-client';

const DRIFTED = {
  executionArn: 'arn:aws:states:eu-central-1:111122223333:execution:TenantIsolationAudit/Tenants:1',
  tenantId: 't0123456789abcde',
  verdict: 'drifted',
  host: 'acme.funnels.example',
  reason: '1 of 89 isolation checks failed: storage.public (open to everyone); report: tenants/t0/1.json',
  report: 'tenants/t0/1.json',
  suspension: 'none',
};

async function messageOf(breach: object) {
  const sns = new FakeClient({ PublishCommand: {} });
  await reportBreach.run(
    { topicArn: 'arn:topic', runbookUrl: 'https://runbook.acme.io', sns },
    ReportBreachInput.parse(breach),
  );
  const [message] = sns.inputs('PublishCommand');
  expect(message?.TopicArn).toBe('arn:topic');
  return { subject: String(message?.Subject), text: String(message?.Message) };
}

test('the message names tenant, failed checks with their evidence, report, execution, impact and remediation', async () => {
  const { subject, text } = await messageOf(DRIFTED);
  expect(subject).toBe('Tenant is not isolated: acme.funnels.example');
  for (const said of [DRIFTED.tenantId, DRIFTED.host, DRIFTED.reason, DRIFTED.report, DRIFTED.executionArn])
    expect(text).toContain(said);
  expect(text).toMatch(/Impact: .+ What to do: https:\/\/runbook\.acme\.io#tenant-drifted/);
});

test('the message for a tenant without a failed critical check says that nobody reaches its data by it', async () => {
  const { subject, text } = await messageOf({ ...DRIFTED, critical: false });
  expect(subject).toBe('Tenant is not as promised: acme.funnels.example');
  expect(text).toMatch(/no failed check is critical: nobody else reaches .* What to do: .*#tenant-drifted/);
});

test.each([
  ['none', 'nothing was changed'],
  ['done', 'its route answers 503'],
  ['failed', 'the suspension failed: suspend it now'],
])('the message says whether the tenant was suspended (%s)', async (suspension, said) => {
  expect((await messageOf({ ...DRIFTED, suspension })).text).toContain(said);
});

test('the message for a tenant that could not be verified gives the reason', async () => {
  const { subject, text } = await messageOf({
    executionArn: DRIFTED.executionArn,
    tenantId: DRIFTED.tenantId,
    verdict: 'unverified',
    suspension: 'none',
    reason: 'AccessDenied: not authorized to kms:ListGrants',
  });
  expect(subject).toBe(`Tenant could not be verified: ${DRIFTED.tenantId}`);
  expect(text).toContain('not authorized to kms:ListGrants');
  expect(text).toContain('https://runbook.acme.io#tenant-unverified');
});

test('one message names a cause that many tenants share, and says that nobody was suspended', async () => {
  const { subject, text } = await messageOf({
    executionArn: DRIFTED.executionArn,
    verdict: 'shared',
    suspension: 'none',
    causes: ['identity.trust: 12 of 15 tenants of cell c1'],
    tenants: 12,
    examples: ['acme.funnels.example', 'globex.funnels.example'],
    held: 12,
  });
  expect(subject).toBe('Many tenants fail for one cause: 12 tenants');
  for (const said of [
    'identity.trust: 12 of 15 tenants of cell c1',
    'acme.funnels.example',
    '12 tenants would have been',
  ])
    expect(text).toContain(said);
  expect(text).toContain('https://runbook.acme.io#many-tenants-fail-at-once');
});

test('tells once what an audit does not account for, difference by difference', async () => {
  const { subject, text } = await messageOf({
    verdict: 'uncounted',
    differences: ['bucket b is of a tenant that is unknown'],
    ...{ executionArn: 'arn:audit', suspension: 'none' },
  });
  expect(subject).toBe('Audit does not account for all: 1 difference');
  expect(text).toContain('bucket b is of a tenant that is unknown');
  expect(text).toContain('https://runbook.acme.io#uncounted-tenants');
});

test('the subject is one ASCII line shorter than 100 characters, as SNS requires', async () => {
  const { subject } = await messageOf({ ...DRIFTED, host: `${'a'.repeat(63)}.${'b'.repeat(63)}.example` });
  expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
});

test('the audit’s metrics count each kind of breach, zeros included, and the audit’s end', async () => {
  const counts: Record<string, number> = {};
  const meter = { count: (name: string, value: number) => void Object.assign(counts, { [name]: value }) };
  const totals = { isolated: 7, drifted: 0, unverified: 2, skipped: 1, held: 0, surroundings: 0, uncounted: 3 };
  await concludeAudit.run({ meter }, totals);
  expect(counts).toEqual({
    TenantsDrifted: 0,
    TenantsUnverified: 2,
    SuspensionsHeld: 0,
    SurroundingsFailing: 0,
    TenantsUncounted: 3,
    AuditsDone: 1,
  });
});
