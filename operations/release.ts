import { Command, Option } from 'commander';
import * as z from 'zod';
import { STAGES } from '../infra/config/environments';
import { type Intent, Releases } from './client/releases';
import { StageClient } from './client/stage-client';
import { runCommand } from './command';
import { nonBlank, onlyWith, refuseIgnored } from './options';
import { printable } from './printable';
import { releasesText, retriedText, steeringText } from './release-text';
import { rollOut, steerCells } from './roll-out';
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
  retry: z.string().optional(),
});

const INTENTS: readonly Intent[] = ['hold', 'go', 'back'];

function options(): z.infer<typeof OptionsSchema> {
  const command = new Command('release')
    .description('Brings an image of the shared service to all tenants, ring by ring, one cell after another.')
    .addOption(new Option('--image <digest>', 'sha256:... of an image in the repository').argParser(nonBlank))
    .addOption(
      onlyWith(['image'], '--id <name>', 'name of the release, by default made of the digest').argParser(nonBlank),
    )
    .addOption(new Option('--cell <name>', 'this cell alone').argParser(nonBlank))
    .option('--status', 'tells how cells, releases and tenants stand')
    .option('--hold', 'holds the release under way after the ring that it has moved')
    .option('--go', 'lets a release go on, and ends its bake at once')
    .option('--back', 'takes the release back, or, where none is under way, brings the image before')
    .addOption(
      new Option('--retry <tenant>', 'moves this tenant again, where its move failed')
        .argParser(nonBlank)
        .conflicts('cell'),
    )
    .addOption(stageOption())
    .parse();
  refuseIgnored(command);
  const given = OptionsSchema.parse(command.opts());
  const asked = [
    given.image !== undefined,
    given.retry !== undefined,
    given.status,
    ...INTENTS.map((intent) => given[intent]),
  ];
  if (asked.filter(Boolean).length !== 1)
    command.error('give one of --image, --status, --hold, --go, --back and --retry');
  return given;
}

async function main(signal: AbortSignal): Promise<number> {
  const { image, id, cell, retry, ...given } = options();
  const client = await StageClient.connect(given.stage);
  const intent = INTENTS.find((each) => given[each]);
  if (image !== undefined) {
    const say = (line: string) => console.log(printable(line));
    const rolled = await rollOut(client, { digest: image, releaseId: id, cell }, { signal, say });
    return rolled.every(({ status }) => status === 'SUCCEEDED') ? 0 : 1;
  }
  if (intent) for (const each of await steerCells(client, intent, { cell })) console.log(steeringText(each.cell, each));
  const releases = new Releases(client);
  if (retry !== undefined) console.log(retriedText(await releases.retry(retry)));
  if (given.status)
    for (const each of await releases.cellsCalled(cell))
      console.log(printable(releasesText(await releases.status(each))));
  return 0;
}

runCommand(main);
