import { SuspendTenantInput } from '../../../functions/contract/audit';
import { itemKeys } from '../../../functions/contract/records';
import { resumeTenant } from '../../../functions/suspension/resume-tenant';
import { suspendTenant } from '../../../functions/suspension/suspend-tenant';
import { aCell, aTenant, NOW } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { onboarded } from '../../support/onboarded';

/** A pause lasts no time, so that what never comes is known at once. */
jest.mock('../../../functions/shared/invocation', () => ({
  ...jest.requireActual('../../../functions/shared/invocation'),
  pause: async () => {},
}));

const { tenantId, host } = aTenant();
const now = () => new Date(NOW);
const order = { tenant: tenantId, by: 'jane', reason: 'bucket opened' };
const minutes = (count: number) => new Date(Date.parse(NOW) + count * 60_000).toISOString();

const suspended = { status: 'SUSPENDED', suspension: { at: NOW, by: 'jane', reason: 'open' } } as const;
const verification = { verifiedAt: minutes(5), checks: 89, digest: 'd', report: 'r.json' };

describe('SuspendTenant', () => {
  test('closes listener rule and route, and records why', async () => {
    const scene = onboarded();
    await expect(suspendTenant.run({ ...scene, now }, order)).resolves.toEqual({ tenantId, host, suspendedAt: NOW });
    expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }]);
    expect(scene.route().status).toBe('SUSPENDED');
    expect(scene.record()).toMatchObject({
      status: 'SUSPENDED',
      statePk: 'STATUS#SUSPENDED',
      suspension: { at: NOW, by: 'jane', reason: 'bucket opened' },
    });
  });

  test.each(['elb', 'table'] as const)(
    'closes the other of rule and route when AWS refuses one (%s), and fails',
    async (refusing) => {
      const scene = onboarded();
      scene[refusing].before = (command) => {
        if (command !== 'GetCommand') throw awsError('AccessDenied');
      };
      await expect(suspendTenant.run({ ...scene, now }, order)).rejects.toThrow('AccessDenied');
      if (refusing === 'elb') expect(scene.route().status).toBe('SUSPENDED');
      else expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
    },
  );

  test('G3: suspends anew a tenant that another operator resumes at the same moment', async () => {
    const scene = onboarded({ ...suspended });
    scene.elb.before = () => {
      // ResumeTenant has written what it had to write, since the record was read.
      scene.elb.before = () => {};
      Object.assign(scene.route(), { status: 'ACTIVE' });
      Object.assign(scene.record(), { status: 'ACTIVE', suspension: undefined, updatedAt: minutes(5) });
    };
    await expect(suspendTenant.run({ ...scene, now }, order)).resolves.toEqual({ tenantId, host, suspendedAt: NOW });
    expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
    expect(scene.route().status).toBe('SUSPENDED');
    expect(scene.record()).toMatchObject({ status: 'SUSPENDED', suspension: { reason: order.reason } });
  });

  test('called again, closes what is still open, and keeps the first reason', async () => {
    const scene = onboarded({ ...suspended });
    const again = suspendTenant.run({ ...scene, now: () => new Date(minutes(9)) }, order);
    await expect(again).resolves.toEqual({
      ...{ tenantId, host, suspendedAt: NOW },
      earlier: { by: 'jane', reason: 'open' },
    });
    expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
    expect(scene.record().suspension).toEqual(suspended.suspension);
  });

  test.each([
    ['of the condition', () => undefined],
    [
      'of two transactions',
      () => {
        throw Object.assign(awsError('TransactionCanceledException'), {
          CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
        });
      },
    ],
  ])(
    'G3: of two at the same moment, the second is told of the first, which stays on record (a conflict %s)',
    async (_, conflict) => {
      const scene = onboarded();
      scene.table.before = (command) => {
        if (command !== 'TransactWriteCommand' || scene.record().status === 'SUSPENDED') return;
        Object.assign(scene.record(), suspended);
        conflict();
      };
      await expect(suspendTenant.run({ ...scene, now: () => new Date(minutes(9)) }, order)).resolves.toEqual({
        ...{ tenantId, host, suspendedAt: NOW },
        earlier: { by: 'jane', reason: 'open' },
      });
      expect(scene.record().suspension).toEqual(suspended.suspension);
      expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
    },
  );

  test('fails when the tenant has changed otherwise at the same moment', async () => {
    const scene = onboarded();
    scene.table.before = (command) => {
      if (command === 'TransactWriteCommand') Object.assign(scene.record(), { status: 'FAILED' });
    };
    await expect(suspendTenant.run({ ...scene, now }, order)).rejects.toMatchObject({ name: 'TransientConflict' });
  });

  test.each(['', ' ', '\t\n', '\u200b'])('refuses the blank reason %j', (reason) => {
    expect(SuspendTenantInput.safeParse({ ...order, reason }).error?.issues).toMatchObject([{ path: ['reason'] }]);
    expect(SuspendTenantInput.safeParse(order).success).toBe(true);
  });

  test('suspends a tenant whose rule was deleted by hand', async () => {
    const scene = onboarded();
    scene.elb.rules = [];
    await suspendTenant.run({ ...scene, now }, order);
    expect(scene.record().status).toBe('SUSPENDED');
  });

  test.each([
    ['deleted', undefined],
    ['given to another tenant', { tenantId: 'another' }],
  ])('suspends a tenant whose route somebody has %s, and leaves the route', async (_, change) => {
    const scene = onboarded();
    const { pk, sk } = itemKeys.route(host);
    if (change) scene.table.put({ pk, sk, ...scene.route(), ...change });
    else scene.table.items.delete(`${pk}|${sk}`);
    const before = scene.route();
    await expect(suspendTenant.run({ ...scene, now }, order)).resolves.toMatchObject({ suspendedAt: NOW });
    expect(scene.record()).toMatchObject({ status: 'SUSPENDED', suspension: { reason: order.reason } });
    expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
    expect(scene.route()).toEqual(before);
  });

  test('T3: requests the page until each node of the load balancer answers 503', async () => {
    const scene = onboarded();
    const oneLags = [503, 503, 200, 503, 503, 503, 503, 503];
    const statuses = [...Array(8).fill(200), ...oneLags, ...Array(8).fill(503), 200];
    const page = async () => ({ status: statuses.shift() ?? 0, body: '' });
    await suspendTenant.run({ ...scene, page, now }, order);
    expect(statuses).toEqual([200]);
  });

  test('T3: fails while the page is still served, with rule and route closed; called again, it answers', async () => {
    const scene = onboarded();
    const page = async () => ({ status: 200, body: '' });
    await expect(suspendTenant.run({ ...scene, page, now }, order)).rejects.toMatchObject({
      name: 'TransientNotYetVisible',
      message: `the route of ${host} is closed, and still answers 200`,
    });
    expect(scene.route().status).toBe('SUSPENDED');
    expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
    await expect(suspendTenant.run({ ...scene, now }, order)).resolves.toMatchObject({ suspendedAt: NOW });
  });

  test.each([
    ['cell is gone', { slot: { ...aTenant().slot, cell: 'gone' } }],
    ['record has lost its slot', { slot: undefined }],
  ])('closes rule and route of a tenant whose %s, then fails and says that it is suspended', async (_, record) => {
    const scene = onboarded(record);
    await expect(suspendTenant.run({ ...scene, now }, order)).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringContaining(`tenant ${tenantId} is suspended, but nobody could ask for its page`),
    });
    expect(scene.route().status).toBe('SUSPENDED');
    expect(scene.rule.Actions).toMatchObject([{ Type: 'fixed-response' }]);
  });

  test.each(['ONBOARDING', 'FAILED', 'HELD'] as const)('refuses a tenant that is %s', async (status) => {
    const scene = onboarded({ status });
    await expect(suspendTenant.run({ ...scene, now }, order)).rejects.toMatchObject({ name: 'InvalidRequest' });
    expect(scene.rule.Actions).toEqual(scene.forwarding);
  });
});

describe('ResumeTenant', () => {
  const at = (minute: number) => ({ now: () => new Date(minutes(minute)) });
  const REFUSING = [{ Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503' } }] as const;
  type Scene = ReturnType<typeof onboarded>;

  /** A suspended tenant as SuspendTenant leaves it. */
  function closed(): Scene {
    const scene = onboarded({ ...suspended, verification });
    scene.rule.Actions = structuredClone([...REFUSING]);
    return scene;
  }

  test('opens rule and route after a verification that is newer than the suspension', async () => {
    const scene = onboarded({ ...suspended, verification });
    scene.rule.Actions = [];
    await expect(resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' })).resolves.toMatchObject({
      tenantId,
      host,
    });
    expect(scene.rule.Actions).toEqual(scene.forwarding);
    expect(scene.route().status).toBe('ACTIVE');
    expect(scene.record()).toMatchObject({ status: 'ACTIVE', statePk: 'STATUS#ACTIVE' });
    expect(scene.record()).not.toHaveProperty('suspension');
  });

  test.each([
    ['somebody has deleted the listener rule', {}],
    ['there is no listener rule on the record', { ruleArn: undefined }],
  ])('says that %s, and what makes it again', async (what, record) => {
    const scene = onboarded({ ...suspended, verification, ...record });
    scene.elb.rules = [];
    await expect(resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' })).rejects.toMatchObject({
      name: 'InvalidRequest',
      message: `${what} of tenant ${tenantId}: \`release --retry\` makes it again`,
    });
    expect(scene.record().status).toBe('SUSPENDED');
  });

  test.each([
    ['deleted', undefined, 'UnexpectedFailure', `somebody has deleted the route of ${host}`],
    ['another tenant’s', { tenantId: 'another' }, 'SubdomainTaken', `somebody has led ${host} to another tenant`],
  ])('says that the route is %s, and leaves the rule closed', async (_, change, name, message) => {
    const lose = (scene: Scene) => {
      const { pk, sk } = itemKeys.route(host);
      if (change) scene.table.put({ pk, sk, ...scene.route(), ...change });
      else scene.table.items.delete(`${pk}|${sk}`);
    };
    const known = closed();
    lose(known);
    const late = closed();
    late.table.before = (command) => {
      if (command === 'TransactWriteCommand') lose(late);
    };
    for (const scene of [known, late]) {
      const resuming = resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
      await expect(resuming).rejects.toMatchObject({ name, message: expect.stringContaining(message) });
      expect(scene.record().status).toBe('SUSPENDED');
      expect(scene.rule.Actions).toMatchObject(REFUSING);
    }
    expect(known.elb.calls).not.toContain('ModifyRuleCommand');
  });

  test('tells why it was refused, also when the rule cannot be closed again', async () => {
    const scene = closed();
    scene.table.before = (command) => {
      if (command !== 'TransactWriteCommand') return;
      Object.assign(scene.record(), { verification: { ...verification, digest: 'other' } });
      scene.elb.before = () => {
        throw awsError('AccessDenied');
      };
    };
    const resuming = resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
    await expect(resuming).rejects.toMatchObject({ name: 'TransientConflict' });
  });

  test('F13: opens nothing while the live colour has no healthy target', async () => {
    const scene = onboarded({ ...suspended, verification });
    scene.rule.Actions = [];
    scene.compute.unhealthy.add(aCell().targetGroupArns.blue);
    const resuming = resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
    await expect(resuming).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
    expect(scene.rule.Actions).toEqual([]);
    expect(scene.record().status).toBe('SUSPENDED');
  });

  test.each(['SUSPENDED', 'ACTIVE'] as const)(
    'T3: answers for a tenant that is %s when its page is served',
    async (status) => {
      const scene = onboarded({ ...(status === 'SUSPENDED' ? { ...suspended, verification } : { status }) });
      const statuses = [503, ...Array(7).fill(404), ...Array(8).fill(404)];
      const page = async () => ({ status: statuses.shift() ?? 0, body: '', version: 'v1' });
      await resumeTenant.run({ ...scene, page, ...at(6) }, { tenant: 'acme' });
      expect(statuses).toEqual([]);
      expect(scene.record().status).toBe('ACTIVE');
    },
  );

  test('opens the rule on the colour that is live now', async () => {
    const scene = onboarded({ ...suspended, verification });
    scene.compute.liveColours.cell1 = 'green';
    await resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
    expect(scene.rule.Actions).toEqual([{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.green }]);
  });

  test.each([
    ['its slot was given back', { slot: undefined }, 'InvalidRequest'],
    ['its cell is gone', { slot: { ...aTenant().slot, cell: 'gone' } }, 'ConfigurationInvalid'],
  ])('opens nothing when %s', async (_, record, name) => {
    const scene = onboarded({ ...suspended, verification, ...record });
    scene.rule.Actions = [];
    const resuming = resumeTenant.run({ ...scene, ...at(6) }, { tenant: tenantId });
    await expect(resuming).rejects.toMatchObject({ name });
    expect(scene.rule.Actions).toEqual([]);
  });

  test.each([
    ['none', undefined, 6],
    ['one that failed', { ...verification, failed: ['storage.public'] }, 6],
    ['one from before the suspension', { ...verification, verifiedAt: minutes(-5) }, 6],
    ['one of hours ago', verification, 60],
  ])('leaves the tenant suspended when its verification is: %s', async (_, found, minute) => {
    const scene = onboarded({ ...suspended, ...(found && { verification: found }) });
    scene.rule.Actions = [];
    const resuming = resumeTenant.run({ ...scene, ...at(minute) }, { tenant: 'acme' });
    await expect(resuming).rejects.toMatchObject({ name: 'IsolationBreach' });
    expect(scene.rule.Actions).toEqual([]);
    expect(scene.route().status).toBe('SUSPENDED');
  });

  test('G3: of two at the same moment, the second is told that the tenant is in service', async () => {
    const scene = onboarded({ ...suspended, verification });
    scene.rule.Actions = [];
    scene.table.before = (command) => {
      if (command !== 'TransactWriteCommand') return;
      Object.assign(scene.route(), { status: 'ACTIVE' });
      Object.assign(scene.record(), { status: 'ACTIVE', updatedAt: minutes(5) });
    };
    const resuming = resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
    await expect(resuming).resolves.toEqual({ tenantId, host, resumedAt: minutes(5) });
    expect(scene.rule.Actions).toEqual(scene.forwarding);
  });

  test('keeps route and rule closed when the verification changes meanwhile', async () => {
    const scene = closed();
    scene.table.before = (command) => {
      if (command === 'TransactWriteCommand')
        Object.assign(scene.record(), { verification: { ...verification, digest: 'other' } });
    };
    const resuming = resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
    await expect(resuming).rejects.toMatchObject({ name: 'TransientConflict' });
    expect(scene.route().status).toBe('SUSPENDED');
    expect(scene.rule.Actions).toMatchObject(REFUSING);
  });

  test('G3: opens the rule of a tenant in service that another operator’s suspension has closed', async () => {
    const scene = onboarded({ verification });
    scene.rule.Actions = structuredClone([...REFUSING]);
    await resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' });
    expect(scene.rule.Actions).toEqual(scene.forwarding);
  });

  test('accepts a tenant that is ACTIVE already, and refuses one that never was in service', async () => {
    const scene = onboarded();
    await expect(resumeTenant.run({ ...scene, ...at(6) }, { tenant: 'acme' })).resolves.toMatchObject({ tenantId });
    const failed = onboarded({ status: 'FAILED' });
    const resuming = resumeTenant.run({ ...failed, ...at(6) }, { tenant: 'acme' });
    await expect(resuming).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});
