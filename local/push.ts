import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { pushImage } from '../emulator/image-registry';
import { SERVICE_REPOSITORY } from '../functions/contract/naming';
import { buildService, SERVICE_DIRECTORY } from '../infra/build';
import { runCommand } from '../operations/command';
import { nonBlank } from '../operations/options';
import { readOutputs } from '../operations/outputs';
import { localConnection } from '../operations/stage-connection';
import { ReleasePipeline } from './release-pipeline';

const OptionsSchema = z.object({ approve: z.string().optional() });

/**
 * Builds the shared service of this folder and pushes it to the running local platform, as the
 * build of the stage dev does. The push starts the pipeline.
 */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('push')
    .description('Builds the shared service and pushes it to the local platform, whose pipeline releases it.')
    .addOption(new Option('--approve <text>', 'approves the release, with these words').argParser(nonBlank))
    .parse();
  const { approve } = OptionsSchema.parse(command.opts());
  const { aws } = localConnection(await readOutputs());
  await buildService();
  const bundle = readFileSync(join(SERVICE_DIRECTORY, 'server.js'));
  const since = new Date();
  const digest = await pushImage(aws.endpoint ?? '', { repository: SERVICE_REPOSITORY, bundle });
  console.log(`pushed ${digest}`);
  const pipeline = new ReleasePipeline(aws, signal);
  const execution = await pipeline.begun(digest, since);
  console.log(`pipeline execution ${execution} has begun; those that began before it come first`);
  const approval = await pipeline.approvalOf(execution);
  if (approval !== 'none') {
    console.log(`it waits for the approval ${approval.actionName}, token ${approval.token}`);
    if (approve === undefined) return 0;
    await pipeline.approve(approval, approve);
  }
  const status = await pipeline.ended(execution);
  console.log(`pipeline execution ${execution}: ${status}; npm run release -- --status shows the release`);
  return status === 'Succeeded' ? 0 : 1;
}

runCommand(main);
