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

test('names tenant, failed checks with what they saw, report, execution, impact and what to do', async () => {
  const { subject, text } = await messageOf(DRIFTED);
  expect(subject).toBe('Tenant is not isolated: acme.funnels.example');
  for (const said of [DRIFTED.tenantId, DRIFTED.host, DRIFTED.reason, DRIFTED.report, DRIFTED.executionArn])
    expect(text).toContain(said);
  expect(text).toMatch(/Impact: .+ What to do: https:\/\/runbook\.acme\.io#tenant-drifted/);
});

test.each([
  ['none', 'nothing was changed'],
  ['done', 'its route answers 503'],
  ['failed', 'the suspension failed: suspend it now'],
])('says what was done about it (%s)', async (suspension, said) => {
  expect((await messageOf({ ...DRIFTED, suspension })).text).toContain(said);
});

test('of a tenant that could not be verified, it tells the reason', async () => {
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

test('what many tenants share is told in one message, and that the brake holds', async () => {
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

test('a subject is what SNS takes: ASCII, one line, shorter than 100 characters', async () => {
  const { subject } = await messageOf({ ...DRIFTED, host: `${'a'.repeat(63)}.${'b'.repeat(63)}.example` });
  expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
});

test('an audit counts its breaches, zeros too, and its own end', async () => {
  const counts: Record<string, number> = {};
  const meter = { count: (name: string, value: number) => void Object.assign(counts, { [name]: value }) };
  await concludeAudit.run({ meter }, { isolated: 7, drifted: 0, unverified: 2, skipped: 1, held: 0, surroundings: 0 });
  expect(counts).toEqual({
    TenantsDrifted: 0,
    TenantsUnverified: 2,
    SuspensionsHeld: 0,
    SurroundingsFailing: 0,
    AuditsDone: 1,
  });
});
