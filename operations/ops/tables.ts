import Table from 'cli-table3';

/** Width of the terminal. A file or another program gets whole lines. */
const widthOf = (stream: NodeJS.WriteStream) => (stream.isTTY ? stream.columns : Number.POSITIVE_INFINITY);

const shown = (value: unknown) => (value === undefined || value === '' ? '-' : String(value));
/** Customers' texts may contain anything, such as characters that clear a terminal. */
const printable = (text: string) => text.replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');

/** Breaks a text between words, and a word that is wider than its column anywhere. */
const wrapped = (text: string, width: number) =>
  text
    .match(new RegExp(`.{1,${width}}(?=\\s|$)\\s*|.{1,${width}}`, 'gu'))
    ?.map((line) => line.trimEnd())
    .join('\n') ?? text;

/**
 * Formats rows under their columns, no wider than the terminal: the widest columns are wrapped, and nothing is left out. An alarm's
 * advice or a report's key that is cut off helps nobody.
 *
 * @returns a line of text when there are no rows
 */
export function table<K extends string>(
  columns: Readonly<Record<K, string>>,
  rows: readonly { readonly [key in NoInfer<K>]?: unknown }[],
  width = widthOf(process.stdout),
): string {
  if (rows.length === 0) return '(none)';
  const keys = Object.keys(columns).filter((key): key is K => key in columns);
  const head = keys.map((key) => columns[key]);
  const cells = rows.map((row) => keys.map((key) => printable(shown(row[key]))));
  const widths = head.map((title, index) => Math.max(title.length, ...cells.map((row) => row[index]?.length ?? 0)));
  const room = width - 2 * (keys.length - 1);
  while (widths.reduce((sum, each) => sum + each, 0) > room && Math.max(...widths) > 6)
    widths[widths.indexOf(Math.max(...widths))] = Math.max(...widths) - 1;
  const none = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '' };
  const lines = new Table({
    head,
    colWidths: widths,
    chars: {
      ...none,
      ...{ 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
      ...{ right: '', 'right-mid': '', middle: '  ' },
    },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  lines.push(...cells.map((row) => row.map((text, index) => wrapped(text, widths[index] ?? text.length))));
  return lines
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** A time in the operator's time zone, with the zone: `2026-11-29 08:15:02 GMT+1`. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  const zone = new Intl.DateTimeFormat('en', { timeZoneName: 'short' })
    .formatToParts(at)
    .find(({ type }) => type === 'timeZoneName');
  return `${at.toLocaleDateString('sv')} ${at.toLocaleTimeString('sv')} ${zone?.value ?? ''}`.trimEnd();
}
