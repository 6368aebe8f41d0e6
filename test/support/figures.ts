import Table from 'cli-table3';
import pico from 'picocolors';

/** The limit that a figure must keep. A figure without one is printed for information. */
export type Limit =
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly below: number }
  | { readonly exactly: number };

/** One measured number: a row of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** `times` for a ratio. */
  readonly unit: string;
  readonly limit?: Limit;
  /** Where the value comes from, for the reader of the table. */
  readonly note?: string;
  /** What is wrong besides the value, in words: with a problem no limit is kept. */
  readonly problems?: readonly string[];
}

/** A row as `--json` writes it. */
export interface FigureJson {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `>= 5`, `<= 1.5`, `< 30`, `= 1`; null where there is no limit. */
  readonly limit: string | null;
  readonly ok: boolean;
}

/** A value that could not be measured (NaN) meets no limit. */
export function isMet({ value, limit, problems = [] }: Figure): boolean {
  if (problems.length > 0) return false;
  if (!limit) return true;
  if ('exactly' in limit) return value === limit.exactly;
  if ('atLeast' in limit) return value >= limit.atLeast;
  return 'atMost' in limit ? value <= limit.atMost : value < limit.below;
}

function limitText(limit: Limit): string {
  if ('exactly' in limit) return `= ${limit.exactly}`;
  if ('atLeast' in limit) return `>= ${limit.atLeast}`;
  return 'atMost' in limit ? `<= ${limit.atMost}` : `< ${limit.below}`;
}

export const toJson = (figure: Figure): FigureJson => ({
  name: figure.name,
  value: figure.value,
  unit: figure.unit,
  limit: figure.limit ? limitText(figure.limit) : null,
  ok: isMet(figure),
});

/** Whole numbers in full, all others to three digits. */
const readable = (value: number) =>
  Number.isInteger(value) ? String(value) : value.toLocaleString('en-US', { maximumSignificantDigits: 3 });

export function figuresTable(figures: readonly Figure[]): string {
  const table = new Table({ head: ['figure', 'value', 'limit', '', 'how'], style: { head: [], border: [] } });
  for (const figure of figures) {
    const { name, value, unit, limit, note } = figure;
    const verdict = limit || !isMet(figure) ? (isMet(figure) ? pico.green('ok') : pico.red('missed')) : '';
    table.push([name, `${readable(value)} ${unit}`.trim(), limit ? limitText(limit) : '', verdict, note ?? '']);
  }
  return table.toString();
}

/** The middle one; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

/** The value that `p` of a hundred do not exceed ("nearest rank"). */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
}
