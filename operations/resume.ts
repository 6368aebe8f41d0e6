import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/stages';
import { resumeTenant, verifyTenant } from './audits';
import { runCommand } from './command';
import { connectTo, stageOption } from './stage-connection';
import { verificationText } from './verification-text';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES) });

async function main(): Promise<number> {
  const command = new Command('resume')
    .description('Verifies a suspended tenant and, if every check passes, brings it back into service.')
    .requiredOption('--tenant <name>', 'its subdomain, tenant id or signup id')
    .addOption(stageOption())
    .parse();
  const { tenant, stage } = OptionsSchema.parse(command.opts());
  const connection = await connectTo(stage);
  const verification = await verifyTenant(connection, tenant);
  console.log(verificationText(verification));
  if (verification.verdict !== 'isolated') return 1;
  const { host, resumedAt } = await resumeTenant(connection, verification.tenantId);
  console.log(`\n${host} is ACTIVE since ${resumedAt}`);
  return 0;
}

runCommand(main);
