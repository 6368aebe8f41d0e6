import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DescribeTargetHealthCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { PlatformOutputsSchema } from '../../operations/outputs';
import { localConnection } from '../../operations/stage-connection';

const ROOT = join(__dirname, '../..');
/** Temporary folders of the commands, and of nobody else. */
const scratch = mkdtempSync(join(tmpdir(), 'commands-'));
const started: ChildProcess[] = [];
afterAll(() => {
  for (const { pid } of started) endGroup(pid);
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
});

function endGroup(leader: number | undefined): void {
  try {
    if (leader) process.kill(-leader, 'SIGKILL');
  } catch {
    // it has ended, as it should have
  }
}

interface Command {
  readonly process: ChildProcess;
  readonly outputs: string;
  readonly said: () => string;
}

/** `npm run local` as npm runs it, in a session of its own. */
function runLocal(name: string): Command {
  const outputs = join(scratch, `${name}.json`);
  const child = spawn('npm', ['run', 'local', '--', '--outputs', outputs], {
    cwd: ROOT,
    detached: true,
    env: { ...process.env, TMPDIR: scratch },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  return { process: child, outputs, said: () => said };
}

/** Two platforms start beside everything else that is tested. */
const PATIENCE_MS = 280_000;

async function until(done: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`still waiting: ${what()}`);
    await pause(100);
  }
}

const answers = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

async function nothingLeft({ said, outputs }: Command, urls: readonly string[]): Promise<void> {
  await until(async () => !(await Promise.all(urls.map(answers))).some(Boolean), said);
  await until(() => !existsSync(outputs), said);
}

test('two platforms at once have their own ports; however one ends, its processes end, and no others', async () => {
  const [one, two] = [runLocal('one'), runLocal('two')];
  const ready = ({ outputs, said }: Command) => until(() => existsSync(outputs), said);
  await Promise.all([ready(one), ready(two)]);
  /** Of the emulator, its load balancer, and the process that is a task of the shared service. */
  const urlsOf = async ({ outputs }: Command) => {
    const platform = PlatformOutputsSchema.parse(JSON.parse(readFileSync(outputs, 'utf8')));
    const { aws } = localConnection(platform);
    const [cell] = await ssmCells(new SSMClient(aws)).cells();
    const asked = { TargetGroupArn: cell?.targetGroupArns.blue };
    const elb = new ElasticLoadBalancingV2Client(aws);
    const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand(asked));
    const { Id, Port } = TargetHealthDescriptions[0]?.Target ?? {};
    const { endpointUrl, loadBalancerUrl } = platform;
    return [`${endpointUrl}/_ministack/health`, loadBalancerUrl, `http://${Id}:${Port}/healthz`];
  };
  const [urlsOfOne, urlsOfTwo] = await Promise.all([urlsOf(one), urlsOf(two)]);
  expect(new Set([...urlsOfOne, ...urlsOfTwo]).size).toBe(6);
  expect(JSON.parse(readFileSync(one.outputs, 'utf8'))).toMatchObject({
    endpointUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    region: 'eu-central-1',
    accountId: '000000000000',
    eventBusName: 'tenant-onboarding',
    stateMachineArn: 'arn:aws:states:eu-central-1:000000000000:stateMachine:TenantOnboarding',
    tenantsTableName: expect.any(String),
    loadBalancerUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    tenantUrl: expect.stringMatching(/^http:\/\/SUBDOMAIN\.funnels\.localhost:\d+$/),
    domain: 'funnels.localhost',
  });

  // As a Ctrl-C in the terminal does: the whole foreground group is told.
  process.kill(-(one.process.pid ?? 0), 'SIGINT');
  await once(one.process, 'exit');
  await nothingLeft(one, urlsOfOne);
  expect(await Promise.all(urlsOfTwo.map(answers))).toEqual([true, true, true]);

  // As a supervisor does that has lost its patience with npm: nobody below it is told.
  two.process.kill('SIGKILL');
  await nothingLeft(two, urlsOfTwo);
  const folders = () => readdirSync(scratch).filter((name) => name.startsWith('onboarding-'));
  await until(
    () => folders().length === 0,
    () => folders().join(),
  );
  // The ids of these processes may be others' soon.
  started.length = 0;
});
