import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { nonBlank, tenantOption } from './options';
import { stageOption } from './stage-connection';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES), reason: z.string() });

async function main(): Promise<number> {
  const command = new Command('suspend')
    .description('Takes a tenant out of service at once: its route answers 503, its data stays as it is.')
    .addOption(tenantOption().makeOptionMandatory())
    .requiredOption('--reason <text>', 'kept on the record of the tenant', nonBlank)
    .addOption(stageOption())
    .parse();
  const { tenant, stage, reason } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const { host, tenantId, suspendedAt, earlier } = await client.suspend(tenant, reason);
  console.log(`${host} (tenant ${tenantId}) is SUSPENDED since ${suspendedAt}`);
  if (earlier && earlier.reason !== reason)
    console.log(`${earlier.by} suspended it before, and that reason stays on record: ${earlier.reason}`);
  return 0;
}

runCommand(main);
