import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/stages';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { stageOption } from './stage-connection';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES), reason: z.string() });

async function main(): Promise<number> {
  const command = new Command('suspend')
    .description('Takes a tenant out of service at once: its route answers 503, its data stays as it is.')
    .requiredOption('--tenant <name>', 'subdomain, tenant id or signup id')
    .requiredOption('--reason <text>', 'kept on the record of the tenant')
    .addOption(stageOption())
    .parse();
  const { tenant, stage, reason } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const { host, tenantId, suspendedAt } = await client.suspend(tenant, reason);
  console.log(`${host} (tenant ${tenantId}) is SUSPENDED since ${suspendedAt}`);
  return 0;
}

runCommand(main);
