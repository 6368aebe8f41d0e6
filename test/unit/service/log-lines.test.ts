import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { build } from 'esbuild';
import { logLines } from '../../../service/log-lines';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'log-lines-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('lines are written together, soon', async () => {
  const file = join(folder, 'log');
  const fd = openSync(file, 'w');
  const lines = logLines(fd);
  const writes: unknown[] = [];
  lines.on('write', (bytes) => bytes && writes.push(bytes));
  for (const line of ['one', 'two', 'three']) lines.write(`${line}\n`);
  expect(readFileSync(file, 'utf8')).toBe('');
  // The file has the lines a moment before the write is told.
  while (writes.length === 0) await pause(5);
  expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n');
  expect(writes).toHaveLength(1);
  lines.end();
});

test.each(['process.exit(0)', 'throw new Error("broken")'])('no line is lost by %s', async (end) => {
  const program = join(folder, 'program.cjs');
  const contents = `import { logLines } from './service/log-lines'; logLines().write('last words\\n'); setTimeout(() => { ${end} }, 1);`;
  await build({
    stdin: { contents, resolveDir: process.cwd() },
    ...{ bundle: true, platform: 'node', format: 'cjs', outfile: program, logLevel: 'silent' },
  });
  const { stdout } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
  expect(stdout).toBe('last words\n');
});
