import { Command, Option } from 'commander';
import pc from 'picocolors';
import * as z from 'zod';
import { PlanSchema } from '../functions/contract/plans';
import { STAGES } from '../infra/config/environments';
import { StageClient } from '../operations/client/stage-client';
import { runCommand } from '../operations/command';
import { nonBlank } from '../operations/options';
import { connectTo } from '../operations/stage-connection';
import { became } from './expectations';
import { viewOn } from './live-view';
import { watcherOn } from './progress-text';
import { followRun, type Outcome } from './scenario';
import { newSignup } from './signups';

const OptionsSchema = z.object({
  company: z.string(),
  subdomain: z.string(),
  plan: z.string(),
  email: z.string().optional(),
  signupId: z.string().optional(),
  reason: z.string().optional(),
  stage: z.enum(STAGES),
});

function readOptions() {
  const command = new Command('signup')
    .description('Signs a company up on a stage by hand, and follows the onboarding to the end.')
    .requiredOption('--company <name>', 'name of the company', nonBlank)
    .requiredOption('--subdomain <label>', 'the subdomain it wants', nonBlank)
    .option('--plan <plan>', `one of ${PlanSchema.options.join(', ')}`, nonBlank, 'enterprise')
    .option('--email <address>', 'its contact; ops@SUBDOMAIN.example by default', nonBlank)
    .option('--signup-id <id>', 'the idempotency key; a new one by default', nonBlank)
    .option('--reason <text>', 'kept on record', nonBlank)
    .addOption(new Option('--stage <stage>', 'where to').choices(STAGES).default('local'))
    .parse();
  return OptionsSchema.parse(command.opts());
}

/** Sends the options unchanged, right or wrong: the platform has to refuse what is wrong. */
function detailOf({ company, subdomain, plan, email, signupId }: z.infer<typeof OptionsSchema>) {
  const complete = newSignup({ companyName: company, subdomain });
  return { ...complete, plan, ...(email && { contactEmail: email }), ...(signupId && { signupId }) };
}

function report(outcome: Outcome): string[] {
  const { run, tenantId, inventory } = outcome;
  const end = became(outcome);
  if (end === 'duplicate') return [`Duplicate of an earlier signup: tenant ${tenantId}.`, JSON.stringify(run.output)];
  if (end === 'ACTIVE') return [pc.green(`Tenant ${tenantId} is ACTIVE: ${inventory?.record?.url}`)];
  return [pc.red(`${run.status}: ${end}`), run.failure?.reason ?? '', `execution ${run.executionArn}`];
}

async function main(signal: AbortSignal): Promise<number> {
  const options = readOptions();
  const connection = await connectTo(options.stage);
  const view = viewOn(process.stdout);
  const applicant = {
    label: options.subdomain,
    companyName: options.company,
    subdomain: options.subdomain,
    expected: 'ACTIVE',
    detail: detailOf(options),
  } as const;
  const begin = async () => (await new StageClient(connection).signUp(applicant.detail, options.reason)).executionArn;
  // Whatever becomes of the command: with this id it is the same signup.
  view.say(`to repeat this signup: --signup-id ${applicant.detail.signupId}`);
  const outcome = await followRun(connection, applicant, begin, { watcher: watcherOn(view), signal });
  view.settle();
  for (const line of report(outcome)) view.say(line);
  return outcome.run.status === 'SUCCEEDED' ? 0 : 1;
}

runCommand(main);
