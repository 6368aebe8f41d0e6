import { randomUUID } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import * as z from 'zod';
import type { Redrive } from '../../functions/acts/redrive-execution';
import { PlanSchema } from '../../functions/contract/plans';
import { evidencePage } from '../../functions/isolation/evidence-page';
import type { StageClient } from '../client/stage-client';
import { nonBlank } from '../options';
import { isLeft, replayText, tallyText } from '../replay-text';
import { verificationText } from '../verification-text';
import type { Commands, Ops } from './context';
import { EXIT } from './exit';
import { tenantsTable } from './reading';

const Reason = z.object({ reason: z.string().optional() });
const REASON = ['--reason <text>', 'kept on record', nonBlank] as const;

const usage = (message: string) => new CommanderError(EXIT.usage, 'Usage', message);

/** Follows a run if `wait` is set. @returns the exit code */
async function ended({ client, signal }: Ops, executionArn: string, wait: boolean, success = 'SUCCEEDED') {
  if (!wait) return EXIT.done;
  const { status, failure } = await client.follow(executionArn, { signal });
  console.error(failure ? `${status}: ${failure.error}\n${failure.reason}` : status);
  return (failure?.error ?? status) === success ? EXIT.done : EXIT.failed;
}

const redriveText = (done: Redrive) =>
  done.how === 'nothing' ? `nothing to do: ${done.because}` : `${done.how}: ${done.executionArn}`;

/** Redrives all failed onboardings, or only lists them. */
async function redriveFailed(
  { client, print }: Ops,
  error: string | undefined,
  yes: boolean,
  reason: string | undefined,
) {
  const { tenants } = await client.tenants({ status: ['FAILED', 'HELD'], error });
  if (tenants.length === 0) {
    print([], () => 'nothing to redrive');
    return EXIT.nothing;
  }
  if (!yes) {
    print(tenants, () => `${tenantsTable(tenants)}\n${tenants.length} would be redriven; --yes does it`);
    return EXIT.done;
  }
  let code: number = EXIT.done;
  for (const { tenantId } of tenants) code = Math.max(code, await redriveOne(client, tenantId, reason));
  return code;
}

/** Redrives one tenant's onboarding. A failure does not stop the others. */
async function redriveOne(client: StageClient, tenant: string, reason: string | undefined): Promise<number> {
  try {
    console.log(`${tenant}  ${redriveText(await client.redrive({ tenant }, { reason }))}`);
    return EXIT.done;
  } catch (thrown) {
    console.log(`${tenant}  ${thrown instanceof Error ? thrown.message : thrown}`);
    return EXIT.failed;
  }
}

async function replay({ client, print }: Ops, file: string | undefined): Promise<number> {
  const { hidden } = await client.undeliveredSignups();
  const counts = { replayed: 0, unreadable: 0 };
  const messages: unknown[] = [];
  const setAside = file && ((message: object) => appendFileSync(file, `${JSON.stringify(message)}\n`));
  const lines: string[] = [];
  for await (const done of client.replay(setAside ? { setAside } : {})) {
    counts['unreadable' in done ? 'unreadable' : 'replayed'] += 1;
    messages.push(done);
    lines.push(replayText(done));
  }
  const tally = { ...counts, hidden, setAside: file !== undefined, unmatched: await client.unmatchedEvents() };
  print({ messages, ...tally }, () => [...lines, ...tallyText(tally)].join('\n'));
  if (isLeft(tally)) return EXIT.failed;
  return counts.replayed + counts.unreadable === 0 ? EXIT.nothing : EXIT.done;
}

/** Adds the commands that change something. Each act is recorded with the caller's ARN. */
export function addActing(commands: Commands): void {
  const Signup = z.object({
    company: z.string(),
    subdomain: z.string(),
    plan: PlanSchema,
    email: z.string(),
    signupId: z.string().optional(),
    wait: z.boolean().default(false),
  });
  commands
    .add(
      'signup',
      'Onboards a company, as a signup of billing does.',
      ['signup --company "Acme GmbH" --subdomain acme --email ops@acme.example --wait'],
      Signup.extend(Reason.shape),
      async (ops, { company, subdomain, plan, email, signupId, wait, reason }) => {
        const signup = {
          version: 1,
          signupId: signupId ?? `sub_${randomUUID().replaceAll('-', '')}`,
          companyName: company,
          subdomain,
          contactEmail: email,
          plan,
        };
        const { executionArn } = await ops.client.signUp(signup, reason);
        ops.print({ ...signup, executionArn }, () => `started: ${executionArn}\nsignup ${signup.signupId}`);
        return await ended(ops, executionArn, wait);
      },
    )
    .requiredOption('--company <name>', 'name of the company', nonBlank)
    .requiredOption('--subdomain <label>', 'the subdomain it wants', nonBlank)
    .requiredOption('--email <address>', 'its contact', nonBlank)
    .option('--plan <plan>', `one of ${PlanSchema.options.join(', ')}`, nonBlank, 'enterprise')
    .option('--signup-id <id>', 'the idempotency key; a new one by default', nonBlank)
    .option('--wait', 'waits until the run ends; exits 0 only if it succeeds')
    .option(...REASON);

  const Redriving = Reason.extend({
    execution: z.string().optional(),
    anew: z.boolean().default(false),
    wait: z.boolean().default(false),
    failed: z.boolean().default(false),
    error: z.string().optional(),
    yes: z.boolean().default(false),
  });
  commands
    .add(
      'redrive [tenant]',
      'Redrives a failed onboarding, or all that failed (shown first; --yes does it).',
      ['redrive acme --wait', 'redrive --failed --error StackFailed', 'redrive --failed --error StackFailed --yes'],
      Redriving,
      async (ops, { execution, anew, wait, failed, error, yes, reason }, tenant) => {
        if ([tenant, execution, failed || undefined].filter((named) => named !== undefined).length !== 1)
          throw usage('name either a tenant, --execution or --failed');
        if (failed) return await redriveFailed(ops, error, yes, reason);
        const target = execution ? { executionArn: execution } : { tenant: tenant ?? '' };
        const done = await ops.client.redrive(target, { anew, reason });
        ops.print(done, () => redriveText(done));
        return done.how === 'nothing' ? EXIT.nothing : await ended(ops, done.executionArn, wait);
      },
    )
    .option('--execution <arn>', 'an execution instead of a tenant', nonBlank)
    .option('--failed', 'all tenants that are FAILED or HELD')
    .option('--error <name>', 'with --failed: only those with this error', nonBlank)
    .option('--yes', 'with --failed: does it')
    .option('--anew', "starts a new execution in any case: with today's definition of the state machine")
    .option('--wait', 'waits until the run ends; exits 0 only if it succeeds')
    .option(...REASON);

  commands
    .add(
      'abandon <tenant>',
      'Gives up an onboarding that is held, or whose run was stopped: everything is undone.',
      ['abandon acme --reason "the customer has left" --wait'],
      z.object({ reason: z.string(), wait: z.boolean().default(false) }),
      async (ops, { reason, wait }, tenant = '') => {
        const done = await ops.client.abandon(tenant, reason);
        ops.print(done, () =>
          done.how === 'nothing' ? `nothing to abandon: ${done.because}` : `rollback started: ${done.executionArn}`,
        );
        return done.how === 'nothing' ? EXIT.nothing : await ended(ops, done.executionArn, wait, 'OnboardingAbandoned');
      },
    )
    .requiredOption(...REASON)
    .option('--wait', 'waits until everything is undone; exits 0 only then');

  commands
    .add(
      'replay',
      'Starts the onboardings of signups that could not be delivered.',
      ['replay', 'replay --set-aside unreadable.jsonl'],
      z.object({ setAside: z.string().optional() }),
      async (ops, { setAside }) => await replay(ops, setAside),
    )
    .option('--set-aside <file>', 'moves unreadable messages from the queue to a file, a line of JSON each', nonBlank);

  commands
    .add(
      'verify <tenant>',
      'Verifies the isolation of a tenant in service now.',
      ['verify acme --html report.html'],
      Reason.extend({ html: z.string().optional() }),
      async ({ client, print }, { html, reason }, tenant = '') => {
        const verification = await client.verify(tenant, reason);
        print(verification, () => verificationText(verification));
        if (verification.verdict === 'skipped') return EXIT.refused;
        if (html) writeFileSync(html, evidencePage(verification.evidence, verification.digest));
        return verification.verdict === 'isolated' ? EXIT.done : EXIT.failed;
      },
    )
    .option('--html <file>', 'also writes the report as a page for auditors', nonBlank)
    .option(...REASON);

  commands
    .add(
      'suspend <tenant>',
      'Takes a tenant out of service: its route answers 503, its data stays.',
      ['suspend acme --reason "INC-42"'],
      z.object({ reason: z.string() }),
      async ({ client, print }, { reason }, tenant = '') => {
        const done = await client.suspend(tenant, reason);
        print(done, () => `${done.host} (tenant ${done.tenantId}) is SUSPENDED since ${done.suspendedAt}`);
        return done.earlier ? EXIT.nothing : EXIT.done;
      },
    )
    .requiredOption(...REASON);
}
