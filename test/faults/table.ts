import Table from 'cli-table3';
import type { TrialResult } from './run-trial';
import type { Trial } from './trial';

export interface Row {
  readonly kind: string;
  readonly runs: number;
  readonly active: number;
  readonly clean: number;
  /** Ended at an undo, or from outside: neither, until it is redriven. */
  readonly stopped: number;
  readonly redrivenToActive: number;
  readonly orphans: number;
  readonly broken: number;
}

export const isBroken = ({ problems, unmet }: TrialResult) => problems.length > 0 || unmet.length > 0;

/** One row a kind, in the order of the matrix. */
export function rows(results: readonly TrialResult[]): Row[] {
  const byKind = new Map<string, TrialResult[]>();
  for (const result of results) {
    byKind.set(result.trial.kind, [...(byKind.get(result.trial.kind) ?? []), result]);
  }
  return [...byKind].map(([kind, of]) => ({
    kind,
    runs: of.length,
    active: of.filter(({ ending }) => ending === 'active').length,
    clean: of.filter(({ ending }) => ending === 'clean').length,
    stopped: of.filter(({ ending }) => ending === 'stopped').length,
    redrivenToActive: of.filter(({ redrivenToActive }) => redrivenToActive).length,
    orphans: of.reduce((sum, { orphans }) => sum + orphans.length, 0),
    broken: of.filter(isBroken).length,
  }));
}

export const inOrderOf = (trials: readonly Trial[]) => {
  const order = new Map(trials.map(({ key }, index) => [key, index]));
  return (a: TrialResult, b: TrialResult) => (order.get(a.trial.key) ?? 0) - (order.get(b.trial.key) ?? 0);
};

const HEAD = ['kind', 'runs', 'ACTIVE', 'clean', 'stopped', 'redriven to ACTIVE', 'orphans', 'broken'];

export function tableOf(found: readonly Row[]): string {
  const table = new Table({
    head: HEAD,
    style: { head: [], border: [] },
    colAligns: ['left', ...HEAD.slice(1).map(() => 'right' as const)],
  });
  for (const { kind, ...numbers } of found) table.push([kind, ...Object.values(numbers)]);
  const sum = (of: (row: Row) => number) => found.reduce((total, row) => total + of(row), 0);
  const totals = [
    sum((row) => row.runs),
    sum((row) => row.active),
    sum((row) => row.clean),
    sum((row) => row.stopped),
    sum((row) => row.redrivenToActive),
    sum((row) => row.orphans),
    sum((row) => row.broken),
  ];
  table.push(['', ...totals]);
  return table.toString();
}
