import { itemKeys, stateKeys } from '../../../functions/contract/records';
import { listTenants } from '../../../functions/isolation/list-tenants';
import { FakeTable } from '../../support/fake-table';

const item = (tenantId: string, status: 'ACTIVE' | 'SUSPENDED' | 'FAILED' = 'ACTIVE') => ({
  ...itemKeys.tenant(tenantId),
  ...stateKeys.tenant(status, tenantId),
  tenantId,
  status,
});
const ids = (count: number) => Array.from({ length: count }, (_, n) => `t${String(n).padStart(15, '0')}`);

async function pagesOf(table: FakeTable): Promise<string[][]> {
  const pages: string[][] = [];
  for (let after: string | null = null; ; ) {
    const { tenantIds, next } = await listTenants.run({ table }, { after });
    pages.push(tenantIds);
    if (next === null) return pages;
    after = next;
  }
}

test('lists every tenant in service once, suspended tenants included, and no other tenant', async () => {
  const table = new FakeTable(
    ...ids(1201).map((id) => item(id)),
    item('tsuspended', 'SUSPENDED'),
    item('tf', 'FAILED'),
    { ...itemKeys.route('acme.example'), tenantId: 'acme', status: 'ACTIVE' },
  );
  const pages = await pagesOf(table);
  expect(pages.map((page) => page.length)).toEqual([500, 500, 202]);
  expect(pages.flat()).toEqual([...ids(1201), 'tsuspended']);
});

test.each<[string, Record<string, unknown>]>([
  ['index keys of nobody', { statePk: 'STATUS#NOBODY', stateSk: 'x' }],
  ['no index keys', { statePk: undefined, stateSk: undefined }],
  ['a status that it cannot have any more', { status: 'FAILED', activatedAt: '2030-01-01T12:00:00.000Z' }],
  ['no readable status', { status: 7, activatedAt: '2030-01-01T12:00:00.000Z' }],
])('lists a tenant whose record has %s', async (_, change) => {
  expect(await pagesOf(new FakeTable({ ...item('t1'), ...change }))).toEqual([['t1']]);
});

test('the verdicts of a page stay below the size limit of a state’s output', async () => {
  const [page = []] = await pagesOf(new FakeTable(...ids(600).map((id) => item(id))));
  const verdicts = page.map((tenantId) => ({ tenantId, verdict: 'unverified' }));
  expect(JSON.stringify(verdicts).length).toBeLessThan(256 * 1024);
});

test('a stage without tenants has one empty page', async () => {
  expect(await pagesOf(new FakeTable())).toEqual([[]]);
});
