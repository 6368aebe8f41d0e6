import type { Preview } from '../../../../operations/console/api/acts';
import type { TenantRow } from '../../../../operations/console/api/tenants';
import { impossibleBecause } from '../../../../operations/console/page/act-rules';
import { performOn, requestsFor } from '../../../../operations/console/page/acting';
import { domainToASCII } from '../../../../operations/console/page/domain-to-ascii';
import { linkTo, linkToTenant, routeOf } from '../../../../operations/console/page/routes';
import { takeToken } from '../../../../operations/console/page/session';
import { EMPTY_SIGNUP, signupErrors, signupOf } from '../../../../operations/console/page/signup-form';
import { isFiltered, tenantQueryOf, tenantsLink, tenantsPath } from '../../../../operations/console/page/tenant-query';
import { durationText } from '../../../../operations/console/page/time-text';

describe('the token of the session', () => {
  const tab = (hash: string) => {
    const kept = new Map<string, string>();
    const history = { replaceState: jest.fn() };
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    return { location: { hash }, history, storage };
  };

  test('is taken out of the address, and kept for the tab', () => {
    const opened = tab('#token=a-b_C9');
    expect(takeToken(opened)).toBe('a-b_C9');
    expect(opened.history.replaceState).toHaveBeenCalledWith(null, '', '#/');
    expect(takeToken({ ...opened, location: { hash: '#/cells' } })).toBe('a-b_C9');
  });

  test.each(['', '#/tenants', '#token=', '#token=<b>'])('is not in "%s"', (hash) => {
    const opened = tab(hash);
    expect(takeToken(opened)).toBeUndefined();
    expect(opened.history.replaceState).not.toHaveBeenCalled();
  });
});

describe('routes', () => {
  test.each([
    ['', 'tenants'],
    ['#/', 'tenants'],
    ['#/audit-log?day=2026-11-29', 'audit-log'],
    ['#/toString', 'unknown'],
    ['#/cells/c1', 'unknown'],
  ])('"%s" is the view %s', (fragment, view) => {
    expect(routeOf(fragment).view).toBe(view);
  });

  test('a tenant may have any name', () => {
    expect(routeOf(linkToTenant('a/b?c'))).toMatchObject({ view: 'tenant', tenant: 'a/b?c' });
    expect(routeOf('#/tenants/%E0%A4%A')).toMatchObject({ view: 'tenant', tenant: '%E0%A4%A' });
    expect(linkTo('tenants', { cell: 'c 1', q: undefined })).toBe('#/tenants?cell=c+1');
  });

  test('the list of tenants is the same from its own address, and leaves out what is wrong in another', () => {
    const query = tenantQueryOf(new URLSearchParams('q=a%26b&status=FAILED&status=HELD&sort=since&order=desc'));
    expect(query).toMatchObject({ q: 'a&b', status: ['FAILED', 'HELD'], sort: 'since', order: 'desc' });
    expect(tenantQueryOf(new URLSearchParams(tenantsLink(query).split('?')[1]))).toEqual(query);
    expect(tenantsPath(query, '50')).toContain('cursor=50');
    const wrong = tenantQueryOf(new URLSearchParams('status=GONE&sort=colour&order=up'));
    expect(tenantsLink(wrong)).toBe('#/tenants');
    expect([isFiltered(query), isFiltered(wrong)]).toEqual([true, false]);
  });
});

describe('acts', () => {
  const run = { executionArn: 'arn', redrivable: false, redriveCount: 0, at: [] };

  test('that are impossible say why', () => {
    const active = { acts: ['verify', 'suspend'] as const, status: 'ACTIVE' as const };
    const tenant = { ...active, acts: [...active.acts], run: { ...run, status: 'SUCCEEDED' } };
    expect(impossibleBecause('suspend', tenant)).toBeUndefined();
    expect(impossibleBecause('resume', tenant)).toContain('the tenant is ACTIVE');
    expect(impossibleBecause('redrive', tenant)).toContain('cannot be redriven');
    const running = { ...tenant, acts: [], run: { ...run, status: 'RUNNING' } };
    expect(impossibleBecause('redrive', running)).toBe('The run is under way.');
  });

  const row = (index: number): TenantRow => ({
    ...{ tenantId: `t${index}`, subdomain: `s${index}`, status: 'FAILED', since: '', executionArn: 'arn' },
  });
  const preview = (count: number): Preview => ({
    ...{ act: 'redrive', targets: Array.from({ length: count }, (_, index) => row(index)), left: [] },
    ...{ confirm: `${count} tenants`, needsReason: false },
  });

  test('on many tenants are sent in slices, each confirmed by itself', async () => {
    expect(requestsFor(preview(21), 'mended').map(({ tenants, confirm }) => [tenants.length, confirm])).toEqual([
      [10, '10 tenants'],
      [10, '10 tenants'],
      [1, 's20'],
    ]);
    const done: number[] = [];
    const post = jest.fn(async (_path, { tenants }) => ({
      results: tenants.map((tenantId: string) => ({ tenantId, outcome: 'done', message: '' })),
    }));
    const outcomes = await performOn({ post } as never, preview(21), 'mended', (count) => done.push(count));
    expect(outcomes.map(({ tenantId }) => tenantId)).toEqual(preview(21).targets.map(({ tenantId }) => tenantId));
    expect(done).toEqual([10, 20, 21]);
  });

  test('that were done are told when a later request fails', async () => {
    const results = preview(10).targets.map(({ tenantId }) => ({ tenantId, outcome: 'done', message: '' }));
    const post = jest.fn().mockResolvedValueOnce({ results }).mockRejectedValue(new Error('no connection'));
    const outcomes = await performOn({ post } as never, preview(30), '', () => undefined);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([...Array(10).fill('done'), ...Array(20).fill('failed')]);
    expect(outcomes.at(-1)?.message).toContain('no connection');
    expect(post).toHaveBeenCalledTimes(2);
    await expect(performOn({ post } as never, preview(30), '', () => undefined)).rejects.toThrow('no connection');
  });
});

describe('the form of a signup', () => {
  const typed = {
    ...{
      companyName: 'Müller',
      subdomain: 'mueller',
      contactEmail: ' ops@müller.example ',
      plan: 'growth',
      reason: ' ',
    },
  };

  test('accepts what the platform accepts, and sends no empty reason', () => {
    expect(signupErrors(typed)).toEqual({});
    expect(signupOf(typed)).toEqual({
      ...{ companyName: 'Müller', subdomain: 'mueller', contactEmail: 'ops@müller.example', plan: 'growth' },
    });
  });

  test('names each field that is wrong, with the schema’s first fault', () => {
    expect(signupErrors({ ...typed, subdomain: 'www' })).toEqual({
      subdomain: 'expected a subdomain that the platform has not reserved',
    });
    expect(signupErrors(EMPTY_SIGNUP).subdomain).toBe('expected a DNS label, it is empty');
    expect(Object.keys(signupErrors(EMPTY_SIGNUP)).sort()).toEqual([
      ...['companyName', 'contactEmail', 'plan', 'subdomain'],
    ]);
  });
});

test.each(['müller.example', 'a..b', 'exa mple', 'x.example', ''])(
  'a browser reads the domain "%s" as Node does',
  (domain) => {
    const { domainToASCII: ofNode } = jest.requireActual('node:url');
    expect(domainToASCII(domain)).toBe(ofNode(domain));
  },
);

test.each([
  [0, '0 s'],
  [59_999, '59 s'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [90_061_000, '1 d 1 h'],
  [-5, '0 s'],
])('%d ms are %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});
