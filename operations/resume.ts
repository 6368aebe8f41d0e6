import { Command } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { resumeOfAudit } from './ops/resuming';
import { nonBlank, tenantOption } from './options';
import { stageOption } from './stage-connection';
import { verificationText } from './verification-text';

const OptionsSchema = z
  .object({
    tenant: z.string().optional(),
    all: z.boolean().default(false),
    audit: z.string().optional(),
    yes: z.boolean().default(false),
    stage: z.enum(STAGES),
  })
  .refine(({ tenant, all, audit }) => all === (audit !== undefined) && all === (tenant === undefined), {
    error: 'name either --tenant, or --all and --audit',
  });

async function main(): Promise<number> {
  const command = new Command('resume')
    .description('Verifies a suspended tenant and, if every check passes, brings it back into service.')
    .addOption(tenantOption())
    .option('--all', 'all tenants that an audit has suspended (shown first; --yes does it)')
    .option('--audit <execution>', 'with --all: ARN or name of the execution of the audit', nonBlank)
    .option('--yes', 'with --all: does it')
    .addOption(stageOption())
    .parse();
  const { tenant = '', audit, yes, stage } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  if (audit !== undefined) {
    const print = (_: unknown, text: () => string) => console.log(text());
    return await resumeOfAudit({ client, print }, { audit, yes });
  }
  const verification = await client.verify(tenant);
  console.log(verificationText(verification));
  if (verification.verdict !== 'isolated') return 1;
  const { host, resumedAt } = await client.resume(verification.tenantId);
  console.log(`\n${host} is ACTIVE since ${resumedAt}`);
  return 0;
}

runCommand(main);
