import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command, CommanderError } from 'commander';
import { addActing } from '../../../operations/ops/acting';
import { Commands } from '../../../operations/ops/context';
import { addMigrating } from '../../../operations/ops/migrating';
import { addReading } from '../../../operations/ops/reading';
import { addReleasing } from '../../../operations/ops/releasing';
import { addResuming } from '../../../operations/ops/resuming';
import { addShowing } from '../../../operations/ops/showing';

const ROOT = join(__dirname, '../../..');
/** Where no platform runs: what gets that far was not refused. */
const NOWHERE = { ...process.env, ONBOARDING_OUTPUTS: '/nowhere/outputs.json' };

async function refusal(words: string): Promise<string> {
  const program = new Command('ops').exitOverride().configureOutput({ writeErr: () => {} });
  const commands = new Commands(program, new AbortController().signal, () => {});
  for (const add of [addReading, addActing, addReleasing, addMigrating, addResuming, addShowing]) add(commands);
  for (const command of program.commands) command.configureOutput({ writeErr: () => {} });
  try {
    await program.parseAsync(words.split(' '), { from: 'user' });
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.message;
    throw thrown;
  }
  throw new Error(`ops ${words} was not refused`);
}

const onlyWithFailed = "does nothing without '--failed'";

test.each([
  ['redrive acme --yes', onlyWithFailed],
  ['redrive acme --error StackFailed', onlyWithFailed],
  ['redrive --failed --anew --yes', 'cannot be used with'],
  ['redrive --failed --wait', 'cannot be used with'],
  ['replay --preview --set-aside unreadable.jsonl', 'cannot be used with'],
  ['resume acme --yes', "does nothing without '--all'"],
  ['release --id r-42', "does nothing without '--image'"],
  ['release --retry acme --cell c1', 'cannot be used with'],
  ['migrate --status --yes', 'cannot be used with'],
  ['audit-log --tenant acme --day 2026-11-29', 'cannot be used with'],
  ['audit-log --day 2026-11-29 --on-no-tenant', 'cannot be used with'],
  ['evidence acme --compare --show', 'cannot be used with'],
])('ops %s is refused: one of its options would be ignored', async (words, message) => {
  expect(await refusal(words)).toContain(message);
});

test.each([
  ['signup --company A --subdomain a --email a@a.example --plan gold', 'Allowed choices are growth, enterprise'],
  ['tenants --plan gold', 'Allowed choices are growth, enterprise'],
  ['console --port 65536', 'Expected a port: 1 to 65535'],
  ['migrate --phase sideways', 'Allowed choices are expand, contract'],
  ['audit-log --before nonsense', 'Expected what the last page says'],
  ['evidence acme --compare one', 'name two reports to compare'],
  ['verify acme --html /nowhere/report.html', 'a folder that exists'],
  ['replay --set-aside /nowhere/unreadable.jsonl', 'a folder that exists'],
])('ops %s is wrong usage, and says in one line why', async (words, message) => {
  const told = await refusal(words);
  expect(told).toContain(message);
  expect(told.split('\n')).toHaveLength(1);
});

test.each([['2026-02-30'], ['2026-13-01'], ['yesterday'], ['2026-1-1']])('%s is no day', async (day) => {
  expect(await refusal(`audit-log --day ${day}`)).toContain('Expected a day');
});

test.each([
  ['verify', ['--tenant', 'acme', '--html', '/nowhere/report.html'], 'a folder that exists'],
  ['teardown', ['--stage', 'dev', '--trail', 'package.json'], 'Expected a new file'],
])('npm run %s refuses a file that it could not write in the end', async (name, words, message) => {
  const run = ['operations/run-bundled.cjs', `operations/${name}.ts`, ...words];
  const ran = promisify(execFile)(process.execPath, run, { cwd: ROOT, env: NOWHERE });
  await expect(ran).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
});

test.each([
  ['release', ['--status', '--id', 'r-42'], "does nothing without '--image'"],
  ['resume', ['--tenant', 'acme', '--yes'], "does nothing without '--all'"],
])('npm run %s refuses an option that it would ignore', async (name, words, message) => {
  const run = ['operations/run-bundled.cjs', `operations/${name}.ts`, ...words];
  const ran = promisify(execFile)(process.execPath, run, { cwd: ROOT, env: NOWHERE });
  await expect(ran).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
});
