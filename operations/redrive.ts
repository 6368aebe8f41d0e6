import { Command } from 'commander';
import * as z from 'zod';
import type { Redrive } from '../functions/acts/redrive-execution';
import { STAGES } from '../infra/config/environments';
import { type RedriveTarget, StageClient } from './client/stage-client';
import { runCommand } from './command';
import { nonBlank, TENANT_OF_ANY_TIME, tenantOption } from './options';
import { stageOption } from './stage-connection';

const OptionsSchema = z.object({
  tenant: z.string().optional(),
  execution: z.string().optional(),
  stage: z.enum(STAGES),
  wait: z.boolean().default(false),
  anew: z.boolean().default(false),
});

function targetOf({ tenant, execution }: z.output<typeof OptionsSchema>): RedriveTarget {
  if (tenant && !execution) return { tenant };
  if (execution && !tenant) return { executionArn: execution };
  throw new Error('name either --tenant or --execution');
}

function textOf(done: Redrive): string {
  if (done.how === 'redriven') return `redriven: ${done.executionArn}`;
  if (done.how === 'nothing') return `nothing to do: ${done.because}`;
  return `new execution started in place of the old one (${done.because}): ${done.executionArn}`;
}

async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('redrive')
    .description('Redrives a failed onboarding. Where AWS no longer can, starts a new one with the same signup.')
    .addOption(tenantOption(TENANT_OF_ANY_TIME))
    .option('--execution <arn>', 'ARN of the execution, instead of a tenant', nonBlank)
    .option('--anew', "starts a new execution in any case: with today's definition of the state machine")
    .option('--wait', 'waits until the execution ends; exits 0 only if it succeeds')
    .addOption(stageOption())
    .parse();
  const options = OptionsSchema.parse(command.opts());
  const target = targetOf(options);
  const client = await StageClient.connect(options.stage);
  const done = await client.redrive(target, { anew: options.anew });
  console.log(textOf(done));
  if (done.how === 'nothing') return 1;
  if (!options.wait) return 0;
  const { status, failure } = await client.follow(done.executionArn, { signal });
  console.log(failure ? `${status}: ${failure.error}\n${failure.reason}` : status);
  return status === 'SUCCEEDED' ? 0 : 1;
}

runCommand(main);
