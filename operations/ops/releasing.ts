import { type Command, Option } from 'commander';
import * as z from 'zod';
import { settled } from '../../functions/shared/settled';
import { type Intent, Releases } from '../client/releases';
import { nonBlank, onlyWith } from '../options';
import { printable } from '../printable';
import { releasesText, retriedText, steeringText } from '../release-text';
import { rollOut, steerCells } from '../roll-out';
import { runPreflight } from '../run-preflight';
import type { Commands, Ops } from './context';
import { EXIT } from './exit';
import { table } from './tables';

const INTENTS: readonly Intent[] = ['hold', 'go', 'back'];
const ORDERS = '--image, --hold, --go, --back and --retry';

export const ReleaseOptions = z.object({
  image: z.string().optional(),
  id: z.string().optional(),
  slower: z.boolean().default(false),
  cell: z.string().optional(),
  hold: z.boolean().default(false),
  go: z.boolean().default(false),
  back: z.boolean().default(false),
  retry: z.string().optional(),
  reason: z.string().optional(),
});
type Given = z.output<typeof ReleaseOptions>;

/** How many orders were given, of which each release takes one. */
export const ordersIn = ({ image, retry, ...given }: Given): number =>
  [image, retry, ...INTENTS.map((each) => given[each])].filter(Boolean).length;

/** Adds what a release can be asked for to a command. */
export const releaseOptions = (command: Command): Command =>
  command
    .option('--image <digest>', 'sha256:... of an image in the repository', nonBlank)
    .addOption(
      onlyWith(['image'], '--id <name>', 'name of the release; by default made of the digest').argParser(nonBlank),
    )
    .addOption(
      onlyWith(['image'], '--slower', 'keeps the version, too, when it takes longer than the live one, up to 2 s'),
    )
    .option('--cell <name>', 'only this cell', nonBlank)
    .option('--hold', 'holds the release under way after the ring that it has moved')
    .option('--go', 'lets a release continue, and ends the time of its ring at once')
    .option('--back', 'returns the tenants of the release; without one, releases the image before')
    .addOption(
      new Option('--retry <tenant>', 'moves this tenant again, where its move failed')
        .argParser(nonBlank)
        .conflicts('cell'),
    )
    .option('--reason <text>', 'kept on record', nonBlank);

/** Does what the options order; without an order, shows the releases of each cell. */
export async function release({ client, print, signal }: Ops, { image, id, retry, ...given }: Given): Promise<number> {
  const intent = INTENTS.find((each) => given[each]);
  if (intent) {
    const steered = await steerCells(client, intent, given);
    print(steered, () => steered.map((each) => steeringText(each.cell, each)).join('\n'));
    return steered.every(({ how }) => how === 'nothing') ? EXIT.nothing : EXIT.done;
  }
  if (retry !== undefined) {
    const moved = await new Releases(client).retry(retry, given.reason);
    print(moved, () => retriedText(moved));
    return EXIT.done;
  }
  if (image !== undefined) {
    const order = { ...given, digest: image, releaseId: id };
    const rolled = await rollOut(client, order, { signal, say: (line) => console.error(printable(line)) });
    print(rolled, () => table({ cell: 'CELL', status: 'STATUS', executionArn: 'EXECUTION' }, rolled));
    if (rolled.at(-1)?.status === 'NOT_STARTED') return EXIT.nothing;
    return rolled.every(({ status }) => status === 'SUCCEEDED') ? EXIT.done : EXIT.failed;
  }
  const releases = new Releases(client);
  const cells = await settled((await releases.cellsCalled(given.cell)).map((cell) => releases.status(cell)));
  print(cells, () => cells.map(releasesText).join('\n'));
  return EXIT.done;
}

/** Adds the commands for deployments and for releases of the shared service. */
export function addReleasing(commands: Commands): void {
  releaseOptions(
    commands.add(
      'release',
      'Shows the releases of each cell; brings an image of the shared service to all tenants, ring by ring; or steers the release under way.',
      [
        ...['release', 'release --image sha256:... --reason "new pages"', 'release --hold --cell c1', 'release --back'],
        'release --retry acme',
      ],
      ReleaseOptions.refine((given) => ordersIn(given) <= 1, `give one of ${ORDERS}`),
      release,
    ),
  );

  commands.addWithoutStage(
    'preflight',
    'Asks AWS for everything that a deployment of the stage depends on: account, certificate, quotas, engine, image.',
    ['preflight --stage dev', 'preflight --stage prod --json'],
    async (stage, print, signal) => {
      const findings = await runPreflight(stage, signal);
      print(findings, () => table({ verdict: 'VERDICT', subject: 'WHAT', says: 'FOUND' }, findings));
      return findings.every(({ verdict }) => verdict === 'ok') ? EXIT.done : EXIT.failed;
    },
  );
}
