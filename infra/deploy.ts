import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import * as z from 'zod';
import { buildFunctions } from './build';
import { STAGES, type Stage, stages } from './config/stages';
import { CONTROL_PLANE, cellStackName, platform } from './platform';

const ROOT = join(__dirname, '..');
const CDK = join(ROOT, 'node_modules/.bin/cdk');

const OutputsSchema = z.record(z.string(), z.record(z.string(), z.string()));
const ControlPlaneOutputs = z.object({
  EventBusName: z.string(),
  StateMachineArn: z.string(),
  TenantsTableName: z.string(),
  UndeliveredSignupsUrl: z.string(),
  UndeliveredStackEventsUrl: z.string(),
  AlarmTopicArn: z.string(),
  Domain: z.string(),
});
const CellOutputs = z.object({
  LoadBalancerDnsName: z.string(),
  LoadBalancerArn: z.string(),
  ListenerArn: z.string(),
  TaskRoleArn: z.string(),
  LiveTargetGroupArn: z.string(),
});

/** What clients of a deployed stage need to know. */
export interface Deployment {
  readonly controlPlane: z.infer<typeof ControlPlaneOutputs>;
  readonly cells: Readonly<Record<string, z.infer<typeof CellOutputs>>>;
}

export interface DeployOptions {
  readonly stage: Stage;
  /** Environment of the CDK command line: credentials and, for another endpoint than AWS's, AWS_ENDPOINT_URL. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Of this run alone: assembly and outputs. Two runs at once need two. */
  readonly outputDir?: string;
  readonly log?: (line: string) => void;
  /** Made before, and while functions are built; a real account is bootstrapped once, by hand. */
  readonly bootstrap?: boolean;
  readonly cdkArgs?: readonly string[];
}

const SPEEDY = {
  CDK_DISABLE_CLI_TELEMETRY: '1',
  AWS_EC2_METADATA_DISABLED: 'true',
  NO_COLOR: '1',
};

async function cdk(args: readonly string[], { env, log }: DeployOptions, cwd: string): Promise<void> {
  // An ES module that a CommonJS program can only import like this.
  const { execa } = await import('execa');
  const running = execa(CDK, [...args, '--no-notices', '--ci'], {
    cwd,
    env: { ...SPEEDY, ...env },
    all: true,
    preferLocal: true,
  });
  for await (const line of running.iterable({ from: 'all' })) log?.(line);
  await running;
}

/** In an empty directory: beside an app, `cdk bootstrap` would synthesize it once more. */
async function bootstrap(options: DeployOptions, outputDir: string): Promise<void> {
  const { account, region } = stages[options.stage].env;
  const empty = join(outputDir, 'bootstrap');
  mkdirSync(empty, { recursive: true });
  await cdk(['bootstrap', `aws://${account}/${region}`], options, empty);
}

async function synthesize({ stage, log }: DeployOptions, assembly: string): Promise<void> {
  const bundles = await buildFunctions();
  log?.(`built ${bundles.length} functions`);
  platform(stage, assembly).synth();
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
  // Both settle, so that a failed build leaves no bootstrap running behind it.
  const prepared = await Promise.allSettled([
    options.bootstrap && bootstrap(options, outputDir),
    synthesize(options, assembly),
  ]);
  for (const outcome of prepared) if (outcome.status === 'rejected') throw outcome.reason;
  const flags = ['--require-approval', 'never', '--method', 'direct', '--concurrency', '4', '--asset-parallelism'];
  const args = ['deploy', '--all', '--app', assembly, '--outputs-file', outputs, ...flags, ...(options.cdkArgs ?? [])];
  await cdk(args, options, outputDir);
  return readDeployment(options.stage, outputs);
}

function readDeployment(stage: Stage, file: string): Deployment {
  const stacks = OutputsSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  return {
    controlPlane: ControlPlaneOutputs.parse(stacks[CONTROL_PLANE]),
    cells: Object.fromEntries(
      stages[stage].cells.map(({ name }) => [name, CellOutputs.parse(stacks[cellStackName(name)])]),
    ),
  };
}

async function main(): Promise<void> {
  const command = new Command('deploy')
    .description('Builds and deploys one stage; further arguments go to `cdk deploy`.')
    .addOption(new Option('--stage <stage>').choices(STAGES).makeOptionMandatory())
    .option('--output <dir>', 'directory of this run, for two runs at once')
    .allowUnknownOption()
    .argument('[cdk-args...]')
    .parse();
  const { stage, output } = z.object({ stage: z.enum(STAGES), output: z.string().optional() }).parse(command.opts());
  const deployment = await deploy({
    stage,
    ...(output && { outputDir: output }),
    cdkArgs: command.args,
    log: (line) => console.log(line),
  });
  console.log(JSON.stringify(deployment, null, 2));
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
