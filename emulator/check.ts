import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { virtualEnvironment } from './venv';

/** An application in Python that the emulator can run. */
const EXAMPLE = '../examples/python';

/** Formatter, linter and type checker of the emulator's Python, each to its end, so that one run tells all. */
const CHECKS = [
  ['-m', 'ruff', 'format', '--quiet', '--diff', '.', EXAMPLE],
  ['-m', 'ruff', 'check', '--quiet', '.', EXAMPLE],
  ['-m', 'mypy', '--no-error-summary'],
];
/** With `--write`: what the tools can repair by themselves. */
const MENDS = [
  ['-m', 'ruff', 'check', '--quiet', '--fix', '.', EXAMPLE],
  ['-m', 'ruff', 'format', '--quiet', '.', EXAMPLE],
  ['readme.py'],
];

async function main(): Promise<void> {
  const python = await virtualEnvironment(join(__dirname, 'requirements-dev.txt'), 'ruff, mypy and pytest', {
    log: console.error,
  });
  const results = (process.argv.includes('--write') ? MENDS : CHECKS).map(
    (tool) => spawnSync(python, tool, { cwd: __dirname, stdio: 'inherit' }).status,
  );
  if (results.some((status) => status !== 0)) process.exitCode = 1;
}

main().catch((failure: Error) => {
  console.error(failure.message);
  process.exitCode = 1;
});
