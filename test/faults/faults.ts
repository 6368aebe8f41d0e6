import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import * as z from 'zod';
import { fileToWrite, wholeNumber } from '../../operations/options';
import { type Figure, figuresTable, isMet, toJson } from '../support/figures';
import { FIGURE_NAMES, figures, type WantedFigures } from './figures/figures';
import { Lab } from './lab';
import { fittingNone, matrix } from './matrix';
import { type Recording, record } from './recording';
import type { TrialResult } from './run-trial';
import { runTrials } from './runner';
import { inOrderOf, isBroken, rows, tableOf } from './table';

/** All of them, for `--only`. */
const FIGURES = 'figures';

const OptionsSchema = z.object({
  json: z.string().optional(),
  seed: z.string(),
  only: z.array(z.string()).optional(),
  every: z.number(),
  count: z.number().optional(),
  figures: z.boolean(),
});
type Options = z.output<typeof OptionsSchema>;

const began = performance.now();
const log = (line: string) => console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${line}`);

function tell({ trial, problems, unmet, tenantId }: TrialResult, seed: string): string {
  const reasons = [...problems, ...unmet.map((fault) => `did not come about: ${JSON.stringify(fault)}`)];
  return [
    `${trial.key} (tenant ${tenantId}, seed ${seed})`,
    ...reasons.map((reason) => `    ${reason}`),
    `    again: npm run faults -- --seed ${seed} --only ${JSON.stringify(trial.key)}`,
  ].join('\n');
}

/** @returns whether no trial has broken an invariant */
async function runMatrix(lab: Lab, recording: Recording, options: Options, signal: AbortSignal): Promise<boolean> {
  const { only, every, seed, json } = options;
  const trials = matrix(recording)
    .filter(({ key }) => only?.some((wanted) => key.startsWith(wanted)) ?? true)
    .filter((_, index) => index % every === 0);
  log(`${trials.length} trials`);
  if (trials.length === 0) {
    await lab.stop();
    throw new Error(`no trial's key begins with ${only?.join(' or ')}`);
  }
  const results: TrialResult[] = [];
  const done = (result: TrialResult) => {
    results.push(result);
    if (isBroken(result)) console.log(tell(result, seed));
    if (results.length % 25 === 0) log(`${results.length} of ${trials.length}`);
  };
  const ofPlatforms = await runTrials(trials, lab, { recording, seed, done, signal });
  const found = rows(results.sort(inOrderOf(trials)));
  console.log(tableOf(found));
  if (json) writeFileSync(json, `${JSON.stringify(found, null, 2)}\n`);
  const broken = results.filter(isBroken);
  for (const result of broken) console.log(tell(result, seed));
  for (const problem of ofPlatforms) console.log(problem);
  log(broken.length === 0 ? 'no trial has broken an invariant' : `${broken.length} trials have broken an invariant`);
  return broken.length + ofPlatforms.length === 0;
}

interface FigureRun extends WantedFigures {
  readonly seed: string;
  readonly json?: string | undefined;
}

async function runFigures(lab: Lab, recording: Recording, run: FigureRun): Promise<boolean> {
  const tellFigure = ({ name, problems = [] }: Figure) => {
    log(name);
    for (const problem of problems) console.log(`    ${problem}`);
  };
  try {
    const found = await figures(lab, recording, run.seed, run, tellFigure);
    console.log(figuresTable(found));
    if (run.json) writeFileSync(run.json, `${JSON.stringify(found.map(toJson), null, 2)}\n`);
    return found.every(isMet);
  } finally {
    await lab.stop();
  }
}

async function recorded(lab: Lab): Promise<Recording> {
  try {
    return await record(lab);
  } catch (failure) {
    await lab.stop();
    throw failure;
  }
}

/** Refuses what fits no trial and no figure, before the platform is started. */
function wanted(argument: string, earlier: readonly string[] | undefined): readonly string[] {
  const [unknown] = [FIGURES, ...FIGURE_NAMES].includes(argument) ? [] : fittingNone([argument]);
  if (unknown !== undefined) throw new InvalidArgumentError('No trial begins so, and no figure has this name.');
  return [...(earlier ?? []), argument];
}

async function main(signal: AbortSignal): Promise<boolean> {
  const command = new Command('faults')
    .description(
      'Lets every AWS call, state and stack of an onboarding and of its rollback fail, and judges what is left.',
    )
    .option('--json <file>', 'writes the table; of figures alone: [{name, value, unit, limit, ok}]', fileToWrite)
    .option('--seed <seed>', 'the names of all tenants follow from it', '1')
    .option(
      '--only <keys...>',
      `runs the trials whose keys begin so alone; "${FIGURES}" are the figures, or one of them: ${FIGURE_NAMES.join(', ')}`,
      wanted,
    )
    .option('--count <n>', 'onboardings or signups of each figure, for a smaller or a larger one', wholeNumber(1))
    .option('--every <n>', 'every nth trial alone', wholeNumber(1), 1)
    .option('--no-figures', 'leaves out the figures')
    .parse();
  const options = OptionsSchema.parse(command.opts());
  const { only, seed, count, json } = options;
  const lab = await Lab.start({ signal });
  const recording = await recorded(lab);
  log(`${recording.onboarding.length} calls of an onboarding, ${recording.rollback.length} of a rollback`);
  const names = FIGURE_NAMES.filter((name) => !only || only.includes(FIGURES) || only.includes(name));
  if (only && names.length > 0) return runFigures(lab, recording, { names, count, seed, json });
  const whole = await runMatrix(lab, recording, options, signal);
  if (only || !options.figures) return whole;
  return (await runFigures(await Lab.start({ signal }), recording, { names, count, seed })) && whole;
}

if (require.main === module) {
  const interrupted = new AbortController();
  // Emulators end with this process, whatever it is doing; a deployment is told.
  process.once('SIGINT', () => {
    interrupted.abort();
    setTimeout(() => process.exit(130), 500);
  });
  main(interrupted.signal).then(
    (whole) => {
      process.exitCode = whole ? 0 : 1;
    },
    (failure: unknown) => {
      console.error(failure instanceof Error ? failure.message : failure);
      process.exitCode = 1;
    },
  );
}
