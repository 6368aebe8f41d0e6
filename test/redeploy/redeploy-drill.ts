import { writeFileSync } from 'node:fs';
import Table from 'cli-table3';
import { Command } from 'commander';
import * as z from 'zod';
import { runCommand } from '../../operations/command';
import { fileToWrite } from '../../operations/options';
import { RunningStage } from '../support/running-stage';
import { type Crossing, Drill } from './drill';
import { previousRelease, Releases } from './releases';

const OptionsSchema = z.object({ json: z.string().optional() });

const isClean = ({ rows, failedRequests }: Crossing) =>
  failedRequests.length === 0 && rows.every(({ faults }) => faults.length === 0);

function tableOf(crossings: readonly Crossing[]): string {
  const table = new Table({ head: ['from', 'to', 'position', 'since the deployment', ''], style: { head: [] } });
  for (const { from, to, position, ends, faults } of crossings.flatMap(({ rows }) => rows))
    table.push([from, to, position, ends.join(', then '), faults.length === 0 ? 'as designed' : faults.join('; ')]);
  return table.toString();
}

/**
 * Deploys the previous release over today's runs, and today's release over the previous one's.
 *
 * @returns 0 only when every run ends as designed, nothing of a tenant in service changes and every request of an ACTIVE
 * tenant succeeds
 */
async function main(signal: AbortSignal): Promise<number> {
  const command = new Command('redeploy-drill')
    .description('Deploys the previous release over the runs of this one, and this one over the runs of the previous.')
    .option('--json <file>', 'writes what became of each tenant', fileToWrite)
    .parse();
  const { json } = OptionsSchema.parse(command.opts());
  // The drill is about deployments. A definition of an older release retries fewer failures that pass.
  const stage = await RunningStage.start({}, { patience: 0 });
  try {
    const drill = new Drill(stage, await Releases.of(stage.platform), (line) => console.log(`  ${line}`));
    const previous = previousRelease();
    const crossings: Crossing[] = [];
    for (const [from, to] of [
      ['today', previous],
      [previous, 'today'],
    ] as const) {
      signal.throwIfAborted();
      crossings.push(await drill.cross(from, to));
    }
    console.log(tableOf(crossings));
    const requests = crossings.reduce((sum, crossing) => sum + crossing.requests, 0);
    const failed = crossings.flatMap(({ failedRequests }) => failedRequests);
    for (const line of failed) console.log(line);
    const broken = crossings.flatMap(({ rows }) => rows).filter(({ faults }) => faults.length > 0).length;
    console.log(`${broken} runs broken; ${failed.length} of ${requests} requests of ACTIVE tenants failed`);
    if (json) writeFileSync(json, `${JSON.stringify({ broken, requests, failed, crossings }, null, 2)}\n`);
    return crossings.every(isClean) ? 0 : 1;
  } finally {
    await stage.stop();
  }
}

runCommand(main);
