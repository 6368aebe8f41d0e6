import type { ResourceRecordSet } from '@aws-sdk/client-route-53';
import type { AuditFinding } from '../../../functions/contract/audit';
import { JudgeAuditOutput } from '../../../functions/contract/audit';
import type { CellDescriptor } from '../../../functions/contract/cell';
import { ringZeroHost, tenantNames } from '../../../functions/contract/naming';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { judgeAudit } from '../../../functions/isolation/judge-audit';
import { ACCOUNT_ID, aCell, aTenantRecord, NOW, REGION } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const AUDIT = 'arn:aws:states:eu-central-1:111122223333:execution:TenantIsolationAudit:1';
const LATER = '2030-01-01T13:00:00.000Z';

const found = (finding: Partial<AuditFinding> = {}): AuditFinding => ({
  ...{ by: AUDIT, at: NOW, verdict: 'isolated', failed: [], critical: [], open: [], reason: '' },
  ...finding,
});
const open = (...checks: string[]) => found({ verdict: 'unverified', open: checks, reason: 'could not be answered' });
const failed = (...checks: string[]) => found({ verdict: 'drifted', failed: checks, reason: `failed: ${checks}` });
const critical = (...checks: string[]) => ({ ...failed(...checks), critical: checks });

const idOf = (n: number) => `t${String(n).padStart(15, '0')}`;
function tenant(n: number, audit: AuditFinding | undefined, more: Partial<TenantRecord> = {}) {
  const tenantId = idOf(n);
  const slot = { cell: 'c1', number: n, priority: 100 + n, cidr: `10.${64 + Math.floor(n / 256)}.${n % 256}.0/24` };
  const record = aTenantRecord({ tenantId, host: `h${n}.example`, slot, status: 'ACTIVE', activatedAt: NOW, ...more });
  return { ...itemKeys.tenant(tenantId), ...record, ...(audit && { audit }) };
}
type Tenant = ReturnType<typeof tenant>;
const healthy = (from: number, count: number) => Array.from({ length: count }, (_, n) => tenant(from + n, found()));

const routeOf = ({ tenantId, host, status }: Tenant) => ({ ...itemKeys.route(host ?? ''), tenantId, status });
const bucketOf = ({ tenantId }: Tenant) => tenantNames.bucket(tenantId, ACCOUNT_ID, REGION);
const ruleFor = (host: string) => ({ Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }] });

/** Asks a colour for its health, and is the cell's own. */
const ofColour = {
  Conditions: [...ruleFor(`blue.${aCell().name}.funnels.example`).Conditions, { Field: 'path-pattern' }],
};

const ringZero = { host: ringZeroHost('c1', 'funnels.example'), ruleArn: 'arn:rule/3' };

const peeringWith = (
  CidrBlock: string | undefined,
  VpcPeeringConnectionId: string,
  Code: 'active' | 'deleted' = 'active',
) => ({
  ...{ VpcPeeringConnectionId, Status: { Code } },
  RequesterVpcInfo: { CidrBlock, VpcId: `vpc-${VpcPeeringConnectionId}` },
  AccepterVpcInfo: { VpcId: aCell().vpcId },
});

/** What there is of these tenants besides their records, when nothing is missing. */
const resourcesOf = (tenants: readonly Tenant[]) => ({
  records: tenants.flatMap(({ host = '' }) => [
    { Name: `${host}.`, Type: 'A', AliasTarget: { DNSName: `dualstack.${aCell().loadBalancerDnsName}.` } },
    { Name: `${host}.`, Type: 'TXT', ResourceRecords: [{ Value: '"tenant"' }] },
  ]) as ResourceRecordSet[] | undefined,
  peerings: tenants.map(({ tenantId, slot }) => peeringWith(slot?.cidr, `pcx-${tenantId}`)),
  routes: tenants.map(routeOf) as object[],
  rules: tenants.map(({ host }) => ruleFor(host ?? '')),
  buckets: [...tenants.map(bucketOf), aCell().decoy.bucketName],
});

async function judge(
  items: Tenant[],
  onBreach: 'alarm' | 'suspend' = 'suspend',
  seen: Partial<ReturnType<typeof resourcesOf>> = {},
  cell: Partial<CellDescriptor> = {},
) {
  const { routes, rules, buckets, records, peerings } = { ...resourcesOf(items), ...seen };
  const deps = {
    table: new FakeTable(...([...items, ...routes] as never[])),
    ...{ maxSuspensions: 3, accountId: ACCOUNT_ID, region: REGION, now: () => new Date(LATER) },
    compute: { cells: async () => [aCell(cell)] },
    rulesOf: async () => [{ IsDefault: true }, ofColour, ...rules],
    buckets: async () => buckets,
    records: async () => records,
    peerings: async () => peerings,
  };
  const { reports, held, uncounted } = JudgeAuditOutput.parse(
    await judgeAudit.run(deps, { executionArn: AUDIT, onBreach, startedAt: NOW }),
  );
  const shared = reports.flatMap((report) => (report.verdict === 'shared' ? [report] : []));
  const named = reports.flatMap((report) => ('tenantId' in report ? [report] : []));
  const differences = reports.flatMap((report) => (report.verdict === 'uncounted' ? report.differences : []));
  const suspended = named.filter(({ suspend }) => suspend).map(({ tenantId }) => tenantId);
  return { reports, held, shared, named, suspended, uncounted, differences };
}

test('a restore that is under way suspends nobody, and is told; one of a day ago, or anything beside it, does', async () => {
  const at = (hours: number) => ({ to: NOW, at: new Date(Date.parse(NOW) - hours * 3_600_000).toISOString() });
  const copies = ['database.copies', 'key.grants'];
  const { suspended, named } = await judge([tenant(1, critical(...copies), { restoring: at(1) }), ...healthy(2, 3)]);
  expect([suspended, named.map(({ tenantId }) => tenantId)]).toEqual([[], [idOf(1)]]);
  expect((await judge([tenant(1, critical(...copies), { restoring: at(25) })])).suspended).toEqual([idOf(1)]);
  expect((await judge([tenant(1, critical(...copies))])).suspended).toEqual([idOf(1)]);
  const beside = critical(...copies, 'storage.role-only');
  expect((await judge([tenant(1, beside, { restoring: at(1) })])).suspended).toEqual([idOf(1)]);
});

test('reports nothing of healthy tenants', async () => {
  expect(await judge(healthy(0, 30))).toMatchObject({ reports: [], held: 0 });
});

test('suspends and reports a tenant with a failed critical check', async () => {
  const { suspended, named, held } = await judge([tenant(1, critical('storage.role-only')), tenant(2, found())]);
  expect(suspended).toEqual([idOf(1)]);
  expect(named).toEqual([
    { verdict: 'drifted', tenantId: idOf(1), host: 'h1.example', reason: 'failed: storage.role-only', suspend: true },
  ]);
  expect(held).toBe(0);
});

test.each<[string, AuditFinding]>([
  ['a failed check that is not critical', failed('key.rotation')],
  ['a check that could not be answered', open('key.grants')],
])('suspends no tenant for %s', async (_, finding) => {
  const { suspended, named } = await judge([tenant(1, finding), ...healthy(2, 20)]);
  expect(suspended).toEqual([]);
  expect(named).toHaveLength(1);
});

test('suspends only where the stage’s configuration says so', async () => {
  expect(await judge([tenant(1, critical('storage.role-only'))], 'alarm')).toMatchObject({ suspended: [], held: 0 });
});

test('reports a tenant that is suspended already, and does not suspend it again', async () => {
  const { suspended, named } = await judge([tenant(1, critical('storage.role-only'), { status: 'SUSPENDED' })]);
  expect([suspended, named.length]).toEqual([[], 1]);
});

describe('the limit on suspensions', () => {
  test('suspends nobody when every tenant fails by one cause, and sends one message', async () => {
    const all = Array.from({ length: 500 }, (_, n) => tenant(n, critical('identity.trust')));
    const { reports, shared, held } = await judge(all);
    expect(held).toBe(500);
    expect(reports).toHaveLength(1);
    expect(shared[0]).toMatchObject({ tenants: 500, held: 500, suspend: false });
    expect(shared[0]?.causes).toEqual(['identity.trust: 500 of 500 tenants of cell c1']);
  });

  test.each([
    // More than a tenth of the cell.
    ['3 of 20', 3, 20, 0],
    ['2 of 20', 2, 20, 2],
    // More than maxSuspensions, though less than a tenth.
    ['4 of 100', 4, 100, 0],
    ['3 of 100', 3, 100, 3],
    // One tenant alone shares nothing.
    ['1 of 2', 1, 2, 1],
    ['2 of 2', 2, 2, 0],
  ])('decides whether the tenants are suspended when %s fail the same check', async (_, broken, size, suspended) => {
    const items = Array.from({ length: size }, (_each, n) => tenant(n, n < broken ? critical('key.policy') : found()));
    const judged = await judge(items);
    expect(judged.suspended).toHaveLength(suspended);
    expect(judged.held).toBe(suspended === 0 ? broken : 0);
  });

  test('applies to the whole audit: a tenant with another failure is not suspended either, and is reported by name', async () => {
    const items = [
      ...Array.from({ length: 10 }, (_, n) => tenant(n, critical('identity.trust'))),
      tenant(10, critical('storage.role-only')),
      ...healthy(11, 10),
    ];
    const { suspended, held, named, shared } = await judge(items);
    expect([suspended, held]).toEqual([[], 11]);
    expect(named.map(({ tenantId }) => tenantId)).toEqual([idOf(10)]);
    expect(shared).toHaveLength(1);
  });

  test('counts each cell apart, and all cells together', async () => {
    const inCell = (cell: string, n: number) => {
      const slot = { cell, number: n, priority: 100 + n, cidr: '10.64.0.0/24' };
      return tenant(n, critical('key.policy'), { slot });
    };
    expect(await judge([inCell('c1', 1), inCell('c2', 2), inCell('c3', 3)])).toMatchObject({ held: 0 });
    expect(await judge([1, 2, 3, 4].map((n) => inCell(`c${n}`, n)))).toMatchObject({ held: 4 });
  });
});

test('reports unverified tenants with one cause in one message', async () => {
  const { reports, shared } = await judge(Array.from({ length: 50 }, (_, n) => tenant(n, open('key.grants'))));
  expect(reports).toHaveLength(1);
  expect(shared[0]?.causes).toEqual(['key.grants: 50 of 50 tenants of cell c1']);
});

test('a tenant that this audit has not answered for is unverified', async () => {
  const { named } = await judge([
    tenant(1, found({ by: 'arn:earlier' }), { activatedAt: '2029-01-01T12:00:00.000Z' }),
    ...healthy(2, 20),
  ]);
  expect(named).toEqual([expect.objectContaining({ tenantId: idOf(1), verdict: 'unverified' })]);
});

test('a record that cannot be parsed makes its tenant unverified, reported by name', async () => {
  const damaged = { ...tenant(1, found()), plan: 'unheard of' as never };
  const { named } = await judge([damaged, ...healthy(2, 20)]);
  expect(named).toEqual([expect.objectContaining({ tenantId: idOf(1), verdict: 'unverified' })]);
});

test('does not report a tenant that became ACTIVE during the audit', async () => {
  expect(await judge([tenant(1, undefined, { activatedAt: LATER })])).toMatchObject({ reports: [] });
});

test('the answer stays below the size limit of a state’s output', async () => {
  const reason = 'x'.repeat(2000);
  const items = Array.from({ length: 1000 }, (_, n) => tenant(n, { ...failed(`check.${n}`), reason }));
  const { reports, named, shared } = await judge(items);
  expect(JSON.stringify(reports).length).toBeLessThan(200 * 1024);
  expect(named).toHaveLength(100);
  expect(shared[0]?.tenants).toBe(900);
});

describe('what there is of tenants, against those who were audited', () => {
  const [one, two, three] = [tenant(1, found()), tenant(2, found()), tenant(3, found())];
  const all = [one, two, three];
  const left = resourcesOf(all);

  /** Tenant 3 as somebody has made its record look; everything else of it is still there. */
  const changed = (more: object) => {
    const { activatedAt: _, ...record } = three;
    return [one, two, { ...record, ...more } as Tenant];
  };

  test('finds no difference on a healthy stage, with a tenant that is onboarded meanwhile and one that has failed', async () => {
    const under = changed({ tenantId: idOf(8), host: 'h8.example', status: 'ONBOARDING' })[2] as Tenant;
    const settingUp = { ...routeOf(under), status: 'SETTING_UP' };
    const { rules, buckets: ofTenants, routes } = resourcesOf([...all, under]);
    const buckets = [...ofTenants, 'tenant-portal-assets'];
    const seen = { rules, buckets, routes: [...routes.slice(0, 3), settingUp], peerings: left.peerings };
    const failed = { ...under, ...itemKeys.tenant(idOf(9)), tenantId: idOf(9), host: 'h9.example', status: 'FAILED' };
    const items = [...all, { ...under, ...itemKeys.tenant(idOf(8)) }, failed as Tenant];
    expect(await judge(items, 'alarm', seen)).toMatchObject({ reports: [], uncounted: 0 });
  });

  test('knows the page of ring 0, and reports it when its route is another tenant’s', async () => {
    const { host } = ringZero;
    const rules = [...left.rules, ruleFor(host)];
    const ofDecoy = { ...itemKeys.route(host), tenantId: aCell().decoy.tenantId, status: 'ACTIVE' };
    const counted = (route: object) => judge(all, 'alarm', { rules, routes: [...left.routes, route] }, { ringZero });
    expect(await counted(ofDecoy)).toMatchObject({ reports: [], uncounted: 0 });
    expect((await counted({ ...ofDecoy, tenantId: idOf(2) })).differences).toEqual([
      `the route item of ${host}, a cell's own page, is of tenant ${idOf(2)}`,
    ]);
    // A cell without such a page has no such host, either.
    expect((await judge(all, 'alarm', { rules, routes: [...left.routes, ofDecoy] })).differences).toHaveLength(2);
  });

  test('reports route, rule and bucket of a tenant whose record is gone', async () => {
    const { differences, uncounted } = await judge([one, two], 'alarm', left);
    expect(uncounted).toBe(4);
    expect(differences).toEqual([
      `the route item of h3.example is ACTIVE, and of tenant ${idOf(3)}, which is unknown`,
      'a listener rule for h3.example is of no tenant',
      `bucket ${bucketOf(three)} is of a tenant that is unknown`,
      expect.stringContaining('with the block 10.64.3.0/24'),
    ]);
  });

  test.each([
    ['FAILED long ago', { status: 'FAILED', updatedAt: '2029-01-01T00:00:00.000Z' }, 3],
    ['FAILED a moment ago', { status: 'FAILED', updatedAt: LATER }, 1],
    ['ONBOARDING', { status: 'ONBOARDING' }, 1],
  ])('reports a tenant in service that somebody has made look %s', async (_, more, number) => {
    const { differences } = await judge(changed(more), 'alarm', left);
    expect(differences).toHaveLength(number);
    expect(differences[0]).toContain('the route item of h3.example is ACTIVE');
  });

  test.each<[string, Partial<typeof left>, string]>([
    ['route item', { routes: left.routes.slice(0, 2) }, 'has no route item'],
    ['rule', { rules: left.rules.slice(0, 2) }, 'has no listener rule'],
    ['bucket', { buckets: left.buckets.filter((name) => name !== bucketOf(three)) }, 'has no bucket'],
  ])('reports a tenant in service without a %s', async (_, seen, says) => {
    const { differences } = await judge(all, 'alarm', seen);
    expect(differences).toEqual([`tenant ${idOf(3)} ${says}`]);
  });

  test.each<[string, object]>([
    ['some paths of a host', { HostHeaderConfig: { Values: ['login.example'] } }],
    ['hosts by an expression', { HostHeaderConfig: { RegexValues: ['login.example'] } }],
  ])('reports a rule for %s that no tenant has', async (_, host) => {
    const rule = { Conditions: [{ Field: 'host-header', ...host }, { Field: 'path-pattern' }] };
    const { differences } = await judge(all, 'alarm', { rules: [...left.rules, rule as never] });
    expect(differences).toEqual(['a listener rule for login.example is of no tenant']);
  });

  test('reports a host that leads to another tenant', async () => {
    const routes = [...left.routes.slice(0, 2), { ...routeOf(three), tenantId: idOf(2) }];
    expect((await judge(all, 'alarm', { routes })).differences).toEqual([`tenant ${idOf(3)} has no route item`]);
  });

  test('reports a peering with the block of a slot that no tenant has, or of one that has a peering', async () => {
    const { peerings } = left;
    const strange = [
      peeringWith('10.64.200.0/24', 'pcx-free'),
      peeringWith(one.slot?.cidr, 'pcx-second'),
      peeringWith('10.64.201.0/24', 'pcx-gone', 'deleted'),
      { ...peeringWith('10.64.202.0/24', 'pcx-others'), AccepterVpcInfo: { VpcId: 'vpc-others' } },
    ];
    const { differences } = await judge(all, 'alarm', { peerings: [...peerings, ...strange] });
    expect(differences).toEqual([
      expect.stringContaining('peering pcx-free of cell cell1 is with the block 10.64.200.0/24'),
      expect.stringContaining('peering pcx-second of cell cell1 is a second one'),
    ]);
  });

  describe('the names of tenants', () => {
    const { host = '' } = one;
    const record = (Type: string, Value: string, Name = `${host}.`) =>
      ({ Name, Type, ResourceRecords: [{ Value }] }) as ResourceRecordSet;
    const aliasTo = (DNSName: string) => ({ DNSName, HostedZoneId: 'Z2FDTNDATAQYW2', EvaluateTargetHealth: false });
    const balancer = aCell().loadBalancerDnsName ?? '';
    const own = left.records ?? [];
    const withoutOwn = own.filter(({ Name }) => Name !== `${host}.`);
    const domain = host.slice(host.indexOf('.') + 1);
    const wildcard = `\\052.${domain}.`;

    test.each<[string, readonly ResourceRecordSet[], string]>([
      [
        'an address of a stranger',
        [...withoutOwn, record('A', '203.0.113.5')],
        `the A record of ${host} leads to 203.0.113.5, not to`,
      ],
      ['a stranger’s address of IPv6 beside', [...own, record('AAAA', '2001:db8::1')], 'leads to 2001:db8::1'],
      ['a stranger’s name servers', [...own, record('NS', 'ns.stranger.example.')], 'ns.stranger.example'],
      ['a stranger’s HTTPS record', [...own, record('HTTPS', '1 stranger.example.')], 'stranger.example'],
      [
        'a stranger’s hint of an address',
        [...own, record('HTTPS', '1 . alpn=h2 ipv4hint=203.0.113.5')],
        'leads to 1 . alpn=h2 ipv4hint',
      ],
      [
        'a stranger’s HTTPS alias',
        [...own, { Name: `${host}.`, Type: 'HTTPS', AliasTarget: aliasTo('stranger.cloudfront.net.') }],
        `the HTTPS record of ${host} leads to stranger.cloudfront.net`,
      ],
      ['a stranger’s key', [...own, record('HTTPS', '1 . ech="AEX+DQ=="')], 'leads to 1 . ech='],
      ['an address by number', [...own, record('HTTPS', '1 . alpn="h2" key4="1.2.3.4"')], 'key4="1.2.3.4"'],
      ['no record', withoutOwn, `no record of the hosted zone leads ${host} to cell`],
      [
        'a stranger who proves to be the host',
        [...own, record('CNAME', 'stranger.example', `_acme-challenge.${host}.`)],
        'lets stranger.example get certificates of the host',
      ],
      [
        'a stranger who proves to be all hosts',
        [...own, record('CNAME', 'stranger.example.', `_acme-challenge.${domain}.`)],
        `lets stranger.example get certificates of all hosts of ${domain}`,
      ],
      [
        'a stranger’s name servers of the challenge',
        [...own, record('NS', 'ns.stranger.example.', `_acme-challenge.${domain}.`)],
        'lets ns.stranger.example get certificates of all hosts',
      ],
      [
        'a stranger below the host',
        [...own, record('CNAME', 'stranger.example', `\\052.${host}.`)],
        'lets stranger.example get certificates of the host',
      ],
      [
        'a stranger’s name servers of the whole domain',
        [...own, record('NS', 'ns.stranger.example.', `${domain}.`)],
        `the NS record of ${domain} leads all hosts below it to ns.stranger.example`,
      ],
      ['a wildcard of a stranger', [...withoutOwn, record('CNAME', 'stranger.example', wildcard)], 'stranger.example'],
    ])('that lead to %s are a difference', async (_, records, expected) => {
      const { differences } = await judge(all, 'alarm', { records: [...records] });
      expect(differences).toEqual([expect.stringContaining(expected)]);
    });

    test.each<[string, readonly ResourceRecordSet[] | undefined]>([
      ['a wildcard that people have made', [...withoutOwn, record('CNAME', balancer, wildcard)]],
      ['an HTTPS record of the host itself', [...own, record('HTTPS', '1 . alpn="h2"')]],
      ['an HTTPS record that names the host', [...own, record('HTTPS', `1 ${host}. alpn="h2" no-default-alpn`)]],
      ['a record that leads nobody', [...own, record('CAA', '0 issue "amazon.com"')]],
      [
        'what a manager of certificates asks for',
        [
          ...own,
          record('TXT', '"token"', `_acme-challenge.${host}.`),
          record('TXT', '"token"', `_acme-challenge.${domain}.`),
          record('CNAME', '_x.acm-validations.aws.', `_3f2a.${host}.`),
          record('CNAME', '_x.acm-validations.aws.', `_3f2a.${domain}.`),
        ],
      ],
      ['an address under the name of a challenge', [...own, record('A', '203.0.113.5', `_acme-challenge.${host}.`)]],
      ['a wildcard below the host that leads to it', [...own, record('CNAME', host, `\\052.${host}.`)]],
      [
        'the zone’s own name servers, and those of a domain beside the host',
        [
          ...own,
          record('SOA', 'ns-1.awsdns-1.org. hostmaster.example. 1 7200 900 1209600 86400', `${domain}.`),
          record('NS', 'ns-1.awsdns-1.org.', `${domain}.`),
          record('NS', 'ns.status.example.', `status.${domain}.`),
        ],
      ],
      ['no hosted zone', undefined],
    ])('%s is no difference', async (_, records) => {
      expect((await judge(all, 'alarm', { records: records && [...records] })).differences).toEqual([]);
    });
  });

  test('reports what cannot be counted, and judges the audit all the same', async () => {
    const deps = {
      table: new FakeTable(...(all as never[])),
      ...{ maxSuspensions: 3, accountId: ACCOUNT_ID, region: REGION, now: () => new Date(LATER) },
      ...{ compute: { cells: async () => [] }, rulesOf: async () => [] },
      buckets: () => Promise.reject(awsError('AccessDenied')),
      ...{ records: async () => undefined, peerings: async () => [] },
    };
    const { uncounted, reports } = await judgeAudit.run(deps, {
      executionArn: AUDIT,
      onBreach: 'alarm',
      startedAt: NOW,
    });
    expect([uncounted, JSON.stringify(reports)]).toEqual([
      1,
      expect.stringContaining('could not be counted: AccessDenied'),
    ]);
  });
});
