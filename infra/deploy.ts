import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { Command, Option } from 'commander';
import * as z from 'zod';
import {
  type CellOutputs,
  CellStackOutputsSchema,
  type StageOutputs,
  StageStackOutputsSchema,
  stackOutputs,
} from '../functions/contract/outputs';
import { buildAll } from './build';
import { CONTROL_PLANE, cellOfStack, FOUNDATION } from './config/stack-names';
import { STAGES, type Stage, stages } from './config/stages';
import { namesToMake } from './names-to-make';
import { deletePastVersions } from './past-versions';
import { requireNoRelease } from './release-under-way';

const ROOT = join(__dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');

const OutputsSchema = z.record(z.string(), z.record(z.string(), z.string()));

/** Outputs of a deployed stage that its clients need. */
export interface Deployment {
  readonly controlPlane: StageOutputs;
  readonly cells: Readonly<Record<string, CellOutputs>>;
  /** Name servers of the stage's own hosted zone; none when it has no zone of its own. */
  readonly nameServers: readonly string[];
}

export interface DeployOptions {
  readonly stage: Stage;
  /** Environment of the CDK command line: credentials and, for another endpoint than AWS's, AWS_ENDPOINT_URL. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Directory of this run alone, for assembly and outputs. Two runs at the same time need two. */
  readonly outputDir?: string;
  readonly log?: (line: string) => void;
  /** Where the cells' load balancers answer, when their DNS names do not resolve. */
  readonly loadBalancerUrl?: string;
  /** Port in tenants' URLs. Default: the port of the scheme. */
  readonly urlPort?: number;
  /** Number of cells of full size, instead of the stage's own cells. */
  readonly cells?: number;
  /** Called after the build, before anything is deployed. */
  readonly built?: () => Promise<void>;
  /** Ends the command line and cancels the deployment. */
  readonly signal?: AbortSignal;
  readonly cdkArgs?: readonly string[];
}

const SPEEDY = {
  CDK_DISABLE_CLI_TELEMETRY: '1',
  NO_COLOR: '1',
};

interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** @throws Error with the end of the program's output */
async function run({ command, args, cwd, env }: Program, options: DeployOptions): Promise<void> {
  const { log, signal } = options;
  signal?.throwIfAborted();
  const running = spawn(join(BIN, command), args, {
    cwd,
    env: { ...process.env, ...SPEEDY, ...options.env, ...env, PATH: [BIN, process.env.PATH].join(delimiter) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => running.kill();
  signal?.addEventListener('abort', end);
  const said: string[] = [];
  const listen = async (input: Readable) => {
    for await (const line of createInterface({ input })) {
      log?.(line);
      said.push(line);
      if (said.length > 30) said.shift();
    }
  };
  const [[code]] = await Promise.all([once(running, 'close'), listen(running.stdout), listen(running.stderr)]);
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${said.join('\n')}`);
}

const cdk = (args: readonly string[], cwd: string) => ({
  command: 'cdk',
  args: [...args, '--no-notices', '--ci'],
  cwd,
});

/** Gives the app the context that the CDK command line would give it. */
async function synthesize(options: DeployOptions, assembly: string): Promise<void> {
  const { stage, log, loadBalancerUrl, urlPort, cells } = options;
  const bundles = await buildAll();
  log?.(`built ${bundles.length} functions`);
  const env = { CDK_OUTDIR: assembly, CDK_CONTEXT_JSON: JSON.stringify({ stage, loadBalancerUrl, urlPort, cells }) };
  await run({ command: 'node', args: ['--import', 'tsx', join(__dirname, 'bin/app.ts')], cwd: ROOT, env }, options);
  log?.(`synthesized stage ${stage}`);
}

/**
 * Builds, synthesizes and deploys one stage with the stock CDK command line.
 *
 * @returns the stacks' outputs
 */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const outputDir = resolve(options.outputDir ?? join(ROOT, 'cdk.out', options.stage));
  const assembly = join(outputDir, 'assembly');
  const outputs = join(outputDir, 'outputs.json');
  await synthesize(options, assembly);
  await options.built?.();
  const flags = ['--require-approval', 'never', '--method', 'direct', '--concurrency', '4', '--asset-parallelism'];
  const args = ['deploy', '--all', '--app', assembly, '--outputs-file', outputs, ...flags, ...(options.cdkArgs ?? [])];
  await run(cdk(args, outputDir), options);
  return deploymentOf(JSON.parse(readFileSync(outputs, 'utf8')));
}

/** @param outputs of all stacks, by stack and name */
export function deploymentOf(outputs: unknown): Deployment {
  const stacks = OutputsSchema.parse(outputs);
  const cells = Object.entries(stacks).flatMap(([stack, outputs]) => {
    const cell = cellOfStack(stack);
    return cell === undefined ? [] : [[cell, CellStackOutputsSchema.parse(outputs)] as const];
  });
  return {
    controlPlane: StageStackOutputsSchema.parse(stacks[CONTROL_PLANE]),
    cells: Object.fromEntries(cells),
    nameServers: stacks[FOUNDATION]?.NameServers?.split(',') ?? [],
  };
}

const OptionsSchema = z.object({
  stage: z.enum(STAGES),
  output: z.string().optional(),
  despiteRelease: z.boolean().default(false),
});

async function main(): Promise<void> {
  const command = new Command('deploy')
    .description('Builds and deploys one stage; further arguments go to `cdk deploy`.')
    .addOption(new Option('--stage <stage>', 'stage to deploy').choices(STAGES).makeOptionMandatory())
    .option('--output <dir>', 'directory of this run, for two runs at once')
    .option('--despite-release', 'deploys although a release has a cell')
    .allowUnknownOption()
    .argument('[cdk-args...]')
    .parse();
  const { stage, output, despiteRelease } = OptionsSchema.parse(command.opts());
  const aws = { region: stages[stage].env.region };
  if (!despiteRelease) {
    const table = DynamoDBDocumentClient.from(new DynamoDBClient(aws));
    await requireNoRelease({ cloudformation: new CloudFormationClient(aws), table }, stages[stage].cells);
  }
  const deployment = await deploy({
    stage,
    ...(output && { outputDir: output }),
    cdkArgs: command.args,
    log: (line) => console.log(line),
  });
  const deleted = await deletePastVersions(new LambdaClient(aws));
  if (deleted.length > 0) console.log(`deleted ${deleted.length} versions of functions that no run can need any more`);
  const cells = Object.entries(deployment.cells).map(([cell, outputs]) => [cell, stackOutputs(outputs)]);
  const printed = { controlPlane: stackOutputs(deployment.controlPlane), cells: Object.fromEntries(cells) };
  console.log(JSON.stringify(printed, null, 2));
  for (const line of namesToMake(stages[stage], deployment)) console.log(line);
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
