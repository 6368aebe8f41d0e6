import { tenantIdOf } from '../../../functions/contract/naming';
import { itemKeys, type TenantRecord } from '../../../functions/contract/records';
import { anExecution, aSignup, aSignupEvent, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { Reservations } from '../../support/reservations';

const signup = aSignup();
const tenantId = tenantIdOf(signup.signupId);
const all = Array.from({ length: 16 }, (_, number) => number);

async function reservedStage(change: Partial<TenantRecord> = {}) {
  const stage = new Reservations();
  await stage.reserve(signup);
  stage.become(tenantId, change);
  return stage;
}

describe('ReleaseReservation', () => {
  it.each([
    ['the whole event', aSignupEvent()],
    ['its detail alone', signup],
  ])('frees slot and subdomain, given %s', async (_, input) => {
    const stage = await reservedStage({ status: 'ROLLING_BACK' });
    await expect(stage.release(input)).resolves.toEqual({ released: true, kept: false });
    expect(stage.slots('SLOT')).toEqual([]);
    expect(stage.slots('FREE')).toEqual(all);
    expect(stage.table.get(itemKeys.subdomain('acme'))).toBeUndefined();
  });

  it('keeps the record, which describes the failure, and the claim on the signup id, for a redrive', async () => {
    const failure = {
      step: 'RegisterTenant',
      error: 'SlotOccupied',
      reason: 'taken',
      at: NOW,
      outcome: 'rolling-back' as const,
    };
    const stage = await reservedStage({ status: 'ROLLING_BACK', failure });
    await stage.release(signup);
    expect(stage.record(tenantId)).toMatchObject({ status: 'ROLLING_BACK', failure, companyName: 'Acme GmbH' });
    expect(stage.record(tenantId)).not.toHaveProperty('slot');
    expect(stage.table.get(itemKeys.signup(signup.signupId))?.executionArn).toBe(anExecution());
  });

  it('G7: sets aside a slot whose priority another rule has, and the redrive gets another slot', async () => {
    const failure = {
      step: 'RegisterTenant',
      error: 'SlotOccupied',
      reason: 'x',
      at: NOW,
      outcome: 'rolling-back',
    } as const;
    const stage = await reservedStage({ status: 'ROLLING_BACK', failure });
    await expect(stage.release(signup)).resolves.toEqual({ released: true, kept: false });
    expect(stage.table.get(itemKeys.takenSlot('cell1', 0))).toEqual({
      ...itemKeys.takenSlot('cell1', 0),
      number: 0,
      setAside: NOW,
    });
    expect(stage.counted).toEqual(['SlotsSetAside=1']);
    await expect(stage.reserve(signup)).resolves.toMatchObject({ tenant: { slot: { number: 1 } } });
  });

  it.each([
    ['nothing was ever reserved', signup],
    ['the signup is too malformed to have an id', { plan: 7 }],
    ['there is no input at all', undefined],
  ])('tolerates that %s', async (_, input) => {
    const stage = new Reservations();
    await expect(stage.release(input)).resolves.toEqual({ released: false, kept: false });
    expect(stage.table.items).toEqual(new Reservations().table.items);
  });

  it('frees nothing twice, not even a slot that has a new tenant', async () => {
    const stage = await reservedStage();
    await stage.release(signup);
    await stage.reserveNumber(1);
    const before = structuredClone([...stage.table.items]);
    await expect(stage.release(signup)).resolves.toEqual({ released: false, kept: false });
    expect([...stage.table.items]).toEqual(before);
  });

  describe('what somebody has given to another tenant by hand stays that tenant’s, and the rest is released', () => {
    const other = tenantIdOf('sub_other');
    const slotKey = itemKeys.takenSlot('cell1', 0);

    it('the subdomain', async () => {
      const stage = await reservedStage({ status: 'ROLLING_BACK' });
      const claim = { ...itemKeys.subdomain('acme'), subdomain: 'acme', tenantId: other };
      stage.table.put(claim);
      await expect(stage.release(signup)).resolves.toEqual({ released: true, kept: false });
      expect(stage.table.get(itemKeys.subdomain('acme'))).toEqual(claim);
      expect(stage.slots('FREE')).toEqual(all);
      expect(stage.record(tenantId)).not.toHaveProperty('slot');
    });

    it.each([
      ['the slot', {}, { number: 0, tenantId: other }],
      ['a slot that was set aside', {}, { number: 0, setAside: NOW }],
      ['the slot of a tenant whose slot is occupied', { error: 'SlotOccupied' }, { number: 0, tenantId: other }],
    ])('%s', async (_, { error }: { error?: string }, has) => {
      const failure = error && {
        step: 'RegisterTenant',
        error,
        reason: 'x',
        at: NOW,
        outcome: 'rolling-back' as const,
      };
      const stage = await reservedStage({ status: 'ROLLING_BACK', ...(failure && { failure }) });
      stage.table.put({ ...slotKey, ...has });
      await expect(stage.release(signup)).resolves.toEqual({ released: true, kept: false });
      expect(stage.table.get(slotKey)).toEqual({ ...slotKey, ...has });
      expect(stage.slots('FREE')).toEqual(all.slice(1));
      expect(stage.table.get(itemKeys.subdomain('acme'))).toBeUndefined();
      expect(stage.record(tenantId)).not.toHaveProperty('slot');
      expect(stage.counted).toEqual([]);
    });
  });

  it('keeps a slot that has resources of an earlier run', async () => {
    const stage = await reservedStage({ keyRequestedAt: NOW });
    const before = structuredClone([...stage.table.items]);
    await expect(stage.release(signup)).resolves.toEqual({ released: false, kept: true });
    expect([...stage.table.items]).toEqual(before);
  });

  it.each<[string, string, Partial<TenantRecord>]>([
    ['has been ACTIVE', 'TenantIsActive', { status: 'ACTIVE', activatedAt: NOW }],
    ['was ACTIVE and is suspended', 'TenantIsActive', { status: 'SUSPENDED', activatedAt: NOW }],
    ['belongs to another execution', 'ClaimLost', { executionArn: anExecution('second') }],
  ])('refuses a tenant that %s', async (_, error, change) => {
    const stage = await reservedStage(change);
    const before = structuredClone([...stage.table.items]);
    await expect(stage.release(signup)).rejects.toMatchObject({ name: error });
    expect([...stage.table.items]).toEqual(before);
  });

  it.each<[string, string, Partial<TenantRecord>]>([
    ['becomes ACTIVE', 'TenantIsActive', { status: 'ACTIVE', activatedAt: NOW }],
    ['is taken over', 'ClaimLost', { executionArn: anExecution('second') }],
  ])('frees nothing of a tenant that %s a moment after it was read', async (_, error, change) => {
    const stage = await reservedStage();
    stage.table.before = (command) => {
      if (command === 'TransactWriteCommand') stage.become(tenantId, change);
    };
    await expect(stage.release(signup)).rejects.toMatchObject({ name: error });
    expect(stage.slots('SLOT')).toEqual([0]);
  });

  it('frees slot and subdomain after its death at each call and a retry', async () => {
    const reserved = await reservedStage();
    const deaths = await dieAtEachCall(
      () => {
        const stage = new Reservations();
        for (const item of structuredClone([...reserved.table.items.values()])) stage.table.put(item);
        return { stage, fakes: [stage.table], run: () => stage.release(signup) };
      },
      async ({ stage }) => {
        await stage.release(signup);
        expect(stage.slots('SLOT')).toEqual([]);
        expect(stage.slots('FREE')).toEqual(all);
      },
    );
    expect(deaths).toContain('after TransactWriteCommand');
  });
});
