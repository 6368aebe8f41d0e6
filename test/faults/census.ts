import type { Platform } from '../../local/platform';
import type { Holding } from './holding';
import { networkHoldings } from './network-holdings';
import { platformHoldings } from './platform-holdings';
import { storeHoldings } from './store-holdings';
import { SET_ASIDE, type TableContents, tableContents } from './table-holdings';

/** Everything there is in the account that can belong to a tenant, and what the table says about it. */
export interface Census {
  readonly holdings: readonly Holding[];
  readonly table: TableContents;
}

/** Keys that are given up, by platform: they grow in number with each rollback, and a census must not grow with them. */
const givenUp = new WeakMap<Platform, Set<string>>();

async function ask(platform: Platform): Promise<Census> {
  const { aws, outputs, deployment } = platform;
  const keys = givenUp.get(platform) ?? new Set();
  givenUp.set(platform, keys);
  const listenerArns = Object.values(deployment.cells).map(({ listenerArn }) => listenerArn);
  const [network, stores, others, table] = await Promise.all([
    networkHoldings(aws),
    storeHoldings(aws, keys),
    platformHoldings(aws, listenerArns),
    tableContents(aws, outputs.tenantsTableName),
  ]);
  const holdings = [...network, ...stores, ...others, ...table.holdings];
  // A list whose pages shift while it is read shows some of its items twice.
  return { holdings: [...new Map(holdings.map((holding) => [keyOf(holding), holding])).values()], table };
}

/** A rule or a key was listed, and gone when it was asked about. */
const hasVanished = (thrown: unknown) => thrown instanceof Error && /NotFound/.test(thrown.name);
const ATTEMPTS = 10;

/**
 * Asks all services, as root and past the proxy. Its cost grows with what there is: one is taken for many tenants at once.
 * What vanishes between two questions makes it begin anew.
 */
export async function takeCensus(platform: Platform): Promise<Census> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(platform);
    } catch (thrown) {
      if (!hasVanished(thrown) || attempt === ATTEMPTS) throw thrown;
    }
  }
}

export const keyOf = ({ kind, name }: Holding) => `${kind} ${name}`;

/** @returns what is there and was not before any onboarding */
export function without(census: Census, before: Census): Census {
  const known = new Set(before.holdings.map(keyOf));
  return { ...census, holdings: census.holdings.filter((holding) => !known.has(keyOf(holding))) };
}

/** @returns what nobody can be asked about: new, and no tenant's by name or tag */
export const unowned = ({ holdings }: Census) => holdings.filter(({ tenantId }) => tenantId === undefined);

export const holdingsOf = ({ holdings }: Census, tenantId: string) =>
  holdings.filter((holding) => holding.tenantId === tenantId);

/** How many of each kind: two tenants of one plan have the same. */
export function inventory(holdings: readonly Holding[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { kind } of holdings) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** @returns in words, how what is held differs from an inventory; nothing where it does not */
export function differences(held: readonly Holding[], expected: ReadonlyMap<string, number>): string[] {
  const found = inventory(held);
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap((kind) => {
    const [has, wants] = [found.get(kind) ?? 0, expected.get(kind) ?? 0];
    if (has === wants) return [];
    const names = held.filter((holding) => holding.kind === kind).map(({ name }) => name);
    return [`${has} ${kind}, expected ${wants}: ${names.join(', ')}`];
  });
}

/** Every slot is free or taken, never both and never lost, and those taken are the slots that records speak of. */
export function slotProblems({ table }: Census): string[] {
  const { freeSlots, takenSlots, records } = table;
  const onRecord = new Map(
    [...records.values()].flatMap(({ tenantId, slot }) => (slot ? [[`${slot.cell} ${slot.number}`, tenantId]] : [])),
  );
  const both = freeSlots.filter((slot) => takenSlots.has(slot));
  const misplaced = [...takenSlots].filter(
    ([slot, tenantId]) => tenantId !== SET_ASIDE && onRecord.get(slot) !== tenantId,
  );
  const unclaimed = [...onRecord].filter(([slot]) => !takenSlots.has(slot));
  return [
    ...both.map((slot) => `slot ${slot} is free and taken`),
    ...misplaced.map(([slot, tenantId]) => `slot ${slot} is taken by ${tenantId}, whose record does not say so`),
    ...unclaimed.map(([slot, tenantId]) => `slot ${slot} is on the record of ${tenantId} and not taken`),
    ...lostSlots(freeSlots, takenSlots),
  ];
}

/** Slots come into being in order: one that is missing below the highest has been lost. */
function lostSlots(free: readonly string[], taken: ReadonlyMap<string, string>): string[] {
  const known = new Set([...free, ...taken.keys()]);
  const highest = new Map<string, number>();
  for (const slot of known) {
    const [cell = '', number = ''] = slot.split(' ');
    highest.set(cell, Math.max(highest.get(cell) ?? -1, Number(number)));
  }
  return [...highest].flatMap(([cell, last]) =>
    Array.from({ length: last + 1 }, (_, number) => `${cell} ${number}`)
      .filter((slot) => !known.has(slot))
      .map((slot) => `slot ${slot} is neither free nor taken`),
  );
}
