import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CreateRepositoryCommand, ECRClient } from '@aws-sdk/client-ecr';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { askedPatience, type Emulator, startEmulator } from '../emulator/emulator';
import { stages } from '../infra/config/stages';
import type { Deployment } from '../infra/deploy';
import type { PlatformOutputs } from '../operations/outputs';
import { type AwsProxy, startAwsProxy } from './aws-proxy';
import { deployLocally } from './deploy-locally';

export interface PlatformOptions {
  /** Puts a proxy between the functions and the emulator, which sees the functions' calls only. */
  readonly proxy?: boolean;
  /**
   * Number of cells of full size instead of the stage's one: room for more tenants than one cell
   * on AWS has.
   */
  readonly cells?: number;
  /** Folder of recorded deployments, which are replayed while their inputs are the same. */
  readonly records?: string;
  /**
   * Factor on AWS's delays once the platform is deployed. Default: the emulator's own
   * (emulator/README.md).
   */
  readonly patience?: number;
  /** Added to the environment of the emulator and its functions. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with a line for each part that has started. */
  readonly log?: (line: string) => void;
  /** Called with each line of the deployment's output. */
  readonly deployLog?: (line: string) => void;
  /** Cancels the start; parts that have started are ended. */
  readonly signal?: AbortSignal;
}

/** Options for every AWS SDK client, with the credentials of the emulated account's root user. */
export interface AwsAccess {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** The whole platform of the stage `local`, deployed to its own emulator. */
export interface Platform {
  readonly outputs: PlatformOutputs;
  readonly aws: AwsAccess;
  readonly emulator: Emulator;
  readonly deployment: Deployment;
  /** The built shared service: a file that Node runs. */
  readonly serviceBundle: string;
  /** Defined when it was requested. */
  readonly proxy: AwsProxy | undefined;
  /** How long each part of the start took. */
  readonly seconds: Readonly<Record<'emulator' | 'deploy' | 'service', number>>;
  stop(): Promise<void>;
}

/**
 * Bucket and repository of `cdk bootstrap` for assets and images. A stage that uses the
 * credentials of the command line needs nothing else: the bootstrap roles are for deployments that
 * assume them.
 */
const { account, region } = stages.local.env;
const ASSETS_BUCKET = `cdk-hnb659fds-assets-${account}-${region}`;
const IMAGES_REPOSITORY = `cdk-hnb659fds-container-assets-${account}-${region}`;

async function timed<T>(work: Promise<T>): Promise<[result: T, seconds: number]> {
  const began = performance.now();
  return [await work, (performance.now() - began) / 1000];
}

/** Ends the started parts in reverse order. */
class Started {
  private readonly ends: (() => Promise<void>)[] = [];

  add(end: () => Promise<void>): void {
    this.ends.push(end);
  }

  async stop(): Promise<void> {
    for (let end = this.ends.pop(); end; end = this.ends.pop()) await end();
  }
}

/**
 * Starts an emulator and deploys the CDK application to it; the emulator runs the cells' tasks.
 * Several platforms can run at the same time: ports are free ones, and each platform's files are
 * in a folder of its own, which is deleted when the emulator ends.
 */
export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const started = new Started();
  try {
    return await start(options, started);
  } catch (failure) {
    await started.stop();
    options.signal?.throwIfAborted();
    throw failure;
  }
}

async function start(options: PlatformOptions, started: Started): Promise<Platform> {
  const { proxy: withProxy, cells, records, patience = askedPatience(), env, log, deployLog, signal } = options;
  const stateDir = mkdtempSync(join(tmpdir(), 'onboarding-'));
  started.add(async () => rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 }));
  let endpointUrl = '';
  const proxy = withProxy ? await startAwsProxy(() => endpointUrl) : undefined;
  if (proxy) started.add(proxy.close);
  const [emulator, emulatorSeconds] = await timed(
    startEmulator({
      stateDir,
      // A deployment takes minutes on AWS and seconds here: with delays its roles would be used too
      // early.
      patience: 0,
      ...(log && { log }),
      env: { SFN_WAIT_SCALE: String(pausesBeside(patience)), ...env, ...(proxy && { AWS_ENDPOINT_URL: proxy.url }) },
      ...(signal && { signal }),
    }),
  );
  endpointUrl = emulator.endpointUrl;
  started.add(emulator.stop);
  log?.(`emulator at ${emulator.endpointUrl} after ${emulatorSeconds.toFixed(1)} s`);

  const aws = rootOf(emulator);
  await new S3Client(aws).send(new CreateBucketCommand({ Bucket: ASSETS_BUCKET }));
  await new ECRClient(aws).send(new CreateRepositoryCommand({ repositoryName: IMAGES_REPOSITORY }));
  const [{ deployment, serviceBundle, recorded }, deploySeconds] = await timed(
    deployLocally({
      emulator,
      target: {
        aws,
        assetsBucket: ASSETS_BUCKET,
        loadBalancerUrl: emulator.loadBalancerUrl,
        urlPort: emulator.webPort,
        ...(signal && { signal }),
      },
      outputDir: join(stateDir, 'deployment'),
      ...(records && { records }),
      ...(cells && { cells }),
      ...(deployLog && { log: deployLog }),
    }),
  );
  log?.(`platform deployed${recorded ? ', unchanged,' : ''} after ${deploySeconds.toFixed(1)} s`);

  const { controlPlane } = deployment;
  signal?.throwIfAborted();
  const [, serviceSeconds] = await timed(
    Promise.all(Object.values(deployment.cells).map((cell) => served(aws, cell.liveTargetGroupArn, signal))),
  );
  signal?.throwIfAborted();
  log?.(`shared service healthy in each cell after ${serviceSeconds.toFixed(1)} s`);

  await emulator.setPatience(patience);
  if (patience > 0)
    log?.(`AWS's delays times ${patience} from here on (AWS_PATIENCE), drawn by AWS_SEED=${emulator.seed}`);

  return {
    emulator,
    deployment,
    serviceBundle,
    proxy,
    outputs: {
      endpointUrl: emulator.endpointUrl,
      region: emulator.region,
      accountId: emulator.accountId,
      loadBalancerUrl: emulator.loadBalancerUrl,
      tenantUrl: `${stages.local.urlScheme}://SUBDOMAIN.${controlPlane.domain}:${emulator.webPort}`,
      ...controlPlane,
    },
    aws,
    seconds: { emulator: emulatorSeconds, deploy: deploySeconds, service: serviceSeconds },
    stop: () => started.stop(),
  };
}

const HEALTHY_WITHIN_MS = 60_000;

/** Waits for the cell's first task. @throws Error when no target is healthy after a minute */
async function served(aws: AwsAccess, TargetGroupArn: string, signal?: AbortSignal): Promise<void> {
  const elb = new ElasticLoadBalancingV2Client(aws);
  const deadline = Date.now() + HEALTHY_WITHIN_MS;
  for (;;) {
    const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    if (TargetHealthDescriptions.some(({ TargetHealth }) => TargetHealth?.State === 'healthy')) return;
    if (Date.now() > deadline) throw new Error(`no task of ${TargetGroupArn} is healthy`);
    await pause(50, undefined, { signal });
  }
}

/**
 * Factor on the pauses of state machines, which are set for AWS's delays. Where the delays are
 * shorter, the pauses are too, but less so. Functions count AWS's own seconds: 60 pauses of ten
 * seconds have to last longer than the key's INDEX_LAG of 120.
 */
const pausesBeside = (patience: number) => (patience > 0 ? Math.min(1, 7 * patience) : 1);

const rootOf = ({ endpointUrl, region }: Emulator) => ({
  endpoint: endpointUrl,
  region,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
