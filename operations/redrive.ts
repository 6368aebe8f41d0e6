import { SFNClient } from '@aws-sdk/client-sfn';
import { Command } from 'commander';
import * as z from 'zod';
import { lookUpTenant } from '../functions/tenants/tenant-lookup';
import { STAGES } from '../infra/config/stages';
import { runCommand } from './command';
import { follow } from './executions';
import { type Redrive, redrive } from './redriving';
import { connectTo, stageOption } from './stage-connection';
import { tableOf } from './tenants-table';

const OptionsSchema = z
  .object({
    tenant: z.string().optional(),
    execution: z.string().optional(),
    stage: z.enum(STAGES),
    wait: z.boolean().default(false),
  })
  .refine(({ tenant, execution }) => Boolean(tenant) !== Boolean(execution), 'name either --tenant or --execution');

function readOptions() {
  const command = new Command('redrive')
    .description('Redrives a failed onboarding or, where AWS no longer can, starts an equal new one.')
    .option('--tenant <name>', 'its subdomain (also one it had), tenant id or signup id')
    .option('--execution <arn>', 'the execution itself')
    .option('--wait', 'until it ends; exits 0 only if it succeeds')
    .addOption(stageOption())
    .parse();
  const options = OptionsSchema.safeParse(command.opts());
  if (!options.success) throw new Error(options.error.issues.map(({ message }) => message).join('; '));
  return options.data;
}

function told(done: Redrive): string {
  if (done.how === 'redriven') return `redriven: ${done.executionArn}`;
  if (done.how === 'nothing') return `nothing to do: ${done.because}`;
  return `started anew, as AWS cannot redrive (${done.because}): ${done.executionArn}`;
}

async function main(signal: AbortSignal): Promise<number> {
  const { tenant, execution, stage, wait } = readOptions();
  const connection = await connectTo(stage);
  const sfn = new SFNClient(connection.aws);
  const table = tableOf(connection);
  const record = tenant ? await lookUpTenant(table, tenant) : undefined;
  const deps = { sfn, table, stateMachineArn: connection.stateMachineArn };
  const done = await redrive(deps, record?.executionArn ?? execution ?? '', record);
  console.log(told(done));
  if (done.how === 'nothing') return 1;
  if (!wait) return 0;
  const { status, failure } = await follow(sfn, done.executionArn, { signal });
  console.log(failure ? `${status}: ${failure.error}\n${failure.reason}` : status);
  return status === 'SUCCEEDED' ? 0 : 1;
}

runCommand(main);
