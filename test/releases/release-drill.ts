import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command } from 'commander';
import * as z from 'zod';
import { runCommand } from '../../operations/command';
import { fileToWrite } from '../../operations/options';
import { ReleaseStage } from './stage';
import type { Trial } from './trial';
import { TRIALS } from './trials';

const OptionsSchema = z.object({ json: z.string().optional(), only: z.array(z.string()).optional() });

/** Row of the drill's table. `exposed`: requests of visitors that a version answered which was returned. */
interface Row {
  readonly fault: string;
  readonly phase: string;
  readonly outcome: string;
  readonly requests: number;
  readonly failed: number;
  readonly exposed: number;
  readonly seconds: number;
  readonly ok: boolean;
  readonly faults: readonly string[];
}

/** ELB's bucket is 20 changes and 3 a second, and its nodes learn of a change in their own time: both ten times faster. */
const PATIENCE = 0.1;

/** Answers other than 200, by status and version. */
const wrongOf = (answers: ReadonlyMap<string, number>) =>
  [...answers]
    .filter(([kind]) => !kind.startsWith('200 '))
    .map(([kind, count]) => `${count} x ${kind}`)
    .join(', ');

async function rowOf(stage: ReleaseStage, trial: Trial): Promise<Row> {
  // Some nodes may still send requests to the version that the trial before has returned.
  await stage.platform.emulator.settle();
  const visitors = stage.visitors(trial.unvisited ? [] : stage.hosts);
  const began = performance.now();
  const { run, digest, broken } = await trial.run(stage).then(
    (done) => ({ ...done, broken: undefined }),
    (thrown: unknown) => ({ run: undefined, digest: '', broken: String(thrown) }),
  );
  const seconds = (performance.now() - began) / 1000;
  const { requests, failed, answers } = await visitors.stop();
  const outcome = broken ?? run?.failure?.error ?? 'completed';
  const seen = [...answers]
    .filter(([kind]) => digest && kind.includes(digest))
    .reduce((sum, [, count]) => sum + count, 0);
  const exposed = trial.expected === 'completed' ? 0 : seen;
  const faults = [
    ...(await stage.faults()),
    ...(outcome === trial.expected ? [] : [`ended ${outcome}: ${run?.failure?.reason ?? ''}`]),
    ...(exposed > 0 && !trial.mayExpose && !trial.isGood ? [`${exposed} requests exposed`] : []),
    ...(failed > 0 && !trial.mayExpose ? [`${failed} requests failed: ${wrongOf(answers)}`] : []),
  ];
  const { fault, phase } = trial;
  return { fault, phase, outcome, requests, failed, exposed, seconds, ok: faults.length === 0, faults };
}

function tableOf(rows: readonly Row[]): string {
  const head = ['fault', 'phase', 'outcome', 'requests', 'failed', 'exposed', 'seconds', ''];
  const table = new Table({ head, style: { head: [] } });
  for (const { fault, phase, outcome, requests, failed, exposed, seconds, faults } of rows)
    table.push([
      fault,
      phase,
      outcome,
      requests,
      failed,
      exposed,
      seconds.toFixed(1),
      faults.join('; ') || 'as designed',
    ]);
  return table.toString();
}

/** Lets releases meet their faults, under the load of visitors. @returns 0 only when every trial ends as designed */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('release-drill')
    .description('Lets releases meet broken images, stopped executions, throttling and operators, under load.')
    .option('--json <file>', 'writes the table', fileToWrite)
    .option('--only <text...>', 'only trials whose fault or phase has one of these texts')
    .parse();
  const { json, only = [''] } = OptionsSchema.parse(command.opts());
  const trials = TRIALS.filter(({ fault, phase }) => only.some((text) => `${fault}, ${phase}`.includes(text)));
  if (trials.length === 0) throw new Error(`no trial's fault or phase has ${only.join(' or ')}`);
  const stage = await ReleaseStage.start(PATIENCE);
  try {
    const rows: Row[] = [];
    for (const trial of trials) {
      signal.throwIfAborted();
      const row = await rowOf(stage, trial);
      console.log(`  ${row.ok ? 'ok' : 'NOT OK'} ${row.fault}, ${row.phase}: ${row.faults.join('; ') || row.outcome}`);
      rows.push(row);
    }
    console.log(tableOf(rows));
    if (json) writeFileSync(json, `${JSON.stringify(rows, null, 2)}\n`);
    return rows.every(({ ok }) => ok) ? 0 : 1;
  } finally {
    await stage.stop();
  }
}

runCommand(main);
