import { CellDescriptorSchema } from '../../../functions/contract/cell';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { Activation, VERIFIED } from '../../support/activation';
import { aCell, anExecution, aTenant, NOW, theStacks } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { awsError } from '../../support/fake-client';
import { FakeZone } from '../../support/fake-zone';

const tenant = aTenant();

describe('ActivateTenant', () => {
  it('stores the starter page, protects the stacks, opens the rule, and sets record and route to ACTIVE', async () => {
    const activation = await Activation.ready();
    await expect(activation.activate()).resolves.toEqual({ activatedAt: NOW });
    expect(activation.page).toContain('Acme GmbH');
    expect(activation.protectedStacks).toBe(4);
    // D6: a person who deletes the instance itself passes the stack's protection by.
    expect(activation.rds.protectedIds).toEqual([...activation.rds.instances.keys()]);
    expect(activation.rds.protectedIds).toContain(theStacks().database.outputs.InstanceId);
    expect(activation.rule?.Actions).toEqual([{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.blue }]);
    expect(activation.record).toMatchObject({ status: 'ACTIVE', statePk: 'STATUS#ACTIVE', activatedAt: NOW });
    expect(activation.route.status).toBe('ACTIVE');
    expect(activation.open).toBe(true);
  });

  it('F13: opens nothing while the live colour has no healthy target; called again, it opens', async () => {
    const activation = await Activation.ready();
    const { blue } = aCell().targetGroupArns;
    activation.compute.unhealthy.add(blue);
    await expect(activation.activate()).rejects.toMatchObject({ name: 'TransientServiceUnsteady' });
    expect(activation.rule?.Actions[0]?.Type).toBe('fixed-response');
    expect(activation.record.status).toBe('ONBOARDING');
    activation.compute.unhealthy.delete(blue);
    await activation.activate();
    expect(activation.open).toBe(true);
  });

  it('F13: says that somebody has deleted the rule, and puts nothing into service', async () => {
    const activation = await Activation.ready();
    activation.elb.before = (command) => {
      if (command === 'ModifyRuleCommand') throw awsError('RuleNotFoundException', 'One or more rules not found');
    };
    await expect(activation.activate()).rejects.toMatchObject({
      name: 'UnexpectedFailure',
      message: expect.stringMatching(/somebody has deleted the listener rule of tenant .*RuleNotFoundException/),
    });
    expect(activation.record.status).toBe('ONBOARDING');
  });

  it('puts no tenant into service whose record has lost its slot: nobody could suspend it', async () => {
    const activation = await Activation.ready();
    const { slot: _, ...damaged } = activation.record;
    activation.table.put(damaged as never);
    await expect(activation.activate()).rejects.toMatchObject({
      name: 'ClaimLost',
      message: expect.stringContaining('somebody has changed its record'),
    });
    expect(activation.record.status).toBe('ONBOARDING');
  });

  it('D6: waits for RDS to end a change before the databases are protected, and opens nothing before', async () => {
    const activation = await Activation.ready();
    activation.rds.before = () => {
      throw awsError('InvalidDBInstanceStateFault', 'Instance tenant-acme is storage-full');
    };
    await expect(activation.activate()).rejects.toMatchObject({
      name: 'TransientConflict',
      message: expect.stringContaining('InvalidDBInstanceStateFault: Instance tenant-acme is storage-full'),
    });
    expect(activation.rule?.Actions[0]?.Type).toBe('fixed-response');
    activation.rds.before = () => {};
    await activation.activate();
    expect(activation.rds.protectedIds).toEqual([...activation.rds.instances.keys()]);
  });

  it('D1: opens nothing until all name servers know the tenant’s name; called again, it opens', async () => {
    const activation = await Activation.ready();
    const zone = new FakeZone();
    activation.name = { zone, changeId: '/change/C1' };
    zone.pending.add('/change/C1');
    await expect(activation.activate()).rejects.toMatchObject({ name: 'TransientNotYetVisible' });
    expect(activation.rule?.Actions[0]?.Type).toBe('fixed-response');
    expect(activation.record.status).toBe('ONBOARDING');
    zone.pending.clear();
    await activation.activate();
    expect(activation.open).toBe(true);
  });

  it('activates a redriven execution on the colour that is live now, not on the one noted earlier', async () => {
    const activation = await Activation.ready();
    activation.cell = CellDescriptorSchema.parse({ ...aCell(), liveColour: 'blue' });
    activation.compute.liveColours.cell1 = 'green';
    await activation.activate();
    expect(activation.rule?.Actions).toEqual([{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.green }]);
  });

  it('reads the live colour right before it opens the rule', async () => {
    const activation = await Activation.ready();
    activation.s3.before = () => {
      activation.compute.liveColours.cell1 = 'green';
    };
    await activation.activate();
    expect(activation.rule?.Actions).toEqual([{ Type: 'forward', TargetGroupArn: aCell().targetGroupArns.green }]);
  });

  it('opens the rule only after everything else is done', async () => {
    const activation = await Activation.ready();
    activation.table.before = (command) => {
      if (command !== 'TransactWriteCommand') return;
      expect(activation.page).toBeDefined();
      expect(activation.protectedStacks).toBe(4);
      expect(activation.route.status).toBe('SETTING_UP');
    };
    await activation.activate();
    expect(activation.table.calls.at(-1)).toBe('TransactWriteCommand');
  });

  it('clears the failure of an earlier attempt', async () => {
    const failure = { step: 'RegisterTenant', error: 'SlotOccupied', reason: 'x', at: NOW, outcome: 'held' } as const;
    const activation = await Activation.ready({ failure });
    await activation.activate();
    expect(activation.record).not.toHaveProperty('failure');
  });

  it('repeats nothing that it has done before, and keeps a page that the customer has changed', async () => {
    const activation = await Activation.ready();
    await activation.activate();
    const before = structuredClone([...activation.table.items]);
    const calls = activation.elb.calls.length;
    await expect(activation.activate()).resolves.toEqual({ activatedAt: NOW });
    expect([...activation.table.items]).toEqual(before);
    expect(activation.elb.calls).toHaveLength(calls);
  });

  it('is finished by a retry after its death at each call; before that no request gets in', async () => {
    const deaths = await dieAtEachCall(
      async () => {
        const activation = await Activation.ready();
        return { activation, fakes: activation.fakes, run: activation.activate };
      },
      async ({ activation }) => {
        if (!activation.record.activatedAt) expect(activation.open).toBe(false);
        await activation.activate();
        expect(activation.open).toBe(true);
        expect(activation.protectedStacks).toBe(4);
        expect(activation.page).toBeDefined();
      },
    );
    expect(deaths).toEqual(expect.arrayContaining(['after PutObjectCommand', 'after TransactWriteCommand']));
  });
});

describe('no request reaches a tenant that is not verified', () => {
  it.each<[string, Partial<TenantRecord>]>([
    ['was never verified', {}],
    ['was verified by an earlier attempt', { verification: { ...VERIFIED, digest: 'd0' } }],
  ])('keeps the rule of a tenant that %s closed', async (_, record) => {
    const activation = await Activation.ready();
    activation.table.put({ ...activation.record, verification: undefined, ...record } as never);
    await expect(activation.activate()).rejects.toMatchObject({ name: 'IsolationBreach' });
    expect(activation.open).toBe(false);
    expect([activation.page, activation.protectedStacks]).toEqual([undefined, 0]);
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['the verification is taken back', { verification: { ...VERIFIED, digest: 'd0' } }],
    ['the rollback begins', { status: 'ROLLING_BACK' }],
    ['a newer execution takes over', { executionArn: anExecution('second') }],
  ])('keeps the rule closed when the tenant %s during the activation', async (_, change) => {
    const activation = await Activation.ready();
    activation.table.before = (command) => {
      if (command === 'TransactWriteCommand') activation.become(change);
    };
    await expect(activation.activate()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect(activation.open).toBe(false);
    expect(activation.record).not.toHaveProperty('activatedAt');
  });

  it('G9: a stopped run whose failure is published does not activate the tenant; a redriven run does', async () => {
    const activation = await Activation.ready();
    const failure = {
      step: 'ActivateTenant',
      error: 'RunAborted',
      reason: 'x',
      at: NOW,
      outcome: 'unfinished',
    } as const;
    activation.table.before = (command) => {
      if (command === 'TransactWriteCommand') activation.become({ failure });
    };
    await expect(activation.activate()).rejects.toMatchObject({ name: 'TransientConflict' });
    expect([activation.open, activation.record.status]).toEqual([false, 'ONBOARDING']);
    activation.table.before = () => {};
    await activation.activate();
    expect(activation.open).toBe(true);
    expect(activation.record).not.toHaveProperty('failure');
  });

  it('does not change a route that has become another tenant’s', async () => {
    const activation = await Activation.ready();
    const theirs = { ...activation.route, ...itemKeys.route(tenant.host), tenantId: 'someone-else' };
    activation.table.put(theirs);
    await expect(activation.activate()).rejects.toMatchObject({
      name: 'SubdomainTaken',
      message: expect.stringContaining('another tenant, someone-else'),
    });
    expect(activation.route).toEqual(theirs);
    expect(activation.record.status).toBe('ONBOARDING');
  });

  it('says so when somebody has deleted the route', async () => {
    const activation = await Activation.ready();
    const { pk, sk } = itemKeys.route(tenant.host);
    activation.table.items.delete(`${pk}|${sk}`);
    await expect(activation.activate()).rejects.toMatchObject({
      name: 'UnexpectedFailure',
      message: `somebody has deleted the route of ${tenant.host}; a redrive makes another`,
    });
    expect(activation.record.status).toBe('ONBOARDING');
  });

  it.each<[string, Partial<TenantRecord>]>([
    ['another execution’s', { executionArn: anExecution('second') }],
    ['rolling back', { status: 'ROLLING_BACK' }],
    ['suspended', { status: 'SUSPENDED', activatedAt: NOW }],
  ])('changes nothing of a tenant that is %s', async (_, record) => {
    const activation = await Activation.ready(record);
    await expect(activation.activate()).rejects.toMatchObject({ name: 'ClaimLost' });
    expect([activation.open, activation.page, activation.protectedStacks]).toEqual([false, undefined, 0]);
  });
});

describe('the starter page', () => {
  it('is written as the shared service would: in the tenant’s role, with external ID and session tag', async () => {
    const activation = await Activation.ready();
    await activation.activate();
    expect(activation.sts.inputs('AssumeRoleCommand')).toEqual([
      expect.objectContaining({
        RoleArn: theStacks().access.outputs.RoleArn,
        ExternalId: tenant.externalId,
        Tags: [{ Key: 'tenantId', Value: tenant.tenantId }],
      }),
    ]);
  });

  it('does not replace an existing page', async () => {
    const activation = await Activation.ready();
    const bucket = theStacks().storage.outputs.BucketName;
    activation.s3.buckets.set(bucket, [{ Key: 'index.html', VersionId: 'v0', marker: false, body: 'mine' }]);
    await activation.activate();
    expect(activation.page).toBe('mine');
    expect(activation.open).toBe(true);
  });

  it.each([
    ['the role', 'sts'],
    ['the bucket', 's3'],
  ] as const)('is written by a later attempt when IAM does not know %s yet', async (_, service) => {
    const activation = await Activation.ready();
    activation[service].before = () => {
      throw awsError('AccessDenied', 'not authorized');
    };
    await expect(activation.activate()).rejects.toMatchObject({
      name: 'TransientNotYetVisible',
      message: 'AccessDenied: not authorized',
    });
    expect(activation.open).toBe(false);
  });

  it('is written by a later attempt when another write was faster', async () => {
    const activation = await Activation.ready();
    activation.s3.before = () => {
      throw awsError('ConditionalRequestConflict');
    };
    await expect(activation.activate()).rejects.toMatchObject({ name: 'TransientConflict' });
  });

  it.each([
    ['AssumeRole answers without credentials', {}],
    ['the role cannot be assumed', awsError('ValidationError')],
  ])('fails the activation when %s', async (_, session) => {
    const activation = await Activation.ready();
    activation.session = session;
    await expect(activation.activate()).rejects.toThrow();
    expect(activation.open).toBe(false);
  });
});
