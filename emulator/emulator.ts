import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { control } from './control';
import { virtualEnvironment } from './venv';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const ROOT = join(__dirname, '..');
const REQUIREMENTS = join(__dirname, 'requirements.txt');
const REGION = 'eu-central-1';
const ACCOUNT_ID = '000000000000';
/** Where nobody says otherwise: a role is known after 0.3 to 0.9 s. */
const PATIENCE = 0.03;

/** The factor on AWS's delays that AWS_PATIENCE asks for. */
export const askedPatience = () => Number(process.env.AWS_PATIENCE || PATIENCE);

const ROOT_CREDENTIALS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

export interface EmulatorOptions {
  /** Added to the environment of the emulator and its functions. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the emulator keeps its files while it runs; a temporary folder by default. Removed at stop. */
  readonly stateDir?: string;
  /** By default inside the state folder, and removed with it. */
  readonly logFile?: string;
  /** Gives the start up. */
  readonly signal?: AbortSignal;
  /**
   * Factor on AWS's own delays and passing refusals: 1 is as slow as AWS, 0 never late. By default what AWS_PATIENCE
   * says, or PATIENCE.
   */
  readonly patience?: number;
  /** Told when the start takes longer than usual. */
  readonly log?: (line: string) => void;
}

/** A running emulator of AWS on loopback, with IAM enforcement on; `test`/`test` is root. */
export interface Emulator {
  readonly endpointUrl: string;
  readonly region: string;
  readonly accountId: string;
  /** A request here, whatever its Host, reaches the listener of the load balancer. */
  readonly loadBalancerUrl: string;
  /** A request here reaches the load balancer to which the hosted zones lead its Host, as a browser's does by DNS. */
  readonly webPort: number;
  readonly logFile: string;
  readonly pid: number;
  /** Of all that is left to chance: with AWS_SEED set to it, the same names have the same delays again. */
  readonly seed: string;
  /** Environment with which any AWS client of a child process talks to the emulator as root. */
  environment(): Record<string, string>;
  /** AWS_CONTAINER_CREDENTIALS_FULL_URI for a local process that plays an ECS task with this task role. */
  containerCredentialsUrl(roleArn: string): string;
  /** From now on; what is late already stays late. */
  setPatience(factor: number): Promise<void>;
  /** Ends the wait for all that is late. */
  settle(): Promise<void>;
  /** The authorities of databases' certificates, PEM: what AWS publishes as a bundle for each region. */
  databaseCertificates(): Promise<string>;
  /** Forgets every resource. */
  reset(): Promise<void>;
  /** Ends the emulator and its functions and removes its files. */
  stop(): Promise<void>;
}

/** Of `serve.py`, by the variables that name them. */
interface Ports {
  readonly GATEWAY_PORT: number;
  readonly LOAD_BALANCER_PORT: number;
  readonly WEB_PORT: number;
}

/** The ports of an emulator that serves requests. */
async function healthy(child: ChildProcess, dir: string, logFile: string): Promise<Ports> {
  const file = join(dir, 'ports.json');
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the emulator ended at once: ${readFileSync(logFile, 'utf8').trim().slice(-2000)}`);
    }
    const ports: Ports | undefined = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
    if (ports && (await answers(`http://127.0.0.1:${ports.GATEWAY_PORT}/_ministack/health`))) return ports;
    await pause(25);
  }
  throw new Error(`the emulator did not answer in 60 s, see ${logFile}`);
}

/** Whether there is an answer soon; one that has begun to listen, and ends then, would give none. */
const answers = (url: string) =>
  fetch(url, { signal: AbortSignal.timeout(1_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

function emulatorEnvironment(dir: string): Record<string, string | undefined> {
  const { AWS_PROFILE: _, AWS_SESSION_TOKEN: __, AWS_ENDPOINT_URL: ___, PYTHONPATH: ____, ...inherited } = process.env;
  return {
    ...inherited,
    ...ROOT_CREDENTIALS,
    AUTH: 'true',
    BIND_HOST: '127.0.0.1',
    // The emulator finds free ones itself: what is free here could be taken until it listens.
    GATEWAY_PORT: '0',
    LOAD_BALANCER_PORT: '0',
    WEB_PORT: '0',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: ACCOUNT_ID,
    MINISTACK_REGION: REGION,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_EC2_METADATA_DISABLED: 'true',
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    S3_DATA_DIR: join(dir, 's3'),
    STATE_DIR: join(dir, 'state'),
    TMPDIR: dir,
    EMULATOR_STATE_DIR: dir,
    // Named after their content: emulators share them.
    EMULATOR_CODE_DIR: join(ROOT, '.local/functions'),
    DOCKER_HOST: `unix://${join(dir, 'no-docker.sock')}`,
    PYTHONDONTWRITEBYTECODE: '1',
    // AWS's Node runtime ships the SDK; a function's CommonJS bundle finds it here.
    NODE_PATH: join(ROOT, 'node_modules'),
    PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH ?? ''].join(delimiter),
  };
}

/**
 * Starts an emulator of its own on free ports. It ends with this process, whatever ends this process: its standard
 * input is a pipe that only this process holds.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const interpreter = await virtualEnvironment(REQUIREMENTS, 'the AWS emulator', options);
  options.signal?.throwIfAborted();
  const dir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'emulator-'));
  mkdirSync(dir, { recursive: true });
  const logFile = options.logFile ?? join(dir, 'emulator.log');
  const { patience = askedPatience() } = options;
  const seed = process.env.AWS_SEED || String(randomInt(1_000_000));
  const log = openSync(logFile, 'a');
  const child = spawn(interpreter, [join(__dirname, 'serve.py')], {
    cwd: dir,
    // A group of its own: a Ctrl-C in the terminal is the caller's to answer, and stop() ends the whole group.
    detached: true,
    stdio: ['pipe', log, log],
    env: {
      ...emulatorEnvironment(dir),
      AWS_PATIENCE: String(patience),
      AWS_SEED: seed,
      ...options.env,
    },
  });
  closeSync(log);
  const ended = once(child, 'exit');
  const stop = async () => {
    child.stdin?.destroy();
    const killing = setTimeout(() => child.kill('SIGKILL'), 10_000);
    if (child.exitCode === null && child.signalCode === null) await ended;
    clearTimeout(killing);
    endGroup(child.pid);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  const ports = await healthy(child, dir, logFile).catch(async (failure) => {
    await stop();
    throw failure;
  });
  const endpointUrl = `http://127.0.0.1:${ports.GATEWAY_PORT}`;
  return {
    endpointUrl,
    region: REGION,
    accountId: ACCOUNT_ID,
    loadBalancerUrl: `http://127.0.0.1:${ports.LOAD_BALANCER_PORT}`,
    webPort: ports.WEB_PORT,
    logFile,
    pid: child.pid ?? 0,
    seed,
    environment: () => ({
      ...ROOT_CREDENTIALS,
      // Of whoever runs this, for their own account.
      AWS_PROFILE: '',
      AWS_SESSION_TOKEN: '',
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: '1',
    }),
    containerCredentialsUrl: (roleArn) => `${endpointUrl}/_local/credentials?role=${encodeURIComponent(roleArn)}`,
    setPatience: (factor) => askPatience(endpointUrl, { factor }),
    settle: () => askPatience(endpointUrl, { settle: true }),
    databaseCertificates: async () => {
      const answer = await fetch(`${endpointUrl}/_ministack/rds/ca.pem`);
      if (!answer.ok) throw new Error(`there are no certificates: ${answer.status} ${await answer.text()}`);
      return await answer.text();
    },
    reset: async () => {
      const answer = await fetch(`${endpointUrl}/_ministack/reset`, { method: 'POST' });
      if (!answer.ok) throw new Error(`the emulator was not reset: ${answer.status} ${await answer.text()}`);
    },
    stop,
  };
}

async function askPatience(endpointUrl: string, request: { factor: number } | { settle: true }): Promise<void> {
  await control(endpointUrl, 'patience', request);
}

function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // nothing of the group is left
  }
}
