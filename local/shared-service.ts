import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  DeregisterTargetsCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import getPort from 'get-port';
import type { Emulator } from '../emulator/emulator';

const ROOT = join(__dirname, '..');
const LOOPBACK = '127.0.0.1';

export interface SharedServiceOptions {
  /** The service's bundle, as a deployment has built it. */
  readonly bundle: string;
  readonly emulator: Emulator;
  readonly tableName: string;
  readonly domain: string;
  /** The cell's; the process has its credentials and no others. */
  readonly taskRoleArn: string;
  readonly targetGroupArn: string;
  /** Gets what the service logs, line by line. */
  readonly log?: (line: string) => void;
}

export interface SharedService {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * Runs the shared service as a local process in the place of the cell's ECS task: the same bundle, the task role's
 * credentials by way of the container's credentials address, and a target of the cell's target group by its IP.
 */
export async function startSharedService(options: SharedServiceOptions): Promise<SharedService> {
  const { bundle, emulator, tableName, domain, taskRoleArn, targetGroupArn } = options;
  const port = await getPort({ host: LOOPBACK });
  const child = spawn(
    join(ROOT, 'node_modules/.bin/node'),
    ['--require', join(__dirname, 'end-with-parent.cjs'), bundle],
    {
      // A group of its own: a Ctrl-C in the terminal is the caller's to answer.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        HOST: LOOPBACK,
        TABLE_NAME: tableName,
        DOMAIN: domain,
        AWS_REGION: emulator.region,
        AWS_ENDPOINT_URL: emulator.endpointUrl,
        AWS_CONTAINER_CREDENTIALS_FULL_URI: emulator.containerCredentialsUrl(taskRoleArn),
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    },
  );
  const said = collect(child, options.log);
  const ended = once(child, 'exit');
  const targets = { TargetGroupArn: targetGroupArn, Targets: [{ Id: LOOPBACK, Port: port }] };
  const client = new ElasticLoadBalancingV2Client({
    endpoint: emulator.endpointUrl,
    region: emulator.region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const stop = async () => {
    await client.send(new DeregisterTargetsCommand(targets)).catch(() => undefined);
    client.destroy();
    child.kill('SIGTERM');
    const killing = setTimeout(() => child.kill('SIGKILL'), 5_000);
    if (child.exitCode === null && child.signalCode === null) await ended;
    clearTimeout(killing);
  };
  try {
    await healthy(`http://${LOOPBACK}:${port}`, child, said);
    await client.send(new RegisterTargetsCommand(targets));
  } catch (failure) {
    await stop();
    throw failure;
  }
  return { url: `http://${LOOPBACK}:${port}`, pid: child.pid ?? 0, stop };
}

/** @returns the last lines, for the error of a service that did not start */
function collect(child: ChildProcess, log?: (line: string) => void): () => string {
  let last = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      last = `${last}${text}`.slice(-2_000);
      for (const line of text.split('\n')) if (line) log?.(line);
    });
  }
  return () => last.trim();
}

async function healthy(url: string, child: ChildProcess, said: () => string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`the shared service ended at once: ${said()}`);
    }
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await pause(25);
  }
  throw new Error(`the shared service did not answer in 30 s: ${said()}`);
}
