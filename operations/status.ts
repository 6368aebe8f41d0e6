import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { TENANT_OF_ANY_TIME, tenantOption } from './options';
import { stageOption } from './stage-connection';
import { statusText } from './status-text';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES), json: z.boolean().default(false) });

async function main(): Promise<number> {
  const command = new Command('status')
    .description('Shows the status of a tenant and, if its onboarding failed, the reason.')
    .addOption(tenantOption(TENANT_OF_ANY_TIME).makeOptionMandatory())
    .option('--json', 'prints JSON')
    .addOption(stageOption())
    .parse();
  const { tenant, stage, json } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const status = await client.status(tenant);
  console.log(json ? JSON.stringify(status, null, 2) : statusText(status));
  return 0;
}

runCommand(main);
