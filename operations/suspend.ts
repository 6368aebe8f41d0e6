import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/stages';
import { suspendTenant } from './audits';
import { runCommand } from './command';
import { connectTo, stageOption } from './stage-connection';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES), reason: z.string() });

async function main(): Promise<number> {
  const command = new Command('suspend')
    .description('Takes a tenant out of service at once: its route answers 503, its data stays as it is.')
    .requiredOption('--tenant <name>', 'its subdomain, tenant id or signup id')
    .requiredOption('--reason <text>', 'for the record')
    .addOption(stageOption())
    .parse();
  const { tenant, stage, reason } = OptionsSchema.parse(command.opts());
  const { host, tenantId, suspendedAt } = await suspendTenant(await connectTo(stage), tenant, reason);
  console.log(`${host} (tenant ${tenantId}) is SUSPENDED since ${suspendedAt}`);
  return 0;
}

runCommand(main);
