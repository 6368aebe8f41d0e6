import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Page } from 'playwright-core';
import { escapeHtml } from '../functions/shared/html';
import { settled } from '../functions/shared/settled';

const ROOT = join(__dirname, '..');
const WIDTH = 1200;

/** Foregrounds and weights that the demo uses, by their number ("ECMA-48", SGR). */
const STYLES: Readonly<Record<string, string>> = {
  ...{ '1': 'font-weight:bold', '2': 'opacity:.7', '31': 'color:#ff7a7a', '32': 'color:#5fd38d' },
  ...{ '33': 'color:#f2c94c', '36': 'color:#5bc8f5', '90': 'color:#9aa4b2' },
};
const ESCAPE = '\u001B[';

/** Whatever is no style of ours ends one: the demo does not nest styles. */
const styled = (part: string, index: number) =>
  index === 0
    ? part
    : part.replace(/^(\d+)m/, (_, code: string) => (code in STYLES ? `<span style="${STYLES[code]}">` : '</span>'));

/** A terminal's text as a page. */
function pageOf(lines: readonly string[]): string {
  const shown = escapeHtml(lines.join('\n')).split(ESCAPE).map(styled).join('');
  const style = 'margin:0;padding:20px;background:#161d26;color:#e6e9ee;font:13px/1.35 monospace;white-space:pre-wrap';
  return `<!doctype html><meta charset="utf-8"><body style="margin:0"><pre style="${style}">${shown}</pre>`;
}

/** Runs the demo, and takes a picture of how it ends. @throws Error when it does not end as expected */
export async function takeDemoStill(page: Page, path: string, signal: AbortSignal): Promise<void> {
  const demo = spawn('npm', ['run', '--silent', 'demo'], {
    ...{ cwd: ROOT, signal, stdio: ['ignore', 'pipe', 'inherit'] },
    env: { ...process.env, FORCE_COLOR: '1', NO_COLOR: undefined },
  });
  const [printed, [code]] = await settled([text(demo.stdout), once(demo, 'exit')]);
  if (code !== 0) throw new Error(`the demo ended with ${code}:\n${printed}`);
  await page.setViewportSize({ width: WIDTH, height: 200 });
  const lines = printed.trimEnd().split('\n');
  // The table of how each signup ended, and what was checked.
  const table = lines.findLastIndex((line) => line.includes('┌'));
  await page.setContent(pageOf(lines.slice(table)));
  await page.screenshot({ path, fullPage: true });
}
