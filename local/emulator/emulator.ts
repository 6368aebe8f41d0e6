import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import getPort from 'get-port';

const run = promisify(execFile);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const ROOT = join(__dirname, '../..');
const REQUIREMENTS = join(__dirname, 'requirements.txt');
const REGION = 'eu-central-1';
const ACCOUNT_ID = '000000000000';

export interface EmulatorOptions {
  /** Added to the environment of the emulator and its functions. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A running emulator of AWS on loopback, with IAM enforcement on; `test`/`test` is root. */
export interface Emulator {
  readonly endpointUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly pid: number;
  readonly logFile: string;
  /** Environment with which any AWS client of a child process talks to the emulator as root. */
  environment(): Record<string, string>;
  /** Stops the emulator and its functions and removes its files. */
  stop(): Promise<void>;
}

/** @throws Error one clear line when there is no Python 3.10 or newer */
async function python(): Promise<string> {
  const wanted = 'Python 3.10 or newer is needed to run the AWS emulator';
  const answer = await run('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).catch(() => {
    throw new Error(`${wanted}; no python3 was found on the PATH`);
  });
  const version = answer.stdout.trim();
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 10)) throw new Error(`${wanted}; python3 is ${version}`);
  return 'python3';
}

/** Builds the virtual environment under a name of its own and renames it, so that two builds at once do no harm. */
async function installed(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const home = join(ROOT, '.local', `venv-${digest}`);
  if (existsSync(home)) return join(home, 'bin/python');
  mkdirSync(dirname(home), { recursive: true });
  const lock = `${home}.lock`;
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch {
      if (existsSync(home)) return join(home, 'bin/python');
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > 300_000) rmSync(lock, { recursive: true, force: true });
      await pause(200);
    }
  }
  try {
    if (existsSync(home)) return join(home, 'bin/python');
    const building = mkdtempSync(`${home}.building-`);
    await run(await python(), ['-m', 'venv', building]);
    await run(join(building, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', REQUIREMENTS]);
    renameSync(building, home);
    return join(home, 'bin/python');
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

async function healthy(url: string, child: ChildProcess, logFile: string): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (child.exitCode !== null) throw new Error(`the emulator ended at once: ${readFileSync(logFile, 'utf8').slice(-2000)}`);
    const answer = await fetch(`${url}/_ministack/health`).catch(() => undefined);
    if (answer?.ok) return;
    await pause(50);
  }
  throw new Error(`the emulator did not answer in 30 s, see ${logFile}`);
}

/**
 * Starts an emulator of its own on a free port. It ends with this process, whatever ends this process: its standard
 * input is a pipe that only this process holds.
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const interpreter = await installed();
  const dir = mkdtempSync(join(tmpdir(), 'emulator-'));
  const logFile = join(dir, 'emulator.log');
  const port = await getPort({ host: '127.0.0.1' });
  const endpointUrl = `http://127.0.0.1:${port}`;
  const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  const { AWS_PROFILE: _, AWS_SESSION_TOKEN: __, ...inherited } = process.env;
  const log = openSync(logFile, 'a');
  const child = spawn(interpreter, [join(__dirname, 'serve.py')], {
    cwd: dir,
    stdio: ['pipe', log, log],
    env: {
      ...inherited,
      ...credentials,
      AUTH: 'true',
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
      MINISTACK_HOST: '127.0.0.1',
      MINISTACK_REGION: REGION,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      S3_DATA_DIR: join(dir, 's3'),
      TMPDIR: dir,
      DOCKER_HOST: 'unix:///nonexistent',
      PYTHONDONTWRITEBYTECODE: '1',
      // AWS's Node runtime ships the SDK; a function's CommonJS bundle finds it here.
      NODE_PATH: join(ROOT, 'node_modules'),
      PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH ?? ''}`,
      ...options.env,
    },
  });
  const ended = once(child, 'exit');
  const stop = async () => {
    child.stdin?.end();
    const killing = setTimeout(() => child.kill('SIGKILL'), 10_000);
    if (child.exitCode === null && child.signalCode === null) await ended;
    clearTimeout(killing);
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await healthy(endpointUrl, child, logFile);
  } catch (failure) {
    await stop();
    throw failure;
  }
  return {
    endpointUrl,
    region: REGION,
    accountId: ACCOUNT_ID,
    pid: child.pid ?? 0,
    logFile,
    environment: () => ({
      ...credentials,
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_REGION: REGION,
      AWS_DEFAULT_REGION: REGION,
      AWS_EC2_METADATA_DISABLED: 'true',
      CDK_DISABLE_CLI_TELEMETRY: '1',
    }),
    stop,
  };
}
