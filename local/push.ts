import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { type Image, pushImage } from '../emulator/image-registry';
import { SERVICE_REPOSITORY } from '../functions/contract/naming';
import { bundleApplication } from '../infra/build';
import { runCommand } from '../operations/command';
import { nonBlank } from '../operations/options';
import { readOutputs } from '../operations/outputs';
import { localConnection } from '../operations/stage-connection';
import { ReleasePipeline } from './release-pipeline';
import { pushService } from './service-image';

const SERVICE = 'service/main.ts';

const OptionsSchema = z.object({ approve: z.string().optional(), source: z.string() });

/** TypeScript and JavaScript are bundled; a script of another language is pushed as it is. */
async function imageOf(source: string): Promise<Buffer> {
  const file = resolve(source);
  if (!existsSync(file)) throw new Error(`--source ${source}: there is no such file`);
  return /\.[cm]?[jt]s$/.test(file) ? Buffer.from(await bundleApplication(file)) : readFileSync(file);
}

/**
 * Builds an application, by default the shared service of this folder, and pushes it to the running
 * local platform, as the build of the stage dev does. The push starts the pipeline.
 */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('push')
    .description('Builds the shared service and pushes it to the local platform, whose pipeline releases it.')
    .addOption(
      new Option('--source <file>', 'an application of your own: JavaScript, TypeScript, or a script with a #! line')
        .default(SERVICE)
        .argParser(nonBlank),
    )
    .addOption(new Option('--approve <text>', 'approves the release, with these words').argParser(nonBlank))
    .parse();
  const { approve, source } = OptionsSchema.parse(command.opts());
  const { aws } = localConnection(await readOutputs());
  const image: Image = { repository: SERVICE_REPOSITORY, bundle: await imageOf(source) };
  const since = new Date();
  const digest = await (source === SERVICE ? pushService : pushImage)(aws.endpoint ?? '', image);
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
