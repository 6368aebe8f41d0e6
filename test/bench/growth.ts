import type { AwsCall } from '../../local/aws-call';
import type { Platform } from '../../local/platform';
import { historyOf } from '../../operations/client/executions';
import { type Figure, median } from '../support/figures';
import { watchCalls } from './deployed-functions';
import { secondsIn } from './execution-history';
import type { Onboardings } from './onboardings';

const WATCHED = 3;
/** V8 makes a function faster for dozens of runs, and those on the platform with many tenants have had hundreds. */
const WARM_UPS = 20;
const ROUNDS = 15;
/** What the measurement itself onboards on each platform: the last one is the one asked for. */
export const ONBOARDED_BY_GROWTH = WATCHED + WARM_UPS + ROUNDS;

/** A platform, and who signs up there. */
export interface Place {
  readonly platform: Platform;
  readonly onboardings: Onboardings;
}

interface Run {
  readonly seconds: number;
  readonly verifySeconds: number;
}

function counted(calls: readonly AwsCall[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { service, action } of calls) {
    const name = `${service}:${action}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Of several counts, call by call: one onboarding in sixteen also puts new slots on the free list. */
export function typicalCalls(counts: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const names = new Set(counts.flatMap((count) => [...count.keys()]));
  const typical = [...names].map((name) => [name, median(counts.map((count) => count.get(name) ?? 0))] as const);
  return new Map(typical.filter(([, count]) => count > 0));
}

/** How many calls one has and the other has not, in words. */
export function differences(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): string[] {
  const names = new Set([...a.keys(), ...b.keys()]);
  return [...names].flatMap((name) => {
    const [before, after] = [a.get(name) ?? 0, b.get(name) ?? 0];
    return before === after ? [] : [`${name} ${before} -> ${after}`];
  });
}

/** Fills the cell up to so many tenants, in bursts. */
export async function fill(onboardings: Onboardings, tenants: number, burst: number): Promise<void> {
  for (;;) {
    const missing = tenants - (await onboardings.countActive());
    if (missing <= 0) return;
    const { active } = await onboardings.burst(Math.min(burst, missing));
    if (active.length === 0) throw new Error('a burst left no ACTIVE tenant');
  }
}

async function onboard({ onboardings }: Place): Promise<Run> {
  const { executionArn, seconds } = await onboardings.run();
  const events = await historyOf(onboardings.client.sfn, executionArn);
  return { seconds, verifySeconds: secondsIn(events, 'VerifyIsolation') };
}

async function callsOf({ platform, onboardings }: Place): Promise<Map<string, number>> {
  const counts: Map<string, number>[] = [];
  while (counts.length < WATCHED) {
    const { calls } = await watchCalls(platform, () => onboardings.run());
    counts.push(counted(calls));
  }
  return typicalCalls(counts);
}

const total = (calls: ReadonlyMap<string, number>) => [...calls.values()].reduce((sum, count) => sum + count, 0);

/**
 * One onboarding on a platform that has many tenants against one on a platform that has few, in turn, so that whatever else
 * the machine does falls on both alike.
 */
export async function growthFigures(few: Place, many: Place): Promise<Figure[]> {
  const [fewCalls, manyCalls] = [await callsOf(few), await callsOf(many)];
  const different = differences(fewCalls, manyCalls);
  const round = async () => ({ few: await onboard(few), many: await onboard(many) });
  for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) await round();
  const rounds: Awaited<ReturnType<typeof round>>[] = [];
  while (rounds.length < ROUNDS) rounds.push(await round());
  const [before, after] = [await few.onboardings.countActive(), await many.onboardings.countActive()];
  const medianOf = (place: 'few' | 'many', what: keyof Run) => median(rounds.map((round) => round[place][what]));
  const ratio = (name: string, what: keyof Run): Figure => ({
    name,
    value: medianOf('many', what) / medianOf('few', what),
    unit: 'times',
    limit: { atMost: 1.2 },
    note:
      `with ${after} tenants ${medianOf('many', what).toFixed(2)} s, with ${before} ` +
      `${medianOf('few', what).toFixed(2)} s, medians of ${ROUNDS} in turn`,
  });
  return [
    ratio('the last onboarding against the first', 'seconds'),
    ratio('VerifyIsolation in the last against the first', 'verifySeconds'),
    {
      name: 'calls to AWS that differ between the two',
      value: different.length,
      unit: 'actions',
      limit: { atMost: 0 },
      note: different.join(', ') || `${total(manyCalls)} calls each, by service and action`,
    },
    {
      name: "VerifyIsolation's share of an onboarding",
      value: medianOf('few', 'verifySeconds') / medianOf('few', 'seconds'),
      unit: 'of its time',
      limit: { below: 0.333 },
    },
  ];
}
