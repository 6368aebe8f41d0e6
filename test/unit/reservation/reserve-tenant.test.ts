import fc from 'fast-check';
import { tenantIdOf } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { aCell, anExecution, aSignup, aSignupEvent, aTenant, NOW } from '../../support/builders';
import { dieAtEachCall } from '../../support/deaths';
import { Reservations } from '../../support/reservations';

const signup = aSignup();
const tenantId = tenantIdOf(signup.signupId);

describe('ReserveTenant', () => {
  it.each([
    ['the whole event', aSignupEvent()],
    ['its detail alone', signup],
  ])('claims signup id, tenant id, subdomain and slot, given %s', async (_, input) => {
    const stage = new Reservations();
    await expect(stage.reserve(input)).resolves.toEqual({ outcome: 'reserved', tenant: aTenant(), cell: aCell() });
    expect(stage.table.get(itemKeys.signup(signup.signupId))).toMatchObject({ executionArn: anExecution(), tenantId });
    expect(stage.table.get(itemKeys.subdomain('acme'))).toMatchObject({ tenantId });
    expect(stage.table.get(itemKeys.takenSlot('cell1', 0))).toMatchObject({ tenantId });
    expect(stage.record(tenantId)).toMatchObject({
      status: 'ONBOARDING',
      statePk: 'STATUS#ONBOARDING',
      companyName: 'Acme GmbH',
      contactEmail: 'ops@acme.example',
      executionArn: anExecution(),
    });
  });

  it('refuses a malformed signup before anything is claimed', async () => {
    const stage = new Reservations();
    await expect(stage.reserve({ ...signup, plan: 'free' })).rejects.toMatchObject({ name: 'InvalidSignup' });
    expect(stage.table.items).toEqual(new Reservations().table.items);
  });

  it('refuses a subdomain that another tenant has, and does not change that tenant', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    const before = structuredClone([...stage.table.items]);
    const late = stage.reserve({ ...signup, signupId: 'sub_late' }, anExecution('late'));
    await expect(late).rejects.toMatchObject({ name: 'SubdomainTaken' });
    expect([...stage.table.items]).toEqual(before);
  });

  it('gives nobody the host to which a tenant’s visitors are led, although somebody has deleted its claim', async () => {
    const stage = new Reservations();
    const { host, tenantId } = aTenant();
    stage.table.put({ ...itemKeys.route(host), host, tenantId, status: 'ACTIVE' });
    const before = structuredClone([...stage.table.items]);
    await expect(stage.reserve(aSignup({ signupId: 'sub_late' }))).rejects.toMatchObject({ name: 'SubdomainTaken' });
    expect([...stage.table.items]).toEqual(before);
  });

  it('gives its own execution the same answer again', async () => {
    const stage = new Reservations();
    const first = await stage.reserve(signup);
    const claimed = structuredClone([...stage.table.items]);
    await expect(stage.reserve(signup)).resolves.toEqual(first);
    expect([...stage.table.items]).toEqual(claimed);
  });

  it('holds one slot after its death at each call and a retry', async () => {
    const deaths = await dieAtEachCall(
      () => {
        const stage = new Reservations();
        return { stage, fakes: [stage.table], run: () => stage.reserve(signup) };
      },
      async ({ stage }) => {
        await expect(stage.reserve(signup)).resolves.toMatchObject({ outcome: 'reserved', tenant: { tenantId } });
        expect(stage.slots('SLOT')).toHaveLength(1);
        expect([...stage.slots('SLOT'), ...stage.slots('FREE')].sort((a, b) => a - b)).toEqual(
          Array.from({ length: 16 }, (_, number) => number),
        );
      },
    );
    expect(deaths).toContain('after TransactWriteCommand');
  });
});

describe('a duplicate of the signup', () => {
  it.each(['RUNNING', 'SUCCEEDED', 'PENDING_REDRIVE'] as const)(
    'points to the first run, which is %s',
    async (ending) => {
      const stage = new Reservations();
      await stage.reserve(signup);
      stage.endings[anExecution()] = ending;
      const before = structuredClone([...stage.table.items]);
      await expect(stage.reserve(signup, anExecution('second'))).resolves.toEqual({
        outcome: 'duplicate',
        tenantId,
        firstExecutionArn: anExecution(),
      });
      expect([...stage.table.items]).toEqual(before);
    },
  );

  it.each(['FAILED', 'forgotten'] as const)(
    'of an ACTIVE tenant takes nothing over while the tenant’s run is %s',
    async (ending) => {
      const stage = new Reservations();
      await stage.reserve(signup);
      stage.become(tenantId, { status: 'ACTIVE', activatedAt: NOW });
      stage.endings[anExecution()] = ending;
      await expect(stage.reserve(signup, anExecution('second'))).resolves.toMatchObject({ outcome: 'duplicate' });
      expect(stage.record(tenantId)?.executionArn).toBe(anExecution());
    },
  );

  it.each(['FAILED', 'ABORTED', 'TIMED_OUT', 'forgotten'] as const)(
    'takes over from a run that is %s, with its slot and resources',
    async (ending) => {
      const stage = new Reservations();
      await stage.reserve(signup);
      stage.become(tenantId, { status: 'ROLLING_BACK', keyRequestedAt: NOW, ruleArn: 'arn:rule' });
      stage.endings[anExecution()] = ending;
      await expect(stage.reserve(signup, anExecution('second'))).resolves.toMatchObject({
        outcome: 'reserved',
        tenant: aTenant(),
      });
      expect(stage.record(tenantId)).toMatchObject({
        status: 'ONBOARDING',
        statePk: 'STATUS#ONBOARDING',
        executionArn: anExecution('second'),
        keyRequestedAt: NOW,
        ruleArn: 'arn:rule',
      });
      expect(stage.slots('SLOT')).toEqual([0]);
    },
  );

  const claimOf = (executionArn: string) => ({
    ...itemKeys.signup(signup.signupId),
    ...{ signupId: signup.signupId, tenantId, executionArn },
  });

  it.each([
    ['names another run, which is gone, too', anExecution('strange'), anExecution('second')],
    ['names no execution at all', 'a note of somebody', anExecution('second')],
    ['was deleted', undefined, anExecution('second')],
    ['names another run, which is gone, too; the failed run is redriven', anExecution('strange'), anExecution()],
  ])('takes over although the claim on the signup %s', async (_, claimed, next) => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.become(tenantId, { status: 'ROLLING_BACK', keyRequestedAt: NOW });
    for (const gone of [anExecution(), anExecution('strange')]) stage.endings[gone] = 'FAILED';
    if (claimed) stage.table.put(claimOf(claimed));
    else stage.table.items.delete(`${itemKeys.signup(signup.signupId).pk}|CLAIM`);
    await expect(stage.reserve(signup, next)).resolves.toMatchObject({ outcome: 'reserved', tenant: aTenant() });
    expect(stage.record(tenantId)).toMatchObject({ status: 'ONBOARDING', executionArn: next });
    expect(stage.table.get(itemKeys.signup(signup.signupId))).toMatchObject({ executionArn: next });
  });

  it('takes nothing over from the run that the record names while that one goes on, whatever the claim names', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.endings[anExecution('strange')] = 'FAILED';
    stage.table.put(claimOf(anExecution('strange')));
    await expect(stage.reserve(signup, anExecution('second'))).resolves.toMatchObject({
      outcome: 'duplicate',
      firstExecutionArn: anExecution(),
    });
    expect(stage.record(tenantId)).toMatchObject({ executionArn: anExecution() });
  });

  it('takes nothing over when the tenant’s cell does not exist', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.endings[anExecution()] = 'FAILED';
    stage.cells.splice(0, 1, aCell({ name: 'cell2' }));
    const lost = stage.reserve(signup, anExecution('second'));
    await expect(lost).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
    expect(stage.record(tenantId)?.executionArn).toBe(anExecution());
  });

  it('starts anew where the failed run was rolled back, in any free slot', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    await stage.release(signup);
    await stage.reserveNumber(1);
    stage.endings[anExecution()] = 'FAILED';
    const again = await stage.reserve(signup, anExecution('second'));
    expect(again).toMatchObject({ outcome: 'reserved', tenant: { slot: { number: 1 } } });
    expect(stage.record(tenantId)).toMatchObject({ status: 'ONBOARDING', executionArn: anExecution('second') });
  });

  it('reserves again when it is the failed run itself, redriven', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.become(tenantId, { status: 'HELD', keyRequestedAt: NOW });
    await expect(stage.reserve(signup)).resolves.toMatchObject({ outcome: 'reserved', tenant: aTenant() });
    expect(stage.record(tenantId)?.status).toBe('ONBOARDING');
    await stage.release({ ...signup }, anExecution());
    expect(stage.slots('SLOT')).toEqual([0]);
  });

  it('replaces the record of an earlier refusal', async () => {
    const stage = new Reservations();
    stage.table.put({
      ...itemKeys.tenant(tenantId),
      refused: true,
      tenantId,
      signupId: signup.signupId,
      status: 'FAILED',
      executionArn: anExecution('refused'),
      createdAt: NOW,
      updatedAt: NOW,
      failure: { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan', at: NOW, outcome: 'refused' },
    });
    await expect(stage.reserve(signup)).resolves.toMatchObject({ outcome: 'reserved' });
    expect(stage.record(tenantId)).not.toHaveProperty('refused');
  });
});

describe('between reading the claims and the write', () => {
  /** Something that happens once, just before the reservation is written. */
  const meanwhile = (stage: Reservations, happens: () => unknown) => {
    stage.table.before = (command) => {
      if (command !== 'TransactWriteCommand') return undefined;
      stage.table.before = () => {};
      return happens();
    };
  };

  it('the tenant becomes ACTIVE: nothing is taken over', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.endings[anExecution()] = 'FAILED';
    meanwhile(stage, () => stage.become(tenantId, { status: 'ACTIVE', activatedAt: NOW }));
    await expect(stage.reserve(signup, anExecution('second'))).resolves.toMatchObject({ outcome: 'duplicate' });
    expect(stage.record(tenantId)).toMatchObject({ status: 'ACTIVE', executionArn: anExecution() });
  });

  it('another execution has claimed the signup and failed: the tenant stays with that execution', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    await stage.release(signup);
    stage.endings[anExecution()] = 'FAILED';
    const taken = { signupId: signup.signupId, tenantId, executionArn: anExecution('second') };
    meanwhile(stage, () => stage.table.put({ ...itemKeys.signup(signup.signupId), ...taken }));
    await expect(stage.reserve(signup, anExecution('third'))).resolves.toMatchObject({
      outcome: 'duplicate',
      firstExecutionArn: anExecution('second'),
    });
    expect(stage.slots('SLOT')).toEqual([]);
  });

  it('the same execution has reserved already: it gets no second slot', async () => {
    const stage = new Reservations();
    await stage.reserve(signup);
    await stage.release(signup);
    const slot = { cell: 'cell1', number: 7, priority: 1007, cidr: '10.64.7.0/24' };
    meanwhile(stage, () => stage.become(tenantId, { slot }));
    await expect(stage.reserve(signup)).resolves.toMatchObject({ outcome: 'reserved', tenant: { slot } });
    expect(stage.slots('SLOT')).toEqual([]);
  });
});

describe('G7: other listener rules have the priorities of slots', () => {
  it('sets these slots aside before anything is built, counts them, and hands out all others', async () => {
    const stage = new Reservations([aCell({ capacity: 20 })]);
    for (const priority of [1000, 1003, 1017]) stage.elb.add(priority, 'somebody.example');
    const slots: number[] = [];
    for (let number = 1; number <= 17; number++) slots.push((await stage.reserveNumber(number)).slot.number);
    expect(slots.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, number) => number).filter((number) => ![0, 3, 17].includes(number)),
    );
    await expect(stage.reserve(signup)).rejects.toMatchObject({ name: 'CapacityExhausted' });
    expect(stage.table.get(itemKeys.takenSlot('cell1', 3))).toEqual({
      ...itemKeys.takenSlot('cell1', 3),
      number: 3,
      setAside: NOW,
    });
    expect(stage.counted).toEqual(['SlotsSetAside=1', 'SlotsSetAside=1', 'SlotsSetAside=1']);
  });

  it('sets aside a slot whose priority was taken after the listing, before anything is built', async () => {
    const stage = new Reservations([aCell({ capacity: 16 })]);
    await stage.reserveNumber(1);
    stage.elb.add(1001, 'somebody.example');
    expect((await stage.reserveNumber(2)).slot.number).toBe(2);
    expect(stage.table.get(itemKeys.takenSlot('cell1', 1))).toEqual({
      ...itemKeys.takenSlot('cell1', 1),
      number: 1,
      setAside: NOW,
    });
    expect(stage.slots('FREE')).not.toContain(1);
    expect(stage.counted).toEqual(['SlotsSetAside=1']);
  });

  describe('a load balancer that the rules of others have filled', () => {
    const cellWith = (name: string, maxRules: number) => aCell({ name, capacity: 16, maxRules });

    it.each([
      ['before the cell’s first slots are listed', 0],
      ['after they were listed', 1],
    ])('gets no tenant, and nothing is built for one: %s', async (_, tenants) => {
      const stage = new Reservations([cellWith('cell1', 4)]);
      for (let number = 0; number < tenants; number++) await stage.reserveNumber(number);
      for (const priority of [1, 2, 3, 30_000]) stage.elb.add(priority, 'somebody.example');
      await expect(stage.reserve(signup)).rejects.toMatchObject({
        name: 'CapacityExhausted',
        message: expect.stringContaining('cell1 (its load balancer has 4 rules, of 4'),
      });
      expect(stage.slots('SLOT')).toHaveLength(tenants);
    });

    it('gets a tenant while there is a place for one rule more', async () => {
      const stage = new Reservations([cellWith('cell1', 5)]);
      for (const priority of [1, 2, 3, 30_000]) stage.elb.add(priority, 'somebody.example');
      await expect(stage.reserve(signup)).resolves.toMatchObject({ outcome: 'reserved' });
    });
  });

  it('takes the next slots when the priorities of all listed slots are taken', async () => {
    const stage = new Reservations([aCell({ capacity: 32 })]);
    await stage.reserveNumber(1);
    for (let number = 1; number < 16; number++) stage.elb.add(1000 + number, 'somebody.example');
    expect((await stage.reserveNumber(2)).slot.number).toBe(16);
    expect(stage.counted).toHaveLength(15);
  });

  it('skips a slot that another execution sets aside at the same moment', async () => {
    const stage = new Reservations([aCell({ capacity: 16 })]);
    await stage.reserveNumber(1);
    stage.elb.add(1001, 'somebody.example');
    let raced = false;
    stage.table.before = (command) => {
      if (command !== 'TransactWriteCommand' || raced) return;
      raced = true;
      stage.table.items.delete(`CELL#cell1|${itemKeys.freeSlot('cell1', 1).sk}`);
      stage.table.put({ ...itemKeys.takenSlot('cell1', 1), number: 1, setAside: 'earlier' });
    };
    expect((await stage.reserveNumber(2)).slot.number).toBe(2);
    expect(stage.table.get(itemKeys.takenSlot('cell1', 1))).toMatchObject({ setAside: 'earlier' });
    expect(stage.counted).toEqual([]);
  });

  it('lists the listener’s rules once per tenant, however many rules there are', async () => {
    const stage = new Reservations();
    for (let number = 1; number <= 17; number++) await stage.reserveNumber(number);
    expect(stage.elb.calls).toEqual(Array.from({ length: 17 }, () => 'DescribeRulesCommand'));
  });
});

describe('capacity', () => {
  it('fills the first cell before the next, then says which cells are full', async () => {
    const stage = new Reservations([aCell({ capacity: 2 }), aCell({ name: 'cell2', capacity: 1 })]);
    const tenants = [await stage.reserveNumber(1), await stage.reserveNumber(2), await stage.reserveNumber(3)];
    expect(tenants.map(({ slot }) => `${slot.cell}/${slot.number}`)).toEqual(['cell1/0', 'cell1/1', 'cell2/0']);
    const before = structuredClone([...stage.table.items]);
    const late = stage.reserve(signup);
    await expect(late).rejects.toMatchObject({ name: 'CapacityExhausted' });
    await expect(stage.reserve(signup)).rejects.toThrow('cell1 (2 slots), cell2 (1 slots)');
    expect([...stage.table.items]).toEqual(before);
  });

  it('D1: is none in a cell whose descriptor is damaged, and that of the others is given out', async () => {
    const stage = new Reservations([aCell({ capacity: 1 }), aCell({ name: 'cell2', capacity: 1 })]);
    stage.damaged.add('cell1');
    expect((await stage.reserveNumber(1)).slot.cell).toBe('cell2');
    await expect(stage.reserve(signup)).rejects.toMatchObject({
      name: 'CapacityExhausted',
      message: 'no cell has a free slot: cell2 (1 slots), SSM parameter of cell1: damaged',
    });
    stage.damaged.add('cell2');
    await expect(stage.reserve(signup)).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
  });

  it('G3: is not given a second time to a tenant whose slot may be in a cell that cannot be read', async () => {
    const stage = new Reservations([aCell(), aCell({ name: 'cell2' })]);
    await stage.reserve(aSignupEvent(signup), anExecution('first'));
    const { pk, sk } = itemKeys.tenant(tenantId);
    stage.table.items.delete(`${pk}|${sk}`);
    stage.damaged.add('cell1');
    const again = stage.reserve(aSignupEvent(signup), anExecution('first'));
    await expect(again).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
    expect(stage.slots('SLOT', 'cell2')).toEqual([]);
  });

  it('is none in a cell without a live colour: nothing is claimed, and nothing is asked that was not asked before', async () => {
    const live = itemKeys.liveColour('cell1');
    const stage = new Reservations();
    await stage.reserveNumber(1);
    const { calls } = stage.table;
    const first = calls.length;
    await stage.reserveNumber(2);
    const asked = calls.slice(first).filter((call) => call !== 'TransactWriteCommand');
    stage.table.items.delete(`${live.pk}|${live.sk}`);
    const before = structuredClone([...stage.table.items]);
    const from = calls.length;
    await expect(stage.reserveNumber(3)).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
      message: expect.stringContaining('item CELL#cell1 / LIVE not found'),
    });
    expect(calls.slice(from)).toEqual(asked);
    expect([...stage.table.items]).toEqual(before);
  });

  it('D1: is that of the other cells while one has no live colour, which is told when they are full', async () => {
    const stage = new Reservations([aCell({ capacity: 1 }), aCell({ name: 'cell2', capacity: 1 })]);
    stage.table.items.delete('CELL#cell1|LIVE');
    expect((await stage.reserveNumber(1)).slot.cell).toBe('cell2');
    await expect(stage.reserveNumber(2)).rejects.toMatchObject({
      name: 'CapacityExhausted',
      message: expect.stringContaining('cell2 (1 slots), item CELL#cell1 / LIVE not found'),
    });
    stage.table.put({ ...itemKeys.liveColour('cell1'), colour: 'blue', since: NOW });
    expect((await stage.reserveNumber(2)).slot.cell).toBe('cell1');
  });

  it('D1: is that of the other cells while somebody has damaged the count of one', async () => {
    const stage = new Reservations([aCell({ capacity: 1 }), aCell({ name: 'cell2' })]);
    stage.table.put({ ...itemKeys.cell('cell1'), highWater: 'many' });
    expect((await stage.reserveNumber(1)).slot.cell).toBe('cell2');
  });

  it('hands out no slot beyond a capacity that has been lowered', async () => {
    const stage = new Reservations([aCell({ capacity: 16 })]);
    await stage.reserveNumber(1);
    stage.cells.splice(0, 1, aCell({ capacity: 2 }));
    expect((await stage.reserveNumber(2)).slot.number).toBe(1);
    await expect(stage.reserve(signup)).rejects.toMatchObject({ name: 'CapacityExhausted' });
  });

  it('costs the hundredth tenant as many calls as the second', async () => {
    const stage = new Reservations();
    const calls: number[] = [];
    for (let number = 1; number <= 100; number++) {
      const before = stage.table.calls.length;
      await stage.reserveNumber(number);
      calls.push(stage.table.calls.length - before);
    }
    expect(calls.at(-1)).toBe(calls[1]);
    expect(new Set(calls.filter((_, index) => index % 16 !== 0)).size).toBe(1);
  });

  it('costs a tenant behind full cells as many calls as one before them', async () => {
    const stage = new Reservations(['cell1', 'cell2', 'cell3', 'cell4'].map((name) => aCell({ name, capacity: 16 })));
    const calls: number[] = [];
    for (let number = 1; number <= 64; number++) {
      const before = stage.table.calls.length;
      await stage.reserveNumber(number);
      calls.push(stage.table.calls.length - before);
    }
    expect(calls.at(-1)).toBe(calls[1]);
    // The first tenant of each cell finds the one before it full, and says where there is room.
    expect(new Set(calls.filter((_, index) => index % 16 !== 0)).size).toBe(1);
  });

  it('reuses a freed slot of an earlier cell once the open cell has no other', async () => {
    const stage = new Reservations([aCell({ capacity: 1 }), aCell({ name: 'cell2', capacity: 2 })]);
    await stage.reserve(signup);
    await stage.reserveNumber(2);
    await stage.release(signup);
    const later = [await stage.reserveNumber(3), await stage.reserveNumber(4)];
    expect(later.map(({ slot }) => `${slot.cell}/${slot.number}`)).toEqual(['cell2/1', 'cell1/0']);
  });

  it('reads the note of the open cell with the claims', async () => {
    const stage = new Reservations([aCell({ capacity: 1 }), aCell({ name: 'cell2', capacity: 2 })]);
    await stage.reserveNumber(1);
    await stage.reserveNumber(2);
    const sent: string[] = [];
    stage.table.before = (command) => sent.push(command);
    expect((await stage.reserveNumber(3)).slot.cell).toBe('cell2');
    expect(sent).toEqual(['BatchGetCommand', 'QueryCommand', 'TransactWriteCommand']);
  });

  it.each([
    ['of a cell that no longer exists', { cell: 'cell0' }],
    ['that somebody has damaged', { cell: 5 }],
  ])('ignores the note %s', async (_, note) => {
    const stage = new Reservations([aCell({ capacity: 1 }), aCell({ name: 'cell2', capacity: 1 })]);
    stage.table.put({ ...itemKeys.openCell(), ...note });
    expect((await stage.reserveNumber(1)).slot.cell).toBe('cell1');
  });

  it('G4: passes over a slot that somebody has given back in a way that nobody can read', async () => {
    const stage = new Reservations([aCell({ capacity: 2 })]);
    stage.table.put({ ...itemKeys.cell('cell1'), highWater: 2 });
    stage.table.put({ ...itemKeys.freeSlot('cell1', 0), number: '0' });
    stage.table.put({ ...itemKeys.freeSlot('cell1', 1), number: 1 });
    expect((await stage.reserveNumber(1)).slot.number).toBe(1);
  });

  it('never gives one slot to two tenants and never loses one, in any sequence of reservations and releases', async () => {
    const moves = fc.array(
      fc.record({
        number: fc.nat({ max: 11 }),
        reserve: fc.boolean(),
        pick: fc.double({ min: 0, max: 0.999, noNaN: true }),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(moves, async (script) => {
        const stage = new Reservations([
          aCell({ capacity: 5 }),
          aCell({ name: 'cell2', capacity: 3, firstPriority: 5000 }),
        ]);
        const holders = new Map<number, string>();
        for (const { number, reserve, pick } of script) {
          stage.random = () => pick;
          if (reserve && !holders.has(number)) {
            const full = holders.size === 8;
            const attempt = stage.reserveNumber(number);
            if (full) await expect(attempt).rejects.toMatchObject({ name: 'CapacityExhausted' });
            else holders.set(number, JSON.stringify((await attempt).slot));
          } else if (!reserve) {
            const executionArn = anExecution(`run-${number}`);
            const input = { ...aSignup(), signupId: `sub_${number}` };
            const { released } = await stage.release(input, executionArn);
            expect(released).toBe(holders.delete(number));
          }
          expect(new Set(holders.values()).size).toBe(holders.size);
          expect(stage.slots('SLOT').length + stage.slots('SLOT', 'cell2').length).toBe(holders.size);
        }
      }),
      { numRuns: 50 },
    );
  });
});
