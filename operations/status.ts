import { SFNClient } from '@aws-sdk/client-sfn';
import { Command } from 'commander';
import * as z from 'zod';
import { lookUpTenant } from '../functions/tenants/tenant-lookup';
import { STAGES } from '../infra/config/stages';
import { runCommand } from './command';
import { connectTo, stageOption } from './stage-connection';
import { statusOf, statusText } from './tenant-status';
import { tableOf } from './tenants-table';

const OptionsSchema = z.object({ tenant: z.string(), stage: z.enum(STAGES), json: z.boolean().default(false) });

async function main(): Promise<number> {
  const command = new Command('status')
    .description('Tells how a tenant stands, and why its onboarding failed if it did.')
    .requiredOption('--tenant <name>', 'its subdomain (also one it had), tenant id or signup id')
    .option('--json', 'for machines')
    .addOption(stageOption())
    .parse();
  const { tenant, stage, json } = OptionsSchema.parse(command.opts());
  const connection = await connectTo(stage);
  const record = await lookUpTenant(tableOf(connection), tenant);
  const status = await statusOf(new SFNClient(connection.aws), record);
  console.log(json ? JSON.stringify(status, null, 2) : statusText(status));
  return 0;
}

runCommand(main);
