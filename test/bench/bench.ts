import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { type Platform, startPlatform } from '../../local/platform';
import { fileToWrite, wholeNumber } from '../../operations/options';
import { localConnection } from '../../operations/stage-connection';
import { type Figure, figuresTable, isMet, toJson } from '../support/figures';
import { auditFigures } from './audit';
import { bundleFigures } from './bundles';
import { burstFigures } from './burst';
import { cdkFigures } from './cdk-per-tenant';
import { consoleFigures } from './console';
import { floorFigures } from './floor';
import { fill, growthFigures, ONBOARDED_BY_GROWTH } from './growth';
import { databaseFigures } from './leads';
import { migrationFigures } from './migrations';
import { Onboardings } from './onboardings';
import { priceFigures } from './price';
import { releaseFigures } from './releases';

const GROUPS = [
  'bundles',
  'migrations',
  'leads',
  'cdk',
  'floor',
  'price',
  'burst',
  'audit',
  'growth',
  'console',
  'releases',
] as const;
/** These need no platform, or have one of their own. */
const WITHOUT_PLATFORM: readonly string[] = ['bundles', 'migrations', 'leads', 'releases'];
type Group = (typeof GROUPS)[number];

const seconds = () => `${(performance.now() / 1000).toFixed(0)} s`.padStart(6);
const say = (line: string) => process.stderr.write(`${seconds()}  ${line}\n`);

/** As AWS would have them: a cell takes 125 tenants, by its peerings, and some are left over. */
const cellsFor = (tenants: number) => Math.ceil((tenants + 50) / 125);

interface Choice {
  readonly wanted: (group: Group) => boolean;
  /** In the end. */
  readonly tenants: number;
  /** Under load, and as many returns. */
  readonly releases: number;
  /** Of the load over all tenants' databases. */
  readonly seconds: number;
}

/** In this order: what wants few tenants first, what makes many last. On a kind emulator: figures are of the platform's own work. */
async function measure(platform: Platform, { wanted, tenants }: Choice): Promise<Figure[]> {
  const onboardings = new Onboardings(platform);
  const figures: Figure[] = [];
  const group = async (name: Group, work: () => Promise<Figure[]>) => {
    if (!wanted(name)) return;
    say(`measuring ${name}`);
    const measured = await work();
    for (const { name: figure, value, unit, note = '' } of measured) say(`  ${figure}: ${value} ${unit}; ${note}`);
    figures.push(...measured);
  };
  await onboardings.run();
  await group('cdk', () => cdkFigures(platform, onboardings));
  await group('floor', () => floorFigures(platform, onboardings));
  await group('price', () => priceFigures(platform, onboardings));
  await group('burst', () => burstFigures(platform, onboardings, tenants / 5));
  await group('audit', () =>
    auditFigures(platform, onboardings, tenants - (wanted('growth') ? ONBOARDED_BY_GROWTH : 0)),
  );
  // It fills the table for a while.
  await group('console', () => consoleFigures(localConnection(platform.outputs)));
  await group('growth', async () => {
    await fill(onboardings, tenants - ONBOARDED_BY_GROWTH, tenants / 5);
    const small = await startPlatform({ patience: 0, cells: cellsFor(tenants) });
    try {
      return await growthFigures({ platform: small, onboardings: new Onboardings(small) }, { platform, onboardings });
    } finally {
      await small.stop();
    }
  });
  return figures;
}

async function run(choice: Choice): Promise<Figure[]> {
  const { wanted } = choice;
  const alone = [
    ...(wanted('bundles') ? await bundleFigures() : []),
    ...(wanted('migrations') ? await migrationFigures(choice.tenants / 5) : []),
    ...(wanted('leads') ? await databaseFigures(choice.tenants / 5, choice.seconds, say) : []),
    ...(wanted('releases') ? await releaseFigures(choice.tenants / 5, choice.releases, say) : []),
  ];
  if (!GROUPS.some((group) => !WITHOUT_PLATFORM.includes(group) && wanted(group))) return alone;
  const platform = await startPlatform({ patience: 0, cells: cellsFor(choice.tenants) });
  try {
    return [...(await measure(platform, choice)), ...alone];
  } finally {
    await platform.stop();
  }
}

const OptionsSchema = z.object({
  json: z.string().optional(),
  only: z.array(z.enum(GROUPS)).optional(),
  tenants: z.number(),
  releases: z.number(),
  seconds: z.number(),
});

async function main(): Promise<void> {
  const command = new Command('bench')
    .description('Measures speed and cost on the emulator. Ends with 1 when a figure misses its limit.')
    .option('--json <file>', 'also writes the rows as [{name, value, unit, limit, ok}]', fileToWrite)
    .addOption(new Option('--only <name...>', 'measures these alone').choices(GROUPS))
    .option('--tenants <number>', 'tenants in the end; a fifth of them sign up in one burst', wholeNumber(5), 500)
    .option('--releases <number>', 'releases, and as many returns, under load', wholeNumber(1), 20)
    .option('--seconds <number>', 'of the load over all databases', wholeNumber(6), 60)
    .parse();
  const { json, only, ...choice } = OptionsSchema.parse(command.opts());
  const figures = await run({ wanted: (group) => !only || only.includes(group), ...choice });
  console.log(figuresTable(figures));
  if (json) writeFileSync(json, `${JSON.stringify(figures.map(toJson), null, 2)}\n`);
  if (!figures.every(isMet)) process.exitCode = 1;
}

main().catch((failure: unknown) => {
  console.error(failure instanceof Error ? failure.message : failure);
  process.exitCode = 1;
});
