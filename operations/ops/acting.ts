import { Option } from 'commander';
import * as z from 'zod';
import { PlanSchema } from '../../functions/contract/plans';
import { fileToWrite, nonBlank, onlyWith } from '../options';
import { abandon, previewReplay, redrive, redriveFailed, replay, signUp, suspend, verify } from './acts';
import type { Commands } from './context';

const Reason = z.object({ reason: z.string().optional() });
const REASON = ['--reason <text>', 'kept on record', nonBlank] as const;

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
      async (ops, { wait, reason, ...said }) => await signUp(ops, said, { wait, reason }),
    )
    .requiredOption('--company <name>', 'name of the company', nonBlank)
    .requiredOption('--subdomain <label>', 'the subdomain it wants', nonBlank)
    .requiredOption('--email <address>', 'its contact', nonBlank)
    .addOption(new Option('--plan <plan>', 'the plan').choices(PlanSchema.options).default('enterprise'))
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
        if (failed) return await redriveFailed(ops, { error, yes, reason });
        const target = execution ? { executionArn: execution } : { tenant: tenant ?? '' };
        return await redrive(ops, target, { anew, wait, reason });
      },
      ({ execution, failed }, tenant) =>
        [tenant, execution, failed || undefined].filter((named) => named !== undefined).length === 1
          ? undefined
          : 'name either a tenant, --execution or --failed',
    )
    .option('--execution <arn>', 'an execution instead of a tenant', nonBlank)
    .option('--failed', 'all tenants that are FAILED or HELD')
    .addOption(onlyWith(['failed'], '--error <name>', 'with --failed: only those with this error').argParser(nonBlank))
    .addOption(onlyWith(['failed'], '--yes', 'with --failed: does it'))
    .addOption(
      new Option(
        '--anew',
        "starts a new execution in any case: with today's definition of the state machine",
      ).conflicts('failed'),
    )
    .addOption(new Option('--wait', 'waits until the run ends; exits 0 only if it succeeds').conflicts('failed'))
    .option(...REASON);

  commands
    .add(
      'abandon <tenant>',
      'Gives up an onboarding that is held, or whose run was stopped: everything is undone.',
      ['abandon acme --reason "the customer has left" --wait'],
      z.object({ reason: z.string(), wait: z.boolean().default(false) }),
      async (ops, options, tenant = '') => await abandon(ops, tenant, options),
    )
    .requiredOption(...REASON)
    .option('--wait', 'waits until everything is undone; exits 0 only then');

  commands
    .add(
      'replay',
      'Starts the onboardings of signups that could not be delivered.',
      ['replay --preview', 'replay', 'replay --set-aside unreadable.jsonl'],
      Reason.extend({ setAside: z.string().optional(), preview: z.boolean().default(false) }),
      async (ops, { setAside, preview, reason }) =>
        preview ? await previewReplay(ops) : await replay(ops, setAside, reason),
    )
    .addOption(new Option('--preview', 'only shows which signups it would start').conflicts('setAside'))
    .option(
      '--set-aside <file>',
      'moves unreadable messages from the queue to a file, a line of JSON each',
      fileToWrite,
    )
    .option(...REASON);

  commands
    .add(
      'verify <tenant>',
      'Verifies the isolation of a tenant in service now.',
      ['verify acme --html report.html'],
      Reason.extend({ html: z.string().optional() }),
      async (ops, options, tenant = '') => await verify(ops, tenant, options),
    )
    .option('--html <file>', 'also writes the report as a page for auditors', fileToWrite)
    .option(...REASON);

  commands
    .add(
      'suspend <tenant>',
      'Takes a tenant out of service: its route answers 503, its data stays.',
      ['suspend acme --reason "INC-42"'],
      z.object({ reason: z.string() }),
      async (ops, { reason }, tenant = '') => await suspend(ops, tenant, reason),
    )
    .requiredOption(...REASON);
}
