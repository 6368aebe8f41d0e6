import { Command } from 'commander';
import * as z from 'zod';
import type { PlatformErrorName } from '../functions/contract/errors';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { nonBlank, TENANT_OF_ANY_TIME, tenantOption } from './options';
import { stageOption } from './stage-connection';

const OptionsSchema = z.object({
  tenant: z.string(),
  reason: z.string(),
  stage: z.enum(STAGES),
  wait: z.boolean().default(false),
});
/** The error name of a run whose rollback was completed by an abandonment. */
const DONE: PlatformErrorName = 'OnboardingAbandoned';

async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('abandon')
    .description('Gives up an onboarding that is held, or whose run has ended in the middle: everything is undone.')
    .addOption(tenantOption(TENANT_OF_ANY_TIME).makeOptionMandatory())
    .requiredOption('--reason <text>', 'kept on the record of the tenant, and told to billing', nonBlank)
    .option('--wait', 'waits until everything is undone; exits 0 only then')
    .addOption(stageOption())
    .parse();
  const { tenant, reason, stage, wait } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const done = await client.abandon(tenant, reason);
  if (done.how === 'nothing') {
    console.log(`nothing to abandon: ${done.because}`);
    return 1;
  }
  console.log(`rollback started: ${done.executionArn}`);
  if (!wait) return 0;
  const { status, failure } = await client.follow(done.executionArn, { signal });
  if (failure?.error === DONE) console.log('abandoned: everything was undone');
  else
    console.log(
      failure ? `${status}: ${failure.error}\n${failure.reason}` : 'not abandoned: another run has the tenant',
    );
  return failure?.error === DONE ? 0 : 1;
}

runCommand(main);
