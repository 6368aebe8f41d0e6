import { CloudWatchClient, SetAlarmStateCommand, type StateValue } from '@aws-sdk/client-cloudwatch';
import { DescribeStateMachineCommand, UpdateStateMachineCommand } from '@aws-sdk/client-sfn';
import { readClaim } from '../../functions/delivery/release-store';
import { requestPage } from '../../local/page';
import { ReleasedCell } from '../support/released-cell';
import { eventually } from '../support/running-stage';

let released: ReleasedCell;
/** Of visitors who must not see a version: where they do, they see it for seconds. */
const SELDOM_MS = 80;

beforeAll(async () => {
  released = await ReleasedCell.start();
});
afterAll(() => released?.stop());

test.each([
  ['crashes', 'crashes', 'ReleaseFillFailed', 'exit code 1'],
  ['is sick', 'sick', 'ReleaseFillFailed', 'failed ELB health checks'],
  ['fails on pages', 'pages fail', 'ReleaseUnhealthy', 'before any tenant was moved, 4 of 4 pages failed'],
  ['fails on pages of one plan', 'growth pages fail', 'ReleaseUnhealthy', '(growth) answers 500'],
] as const)(
  'a version that %s is returned before any visitor sees it, with the reason',
  async (_, version, error, reason) => {
    const before = await released.live();
    const { digest, run, visits } = await released.release(version, SELDOM_MS);
    expect(run.failure).toMatchObject({ error, reason: expect.stringContaining(reason) });
    expect(visits.failed).toBe(0);
    expect([...visits.answers.keys()].filter((kind) => kind.includes(digest))).toEqual([]);
    expect(await released.live()).toMatchObject({ colour: before.colour });
    expect(await readClaim(released.client.table, released.cell.name)).toMatchObject({
      outcome: 'returned',
      failure: { error },
    });
  },
);

test('a version that fails behind the rule alone is returned by the cell’s own page, before any visitor sees it', async () => {
  const before = await released.live();
  const { digest, run, visits } = await released.release('pages fail behind their rule', SELDOM_MS);
  expect(run.failure).toMatchObject({
    error: 'ReleaseUnhealthy',
    reason: expect.stringMatching(/^JudgeRing: .*ring-zero/),
  });
  expect([visits.failed, [...visits.answers.keys()].filter((kind) => kind.includes(digest))]).toEqual([0, []]);
  const claim = await readClaim(released.client.table, released.cell.name);
  expect(claim).toMatchObject({ outcome: 'returned', rings: [{ ring: 0, tenants: 0 }] });
  expect(await released.live()).toMatchObject({ colour: before.colour });
  const { status, body } = await requestPage(
    released.platform.outputs.loadBalancerUrl,
    released.cell.ringZero?.host ?? '',
  );
  expect([status, body]).toEqual([200, expect.stringContaining('Ring 0 of cell c1')]);
});

test('a version that fails some requests of customers is returned, and every tenant has the former version again', async () => {
  const before = await released.live();
  const { digest, run } = await released.release('customers’ pages fail now and then');
  expect(run.failure).toMatchObject({ error: 'ReleaseUnhealthy', reason: expect.stringMatching(/^JudgeRing: /) });
  expect(await released.live()).toMatchObject({ colour: before.colour });
  const visitors = released.visitors(5);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { failed, answers } = await visitors.stop();
  expect(failed).toBe(0);
  expect([...answers.keys()].filter((kind) => kind.includes(digest))).toEqual([]);
});

/** The machine with a bake as long as in production. */
async function inLongBakes(work: () => Promise<void>): Promise<void> {
  const { client, platform } = released;
  const stateMachineArn = platform.outputs.releaseMachineArn;
  const { definition = '' } = await client.sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  const longer = definition.replace(/"HeartbeatSeconds":\s*"\{% \d+ %\}"/, '"HeartbeatSeconds": 3600');
  expect(longer).not.toBe(definition);
  const define = (text: string) =>
    client.sfn.send(new UpdateStateMachineCommand({ stateMachineArn, definition: text }));
  await define(longer);
  try {
    await work();
  } finally {
    await define(definition);
  }
}

test('an alarm that begins to ring ends a long bake by its event, and the tenants return', () =>
  inLongBakes(async () => {
    const { client, cell, platform } = released;
    const [AlarmName] = cell.alarmNames ?? [];
    const cloudwatch = new CloudWatchClient(platform.aws);
    const set = (StateValue: StateValue) =>
      cloudwatch.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a test' }));
    const before = await released.live();
    const { executionArn } = await released.begin('good');
    await eventually('a bake', async () => {
      const claim = await readClaim(client.table, cell.name);
      return (claim?.executionArn === executionArn && claim.waiting?.for === 'bake') || undefined;
    });
    await set('ALARM');
    const run = await client.follow(executionArn);
    await set('OK');
    const reason = expect.stringMatching(/^BakeRing: alarm .* rings since tenants were moved/);
    expect(run.failure).toMatchObject({ error: 'ReleaseUnhealthy', reason });
    expect(await released.live()).toMatchObject({ colour: before.colour });
  }));
