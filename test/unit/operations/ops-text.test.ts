import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import * as z from 'zod';
import { PERMANENT_ERRORS, PlatformError, TRANSIENT_ERRORS } from '../../../functions/contract/errors';
import { ActNotDone } from '../../../operations/client/perform';
import { addActing } from '../../../operations/ops/acting';
import { ended } from '../../../operations/ops/acts';
import { ago, Commands, printing, printingStored } from '../../../operations/ops/context';
import { EXIT, endingOf } from '../../../operations/ops/exit';
import { addMigrating } from '../../../operations/ops/migrating';
import { addReading } from '../../../operations/ops/reading';
import { addReleasing } from '../../../operations/ops/releasing';
import { addRestoring } from '../../../operations/ops/restoring';
import { addResuming } from '../../../operations/ops/resuming';
import { addShowing } from '../../../operations/ops/showing';
import { localTime, table } from '../../../operations/ops/tables';
import { printable } from '../../../operations/printable';
import { adviceFor } from '../../../operations/runbook-advice';
import { verificationText } from '../../../operations/verification-text';
import { anEvidence } from '../../support/evidence';
import { awsError } from '../../support/fake-client';

describe('a table', () => {
  const columns = { one: 'ONE', two: 'TWO' };

  it.each([40, 80, 200])('fits %d columns, and wraps the widest column without leaving anything out', (width) => {
    const advice = 'Impact: a customer has signed up and has no tenant. What to do: ';
    const address = `https://git.example.com/${'x'.repeat(300)}`;
    const [head = '', first = '', ...more] = table(columns, [{ one: 'short', two: advice + address }], width).split(
      '\n',
    );
    for (const line of [head, first, ...more]) expect(line.length).toBeLessThanOrEqual(width);
    expect(first).toMatch(/^short {2}Impact: a/);
    const lines = [first.replace('short', ''), ...more].map((line) => line.trim());
    expect(lines.join('').replaceAll(' ', '')).toBe((advice + address).replaceAll(' ', ''));
    // Words stay whole.
    expect(lines.join(' ')).toContain(advice.trim());
  });

  it('shows a missing value as a dash, and says when there is no row', () => {
    expect(table(columns, [{ one: undefined, two: '' }], 80)).toMatch(/- +-$/);
    expect(table(columns, [], 80)).toBe('(none)');
  });

  it('removes control characters that clear or turn the terminal', () => {
    const text = table(columns, [{ one: '\u001b[2Jred', two: '\u202ecba' }], 80);
    for (const odd of ['\u001b', '\u202e']) expect(text).not.toContain(odd);
  });
});

it('says each reason for which checks were not asked once', () => {
  const evidence = anEvidence({
    notAsked: ['cell.dns', 'network.resolver', 'cell.acls'].map((id) => ({
      ...{ id, title: id },
      because: id.startsWith('cell') ? 'no audit has asked' : 'not listed',
    })),
  });
  const { tenantId, host } = evidence;
  const text = verificationText({
    ...{ verdict: 'isolated', tenantId, host, status: 'ACTIVE', checks: 1, failed: [], reason: '' },
    ...{ digest: 'd1', report: 'r1', evidence },
  });
  expect(text.split('\n').filter((line) => line.includes('not asked'))).toEqual([
    '  not asked  no audit has asked: cell.dns, cell.acls',
    '  not asked  not listed: network.resolver',
  ]);
});

it('shows what a customer or AWS has written without what clears or turns the terminal, in its lines and colours', () => {
  expect(printable('Acme\u001b[2J\u009b2J\u0007 \u202egnp\n\tx\r')).toBe(
    'Acme\ufffd[2J\ufffd2J\ufffd \ufffdgnp\n\tx\ufffd',
  );
  expect(printable('\u001b[1;31mred\u001b[39m\u001b]0;title\u0007')).toBe(
    '\u001b[1;31mred\u001b[39m\ufffd]0;title\ufffd',
  );
});

it('prints no text of a command as it came', () => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => {});
  printing(false)({}, () => 'would start \u001b[2J');
  printing(true)({ companyName: '\u001b[2J' }, () => '');
  const printed = log.mock.calls.flat().join('');
  log.mockRestore();
  expect(printed).toContain('would start \ufffd[2J');
  expect(printed).not.toContain('\u001b');
});

it.each([
  [false, false, '{"by":"\u001b[2J"}'],
  [true, false, undefined],
  [false, true, undefined],
])('prints a stored text byte for byte, on a terminal (%s) and as JSON (%s) never', (isTTY, json, written) => {
  const log = jest.spyOn(console, 'log').mockImplementation(() => {});
  const bytes: unknown[] = [];
  const write = (text: unknown) => bytes.push(text) > 0;
  printingStored(json, { isTTY, write })({}, '{"by":"\u001b[2J"}');
  const printed = log.mock.calls.flat().join('');
  log.mockRestore();
  expect(bytes).toEqual(written ? [written] : []);
  expect(printed).not.toContain('\u001b');
});

it('prints a time with its zone', () => {
  expect(localTime('2026-11-29T07:15:02.000Z')).toMatch(/^2026-11-\d\d \d\d:\d\d:02 \S+$/);
});

it('reads a time span such as 2h as a time in the past, and refuses anything else', () => {
  const passed = Date.now() - ago('2h').getTime();
  expect(Math.abs(passed - 7_200_000)).toBeLessThan(60_000);
  for (const odd of ['2', 'h', '-1h', '2w', '']) expect(() => ago(odd)).toThrow('Expected');
});

it.each([
  ['help that was asked for', new CommanderError(0, 'commander.helpDisplayed', ''), undefined],
  ['wrong usage', new CommanderError(1, 'commander.unknownOption', 'error'), EXIT.usage],
  ['an unknown tenant', new PlatformError('InvalidRequest', 'tenant not found: x'), EXIT.notFound],
  ['an act on an unknown tenant', new ActNotDone('not-found', 'InvalidRequest', 'x', 'verify'), EXIT.notFound],
  ['a refusal', new ActNotDone('refused', 'IsolationBreach', 'x', 'resume'), EXIT.refused],
  ['a policy that does not allow it', awsError('AccessDeniedException'), EXIT.refused],
  ['a failed act', new ActNotDone('failed', 'TransientThrottling', 'x', 'suspend'), EXIT.failed],
  ['any other error', new Error('x'), EXIT.failed],
  ['an answer of another shape', new z.ZodError([]), EXIT.failed],
])('%s has its exit code', (_, thrown, code) => {
  expect(endingOf(thrown)?.code).toBe(code);
});

describe('a run that is waited for', () => {
  const wait = async (run: object) => {
    const told = jest.spyOn(console, 'error').mockImplementation(() => {});
    const client = { follow: async () => run };
    const code = await ended({ client, signal: new AbortController().signal } as never, 'arn:run', true);
    const text = told.mock.calls.flat().join('\n');
    told.mockRestore();
    return { code, text };
  };

  it('that was a duplicate is told as one, and not as an onboarding that succeeded', async () => {
    const output = { outcome: 'duplicate', tenantId: 't1', firstExecutionArn: 'arn:first' };
    await expect(wait({ status: 'SUCCEEDED', output })).resolves.toEqual({
      code: EXIT.nothing,
      text: 'nothing to do: the signup is the one of tenant t1, which arn:first has',
    });
  });

  it('is done when it has succeeded, and failed when it has not', async () => {
    const output = { tenantId: 't1', url: 'https://acme.example' };
    await expect(wait({ status: 'SUCCEEDED', output })).resolves.toMatchObject({ code: EXIT.done });
    const failure = { step: 'ReserveTenant', error: 'SubdomainTaken', reason: 'acme' };
    await expect(wait({ status: 'FAILED', failure })).resolves.toMatchObject({ code: EXIT.failed });
  });
});

it('says in one line what an answer of another shape lacks', () => {
  const { error } = z.object({ executionArn: z.string('expected an ARN') }).safeParse({});
  expect(endingOf(error)?.message).toBe('executionArn: expected an ARN');
});

it('quotes the runbook’s advice on an error', () => {
  expect(adviceFor('SubdomainTaken')).toBe('the customer chooses another; a new signup');
  expect(adviceFor('QuotaExceeded')).toMatch(/^have the quota .*, redrive$/);
  expect(adviceFor('NoSuchError')).toBeUndefined();
});

/** Those of releases and migrations have tables of their own, and `ops` shows their runs. */
const OF_OTHER_WORKFLOWS = /^(?:Release|Image|Migration|TenantBehind)/;
/** Leads on to the announcement. */
const NEVER_AN_END = 'TenantIsActive';
/** Lambda's own, of a function that was killed. */
const KILLED = ['Runtime.OutOfMemory', 'Runtime.Unknown', 'Sandbox.Timedout', 'Sandbox.Failure', 'Extension.Crash'];

it.each(
  [...TRANSIENT_ERRORS, ...PERMANENT_ERRORS, ...KILLED].filter(
    (name) => !OF_OTHER_WORKFLOWS.test(name) && name !== NEVER_AN_END,
  ),
)('the runbook has advice on %s', (name) => {
  expect(adviceFor(name)).toBeDefined();
});

it('quotes advice on a message only for such a message', () => {
  expect(
    adviceFor('ConfigurationInvalid', 'template of the database stack, version 1, cannot be read at s3'),
  ).toContain('publishes it again');
  expect(adviceFor('ConfigurationInvalid', 'cell c1 has no function SetUpDatabase')).toBe('deploy the cell, redrive');
  expect(adviceFor('ConfigurationInvalid', 'NoSuchHostedZone: no hosted zone Z1')).toBe(
    'correct it, deploy, then `npm run redrive -- --anew`',
  );
  expect(adviceFor('TransientServiceUnsteady')).toContain('Cell unhealthy');
  expect(adviceFor('TransientServiceFault')).toContain('Health Dashboard');
  expect(adviceFor('InvalidRequest', 'abandonment.reason: Invalid input')).toContain('npm run abandon');
  expect(adviceFor('InvalidRequest', 'ValidationException: 1 validation error')).not.toContain('npm run abandon');
  expect(adviceFor('InvalidRequest', 'tenant t1 is FAILED', { act: 'abandon' })).toBeUndefined();
});

it('advises no redrive of an onboarding when an act was throttled, or its stage lacks something', () => {
  const of = (error: string, message: string) => endingOf(new ActNotDone('failed', error, message, 'suspend'))?.advice;
  expect(of('TransientThrottling', 'Rate exceeded')).toContain('give the command again');
  expect(of('TransientServiceUnsteady', 'no healthy target')).toContain('Cell unhealthy');
  expect(of('ConfigurationInvalid', 'the stage has no cell')).toBeUndefined();
});

it.each([
  ['release', 'ops release'],
  ['steer-release', 'ops release'],
  ['signup', 'ops status'],
] as const)('advises to look before a %s is given again: it would be another one', (act, look) => {
  const advice = endingOf(new ActNotDone('failed', 'TransientThrottling', 'Rate exceeded', act))?.advice;
  expect(advice).toContain(`look first, with \`${look}`);
  expect(advice).not.toContain('give the command again');
});

it('docs/ops.md lists each command of ops once, and no others', () => {
  const program = new Command('ops');
  const commands = new Commands(program, new AbortController().signal, () => {});
  addReading(commands);
  addActing(commands);
  addReleasing(commands);
  addRestoring(commands);
  addMigrating(commands);
  addResuming(commands);
  addShowing(commands);
  const [, rows = ''] =
    /\| command \| does \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(readFileSync('docs/ops.md', 'utf8')) ?? [];
  const told = [...rows.matchAll(/^\| `([a-z-]+)/gm)].map(([, name]) => name);
  expect([...new Set(told)].sort()).toEqual(program.commands.map((command) => command.name()).sort());
  for (const command of program.commands) {
    const options = command.options.map(({ long }) => long);
    expect(options).toContain('--stage');
    // The console prints nothing but its address.
    expect(options.includes('--json')).toBe(command.name() !== 'console');
  }
});
