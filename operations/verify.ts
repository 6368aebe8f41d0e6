import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import * as z from 'zod';
import { evidencePage } from '../functions/isolation/evidence-page';
import { STAGES } from '../infra/config/environments';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { tenantOption } from './options';
import { stageOption } from './stage-connection';
import { verificationText } from './verification-text';

const OptionsSchema = z.object({
  tenant: z.string(),
  stage: z.enum(STAGES),
  html: z.string().optional(),
  json: z.boolean().default(false),
});

async function main(): Promise<number> {
  const command = new Command('verify')
    .description('Verifies the isolation of a tenant in service now, and shows the report.')
    .addOption(tenantOption().makeOptionMandatory())
    .option('--html <file>', 'also writes the report as an HTML page, as it is in the evidence bucket')
    .option('--json', 'prints the verdict and the whole report as JSON')
    .addOption(stageOption())
    .parse();
  const { tenant, stage, html, json } = OptionsSchema.parse(command.opts());
  const client = await StageClient.connect(stage);
  const verification = await client.verify(tenant);
  console.log(json ? JSON.stringify(verification, null, 2) : verificationText(verification));
  if (verification.verdict === 'skipped') return 1;
  if (html) writeFileSync(html, evidencePage(verification.evidence, verification.digest));
  return verification.verdict === 'isolated' ? 0 : 1;
}

runCommand(main);
