import { Command } from 'commander';
import * as z from 'zod';
import { STAGES, stages } from '../infra/config/stages';
import { findingText, isReady, preflight } from '../infra/preflight/preflight';
import { runCommand } from './command';
import { readOutputs } from './outputs';
import { localConnection, stageOption } from './stage-connection';

const OptionsSchema = z.object({ stage: z.enum(STAGES), json: z.boolean().default(false) });

/** @returns 0 only when everything that the stage depends on is there */
async function main(): Promise<number> {
  const command = new Command('preflight')
    .description('Asks AWS for what a deployment of the stage rests on: account, certificate, quotas, engine, image.')
    .option('--json', 'prints JSON')
    .addOption(stageOption())
    .parse();
  const { stage, json } = OptionsSchema.parse(command.opts());
  const config = stages[stage];
  const aws = stage === 'local' ? localConnection(await readOutputs()).aws : { region: config.env.region };
  const findings = await preflight(config, aws);
  console.log(json ? JSON.stringify(findings, null, 2) : findings.map(findingText).join('\n'));
  return isReady(findings) ? 0 : 1;
}

runCommand(main, { endsAtOnce: true });
