import { Command, Option } from 'commander';
import * as z from 'zod';
import type { CellDescriptor } from '../functions/contract/cell';
import { STAGES } from '../infra/config/stages';
import { type Intent, Releases } from './client/releases';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { nonBlank } from './options';
import { releasesText, steeringText } from './release-text';
import { stageOption } from './stage-connection';

const OptionsSchema = z.object({
  stage: z.enum(STAGES),
  image: z.string().optional(),
  id: z.string().optional(),
  cell: z.string().optional(),
  status: z.boolean().default(false),
  hold: z.boolean().default(false),
  go: z.boolean().default(false),
  back: z.boolean().default(false),
});
type Options = z.infer<typeof OptionsSchema>;

const INTENTS: readonly Intent[] = ['hold', 'go', 'back'];

function options(): Options {
  const command = new Command('release')
    .description('Brings an image of the shared service to all tenants, ring by ring, one cell after another.')
    .addOption(new Option('--image <digest>', 'sha256:... of an image in the repository').argParser(nonBlank))
    .addOption(new Option('--id <name>', 'name of the release, by default made of the digest').argParser(nonBlank))
    .addOption(new Option('--cell <name>', 'this cell alone').argParser(nonBlank))
    .option('--status', 'tells how cells, releases and tenants stand')
    .option('--hold', 'holds the release under way after the ring that it has moved')
    .option('--go', 'lets a release go on, and ends its bake at once')
    .option('--back', 'takes the release back, or, where none is under way, brings the image before')
    .addOption(stageOption())
    .parse();
  const given = OptionsSchema.parse(command.opts());
  const asked = [given.image !== undefined, given.status, ...INTENTS.map((intent) => given[intent])];
  if (asked.filter(Boolean).length !== 1) command.error('give one of --image, --status, --hold, --go and --back');
  return given;
}

/**
 * Follows the release to its end, with a line for each of its states.
 *
 * @returns whether it completed
 */
async function roll(
  client: StageClient,
  releases: Releases,
  cell: CellDescriptor,
  given: Options,
  signal: AbortSignal,
) {
  const executionArn = await releases.start(cell, given.image ?? '', given.id);
  console.log(`cell ${cell.name}: ${executionArn}`);
  let told = 0;
  const { status, failure } = await client.follow(executionArn, {
    signal,
    onProgress: (visits) => {
      for (const { state } of visits.slice(told)) console.log(`  ${state}`);
      told = visits.length;
    },
  });
  console.log(`cell ${cell.name}: ${status}${failure ? ` ${failure.error}\n${failure.reason}` : ''}`);
  return status === 'SUCCEEDED';
}

async function main(signal: AbortSignal): Promise<number> {
  const given = options();
  const client = await StageClient.connect(given.stage);
  const releases = new Releases(client);
  const intent = INTENTS.find((each) => given[each]);
  for (const cell of await releases.cellsCalled(given.cell)) {
    if (given.status) console.log(releasesText(await releases.status(cell)));
    else if (intent) console.log(steeringText(cell.name, await releases.steer(cell, intent)));
    // A release that one cell has returned is not started in the next cell.
    else if (!(await roll(client, releases, cell, given, signal))) return 1;
  }
  return 0;
}

runCommand(main);
