import type { StageClient } from '../../../operations/client/stage-client';
import { listTenants, type TenantFilter } from '../../../operations/client/tenant-list';
import { resume } from '../../../operations/ops/acts';
import { EXIT } from '../../../operations/ops/exit';
import { resumeOfAudit } from '../../../operations/ops/resuming';
import { aTenant, NOW } from '../../support/builders';
import { onboarded } from '../../support/onboarded';

const AUDIT = 'arn:aws:states:eu-central-1:000000000000:execution:TenantIsolationAudit:audit-1';
const { tenantId } = aTenant();
const suspended = { status: 'SUSPENDED', suspension: { at: NOW, by: AUDIT, reason: 'storage.public' } } as const;

/** One tenant in the table, and an operator's client that verifies with this verdict. */
function scene({
  verdict = 'isolated',
  failed = [] as string[],
  record = suspended as object,
  status = 'SUSPENDED',
} = {}) {
  const { table } = onboarded(record);
  const acts: string[] = [];
  const client = {
    tenants: (filter: TenantFilter) => listTenants(table, filter),
    verify: async (tenant: string) => {
      acts.push(`verify ${tenant}`);
      return { verdict, failed, status, tenantId: tenant, evidence: { checks: [] } };
    },
    resume: async (tenant: string) => {
      acts.push(`resume ${tenant}`);
      return { tenantId: tenant, host: 'acme', resumedAt: NOW };
    },
  } as unknown as StageClient;
  const printed: { data: unknown; text: string }[] = [];
  const print = (data: unknown, text: () => string) => printed.push({ data, text: text() });
  const interrupting = new AbortController();
  const { signal } = interrupting;
  const run = (audit: string, yes: boolean) => resumeOfAudit({ client, print, signal }, { audit, yes });
  const interrupt = () => interrupting.abort(new Error('interrupted'));
  const one = () => resume({ client, print }, tenantId, {});
  return { run, one, acts, printed, interrupt };
}

test.each([AUDIT, 'audit-1'])(
  '%s names the audit: who would be resumed is shown, and nothing is done',
  async (audit) => {
    const { run, acts, printed } = scene();
    expect(await run(audit, false)).toBe(EXIT.done);
    expect(acts).toEqual([]);
    expect(printed[0]?.data).toMatchObject([{ tenantId, status: 'SUSPENDED', suspendedBy: AUDIT }]);
    expect(printed[0]?.text).toContain('1 would be verified, and resumed if every check passes');
  },
);

test('verifies each tenant first and then resumes it, with --yes', async () => {
  const { run, acts, printed } = scene();
  expect(await run('audit-1', true)).toBe(EXIT.done);
  expect(acts).toEqual([`verify ${tenantId}`, `resume ${tenantId}`]);
  expect(printed[0]?.data).toEqual([{ tenantId, resumedAt: NOW }]);
});

test('interrupted, verifies no further tenant, and tells of those that it has asked', async () => {
  const { run, acts, printed, interrupt } = scene();
  interrupt();
  await expect(run('audit-1', true)).rejects.toThrow('interrupted');
  expect(acts).toEqual([]);
  expect(printed).toMatchObject([{ data: [] }]);
});

test('leaves a tenant that fails a check suspended, and names the check', async () => {
  const { run, acts, printed } = scene({ verdict: 'drifted', failed: ['key.policy'] });
  expect(await run('audit-1', true)).toBe(EXIT.failed);
  expect(acts).toEqual([`verify ${tenantId}`]);
  expect(printed[0]?.text).toContain(`${tenantId}  stays suspended: failed key.policy`);
});

test.each<[string, string, object]>([
  ['another audit', 'audit-2', suspended],
  ['a person', 'audit-1', { ...suspended, suspension: { ...suspended.suspension, by: 'arn:aws:iam::1:user/ops' } }],
  ['nobody', 'audit-1', {}],
])('a tenant that %s has suspended is left alone', async (_, audit, record) => {
  const { run, acts } = scene({ record });
  expect(await run(audit, true)).toBe(EXIT.nothing);
  expect(acts).toEqual([]);
});

test.each([
  ['SUSPENDED', EXIT.done, `acme is ACTIVE since ${NOW}`],
  ['ACTIVE', EXIT.nothing, `nothing to resume: acme is ACTIVE since ${NOW}`],
])('of a tenant that was %s, a resumption ends with code %d', async (status, code, told) => {
  const { one, acts, printed } = scene({ status });
  expect(await one()).toBe(code);
  expect(acts).toEqual([`verify ${tenantId}`, `resume ${tenantId}`]);
  expect(printed[0]?.text.split('\n').at(-1)).toBe(told);
});
