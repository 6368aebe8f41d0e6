import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { tenantOption } from './options';
import { stageOption } from './stage-connection';
import { verificationText } from './verification-text';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES) });

async function main(): Promise<number> {
  const command = new Command('resume')
    .description('Verifies a suspended tenant and, if every check passes, brings it back into service.')
    .addOption(tenantOption().makeOptionMandatory())
    .addOption(stageOption())
    .parse();
  const { tenant, stage } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const verification = await client.verify(tenant);
  console.log(verificationText(verification));
  if (verification.verdict !== 'isolated') return 1;
  const { host, resumedAt } = await client.resume(verification.tenantId);
  console.log(`\n${host} is ACTIVE since ${resumedAt}`);
  return 0;
}

runCommand(main);
