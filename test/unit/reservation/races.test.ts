import fc from 'fast-check';
import { tenantIdOf } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import type { Signup } from '../../../functions/contract/signup';
import { aCell, anExecution, aSignup } from '../../support/builders';
import { tableTakingTurns } from '../../support/interleaving';
import { aSignupNumber, Reservations } from '../../support/reservations';

const signup = aSignup();
const tenantId = tenantIdOf(signup.signupId);

interface Racer {
  readonly input: Signup;
  readonly executionArn: string;
}

const inTurns = (s: fc.Scheduler, stage: Reservations) =>
  tableTakingTurns(stage.table, (command) => s.schedule(Promise.resolve(), command));

/** Lets all reserve at once, each call of each in an order that fast-check chooses; the outcome or the error's name of each. */
function race(s: fc.Scheduler, stage: Reservations, racers: Racer[]): Promise<string[]> {
  const table = inTurns(s, stage);
  const runs = racers.map(({ input, executionArn }) =>
    stage.reserve(input, executionArn, table).then(
      ({ outcome }) => outcome,
      (thrown: Error) => thrown.name,
    ),
  );
  return s.waitFor(Promise.all(runs));
}

const inEveryOrder = (property: (s: fc.Scheduler) => Promise<void>) =>
  fc.assert(fc.asyncProperty(fc.scheduler(), property), { numRuns: 60 });

test('of equal events at once, one reserves, and the others point to its run', () =>
  inEveryOrder(async (s) => {
    const stage = new Reservations();
    const racers = ['a', 'b', 'c'].map((name) => ({ input: signup, executionArn: anExecution(name) }));
    const outcomes = await race(s, stage, racers);
    expect(outcomes.toSorted()).toEqual(['duplicate', 'duplicate', 'reserved']);
    const winner = racers[outcomes.indexOf('reserved')]?.executionArn;
    expect(stage.record(tenantId)?.executionArn).toBe(winner);
    expect(stage.table.get(itemKeys.signup(signup.signupId))?.executionArn).toBe(winner);
    expect(stage.slots('SLOT')).toHaveLength(1);
  }));

test('of two signups with one subdomain, one wins; the other leaves nothing', () =>
  inEveryOrder(async (s) => {
    const stage = new Reservations();
    const racers = ['sub_1', 'sub_2'].map((signupId) => ({
      input: aSignup({ signupId }),
      executionArn: anExecution(signupId),
    }));
    const outcomes = await race(s, stage, racers);
    expect(outcomes.toSorted()).toEqual(['SubdomainTaken', 'reserved']);
    const [winner, loser] = outcomes[0] === 'reserved' ? ['sub_1', 'sub_2'] : ['sub_2', 'sub_1'];
    expect(stage.table.get(itemKeys.subdomain('acme'))?.tenantId).toBe(tenantIdOf(winner));
    expect(stage.record(tenantIdOf(loser))).toBeUndefined();
    expect(stage.table.get(itemKeys.signup(loser))).toBeUndefined();
    expect(stage.slots('SLOT')).toHaveLength(1);
  }));

test('of four companies at once and three slots, three get a slot each', () =>
  inEveryOrder(async (s) => {
    const stage = new Reservations([aCell({ capacity: 3 })]);
    const racers = [1, 2, 3, 4].map((number) => ({
      input: aSignupNumber(number),
      executionArn: anExecution(`run-${number}`),
    }));
    const outcomes = await race(s, stage, racers);
    expect(outcomes.toSorted()).toEqual(['CapacityExhausted', 'reserved', 'reserved', 'reserved']);
    expect(stage.slots('SLOT')).toEqual([0, 1, 2]);
    expect(stage.slots('FREE')).toEqual([]);
    const held = racers.flatMap(({ input }) => stage.record(tenantIdOf(input.signupId))?.slot ?? []);
    expect(new Set(held.map(({ priority }) => priority)).size).toBe(3);
    expect(new Set(held.map(({ cidr }) => cidr)).size).toBe(3);
  }));

test('of three companies at once at the end of a block of slots, each gets a slot of the next block', () =>
  inEveryOrder(async (s) => {
    const stage = new Reservations();
    for (let number = 1; number <= 16; number++) await stage.reserveNumber(number);
    const racers = [17, 18, 19].map((number) => ({
      input: aSignupNumber(number),
      executionArn: anExecution(`run-${number}`),
    }));
    expect(await race(s, stage, racers)).toEqual(['reserved', 'reserved', 'reserved']);
    const all = [...stage.slots('SLOT'), ...stage.slots('FREE')].toSorted((a, b) => a - b);
    expect(all).toEqual(all.map((_, number) => number));
    expect(stage.slots('SLOT')).toHaveLength(19);
  }));

test('of two executions that take over from an ended run at once, one wins', () =>
  inEveryOrder(async (s) => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.endings[anExecution()] = 'ABORTED';
    const racers = ['second', 'third'].map((name) => ({ input: signup, executionArn: anExecution(name) }));
    const outcomes = await race(s, stage, racers);
    expect(outcomes.toSorted()).toEqual(['duplicate', 'reserved']);
    const winner = racers[outcomes.indexOf('reserved')]?.executionArn;
    expect(stage.record(tenantId)?.executionArn).toBe(winner);
    expect(stage.slots('SLOT')).toEqual([0]);
  }));

test('a slot never belongs to a rollback and to the execution that takes over at the same time', () =>
  inEveryOrder(async (s) => {
    const stage = new Reservations();
    await stage.reserve(signup);
    stage.endings[anExecution()] = 'FAILED';
    const table = inTurns(s, stage);
    const releasing = stage.release(signup, anExecution(), table).catch((thrown: Error) => thrown.name);
    const reserving = stage.reserve(signup, anExecution('second'), table);
    const [{ outcome }] = await s.waitFor(Promise.all([reserving, releasing]));
    expect(outcome).toBe('reserved');
    const slot = stage.record(tenantId)?.slot?.number;
    expect(stage.slots('SLOT')).toEqual([slot]);
    expect(stage.slots('FREE')).not.toContain(slot);
    expect(stage.table.get(itemKeys.subdomain('acme'))?.tenantId).toBe(tenantId);
  }));
