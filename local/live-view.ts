import { stripVTControlCharacters } from 'node:util';

/** Shows several runs at the same time. */
export interface View {
  /** Adds a row. Each drawing calls `text`. */
  row(label: string, text: () => string): void;
  /** Reports an event of one row. */
  event(label: string, text: string): void;
  /** Prints a line that stays. */
  say(text: string): void;
  /** Ends the rows; later lines are printed below them. */
  settle(): void;
}

/** In a terminal each run has a row that is redrawn. In a file or pipe each event is a line. */
export function viewOn(out: NodeJS.WriteStream): View {
  return out.isTTY ? new TerminalView(out) : new PlainView(out);
}

const LABEL_WIDTH = 14;

class PlainView implements View {
  private readonly began = performance.now();

  constructor(private readonly out: NodeJS.WritableStream) {}

  row(): void {}

  settle(): void {}

  event(label: string, text: string): void {
    const seconds = ((performance.now() - this.began) / 1000).toFixed(1).padStart(6);
    this.out.write(`${seconds} s  ${label.padEnd(LABEL_WIDTH)} ${text}\n`);
  }

  say(text: string): void {
    this.out.write(`${text}\n`);
  }
}

const UP = (lines: number) => (lines > 0 ? `\u001B[${lines}A` : '');
const CLEAR_BELOW = '\u001B[J';

const REDRAW_MS = 200;
/** Width of a terminal that does not report one. */
const COLUMNS = 80;

class TerminalView implements View {
  private readonly rows = new Map<string, () => string>();
  private drawn = 0;
  private redrawing: NodeJS.Timeout | undefined;

  constructor(private readonly out: NodeJS.WriteStream) {}

  row(label: string, text: () => string): void {
    this.rows.set(label, text);
    this.redrawing ??= setInterval(() => this.draw(), REDRAW_MS).unref();
    this.draw();
  }

  event(): void {}

  say(text: string): void {
    this.draw(`${text}\n`);
  }

  settle(): void {
    clearInterval(this.redrawing);
    this.redrawing = undefined;
    this.draw();
    this.rows.clear();
    this.drawn = 0;
  }

  private draw(above = ''): void {
    const lines = [...this.rows].map(([label, text]) => this.fitted(`${label.padEnd(LABEL_WIDTH)} ${text()}`));
    this.out.write(`${UP(this.drawn)}\r${CLEAR_BELOW}${above}${lines.map((line) => `${line}\n`).join('')}`);
    this.drawn = lines.length;
  }

  /**
   * Cuts a line to the terminal's width. A wrapped row would count as two, and the next drawing
   * would leave one.
   */
  private fitted(line: string): string {
    const plain = stripVTControlCharacters(line);
    const columns = this.out.columns || COLUMNS;
    return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`;
  }
}
