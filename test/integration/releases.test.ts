import { DescribeServicesCommand, ECSClient } from '@aws-sdk/client-ecs';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { SSMClient } from '@aws-sdk/client-ssm';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { CellDescriptor } from '../../functions/contract/cell';
import { readClaim } from '../../functions/delivery/release-store';
import { type Platform, startPlatform } from '../../local/platform';
import { pushVersion, type Version } from '../../local/service-versions';
import { newSignup, Signups } from '../../local/signups';
import { Visitors } from '../../local/visitors';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection } from '../../operations/stage-connection';

const TENANTS = ['acme', 'beta', 'gamma', 'delta'] as const;

let platform: Platform;
let client: StageClient;
let cell: CellDescriptor;
let builds = 0;

beforeAll(async () => {
  platform = await startPlatform({ patience: 0 });
  const stage = localConnection(platform.outputs);
  client = new StageClient(stage);
  [cell = cell] = await ssmCells(new SSMClient(platform.aws)).cells();
  const signups = new Signups(stage);
  await Promise.all(
    TENANTS.map((subdomain) => {
      const plan = subdomain === 'beta' ? 'growth' : 'enterprise';
      return signups.onboardWell(newSignup({ companyName: subdomain, subdomain, plan }));
    }),
  );
}, 180_000);
afterAll(() => platform?.stop());

const live = () => tableLiveColour(client.table).live(cell);
const hosts = TENANTS.map((subdomain) => `${subdomain}.funnels.localhost`);

async function begin(version: Version, releaseId = `r${++builds}`) {
  const digest = await pushVersion(platform, version, releaseId);
  const request = { cell: cell.name, digest, releaseId };
  const stateMachineArn = platform.outputs.releaseMachineArn;
  return { digest, releaseId, executionArn: await client.start(request, { stateMachineArn }) };
}

/** Releases under the load of visitors of every tenant. */
async function release(version: Version) {
  const visitors = new Visitors(platform.outputs.loadBalancerUrl, hosts, 20);
  const begun = await begin(version);
  const run = await client.follow(begun.executionArn);
  const visits = await visitors.stop();
  return { ...begun, run, visits };
}

test('a release reaches every tenant ring by ring, and no visitor’s request fails', async () => {
  const { digest, releaseId, run, visits } = await release('good');
  expect([run.status, run.failure]).toEqual(['SUCCEEDED', undefined]);
  expect(await live()).toMatchObject({ colour: 'green', digest, releaseId });
  expect(visits.failed).toBe(0);
  expect(visits.requests).toBeGreaterThan(100);
  // The version before, and the new one: never a third.
  expect([...visits.answers.keys()]).toEqual([expect.not.stringContaining(digest), `200 ${digest}`]);
  const claim = await readClaim(client.table, cell.name);
  expect(claim).toMatchObject({
    outcome: 'completed',
    rings: [
      { ring: 1, tenants: 2 },
      { ring: 3, tenants: 2 },
    ],
  });
}, 120_000);

test('the same release, started again, does nothing; a release of a cell that another one has fails and names it', async () => {
  const { digest, releaseId } = (await readClaim(client.table, cell.name)) ?? {};
  const request = { cell: cell.name, digest, releaseId };
  const stateMachineArn = platform.outputs.releaseMachineArn;
  const again = await client.follow(await client.start(request, { stateMachineArn }));
  expect([again.status, await live()]).toEqual(['SUCCEEDED', expect.objectContaining({ colour: 'green', digest })]);
  const first = await begin('good');
  const second = await begin('good');
  const ended = await Promise.all([first, second].map(({ executionArn }) => client.follow(executionArn)));
  const [lost] = ended.filter(({ status }) => status === 'FAILED');
  expect(ended.map(({ status }) => status).sort()).toEqual(['FAILED', 'SUCCEEDED']);
  expect(lost?.failure).toMatchObject({ error: 'ReleaseUnderWay', reason: expect.stringContaining('has cell c1') });
}, 120_000);

test.each([
  ['crashes', 'ReleaseFillFailed', 'exit code 1'],
  ['sick', 'ReleaseFillFailed', 'failed ELB health checks'],
  ['pages fail', 'ReleaseUnhealthy', 'before any tenant was moved, 4 of 4 pages failed'],
  ['growth pages fail', 'ReleaseUnhealthy', '(growth) answers 500'],
] as const)(
  'a version whose %s is returned before any visitor sees it, with the reason',
  async (version, error, reason) => {
    const before = await live();
    const { digest, run, visits } = await release(version);
    expect(run.failure).toMatchObject({ error, reason: expect.stringContaining(reason) });
    expect(visits.failed).toBe(0);
    expect([...visits.answers.keys()].filter((kind) => kind.includes(digest))).toEqual([]);
    expect(await live()).toMatchObject({ colour: before.colour });
    expect(await readClaim(client.table, cell.name)).toMatchObject({ outcome: 'returned', failure: { error } });
  },
  120_000,
);

test('a version that fails some requests is returned, and every tenant has the former version again', async () => {
  const before = await live();
  const { digest, run } = await release('pages fail now and then');
  expect(run.failure).toMatchObject({ error: 'ReleaseUnhealthy', reason: expect.stringMatching(/^JudgeRing: /) });
  expect(await live()).toMatchObject({ colour: before.colour });
  const visitors = new Visitors(platform.outputs.loadBalancerUrl, hosts, 5);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { failed, answers } = await visitors.stop();
  expect(failed).toBe(0);
  expect([...answers.keys()].filter((kind) => kind.includes(digest))).toEqual([]);
}, 120_000);

test('KeepCells removes the former colour’s tasks when its time is over', async () => {
  const lambda = new LambdaClient(platform.aws);
  const keep = () =>
    lambda.send(new InvokeCommand({ FunctionName: platform.outputs.keepCellsFunctionName, Payload: '{}' }));
  const desired = async () => {
    const services = [cell.services.blue, cell.services.green];
    const answer = await new ECSClient(platform.aws).send(
      new DescribeServicesCommand({ cluster: cell.clusterName, services }),
    );
    return answer.services?.map(({ desiredCount = 0 }) => desiredCount) ?? [];
  };
  expect(Math.min(...(await desired()))).toBeGreaterThan(0);
  const deadline = Date.now() + 30_000;
  while (Math.min(...(await desired())) > 0 && Date.now() < deadline) {
    expect((await keep()).FunctionError).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  }
  const [idle, serving] = [Math.min(...(await desired())), Math.max(...(await desired()))];
  expect([idle, serving > 0]).toEqual([0, true]);
}, 120_000);
