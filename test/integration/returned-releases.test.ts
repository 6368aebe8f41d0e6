import { readClaim } from '../../functions/delivery/release-store';
import { requestPage } from '../../local/page';
import { ReleasedCell } from '../support/released-cell';

let released: ReleasedCell;

beforeAll(async () => {
  released = await ReleasedCell.start();
}, 180_000);
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
    const { digest, run, visits } = await released.release(version);
    expect(run.failure).toMatchObject({ error, reason: expect.stringContaining(reason) });
    expect(visits.failed).toBe(0);
    expect([...visits.answers.keys()].filter((kind) => kind.includes(digest))).toEqual([]);
    expect(await released.live()).toMatchObject({ colour: before.colour });
    expect(await readClaim(released.client.table, released.cell.name)).toMatchObject({
      outcome: 'returned',
      failure: { error },
    });
  },
  120_000,
);

test('a version that fails behind the rule alone is returned by the cell’s own page, before any visitor sees it', async () => {
  const before = await released.live();
  const { digest, run, visits } = await released.release('pages fail behind their rule');
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
}, 120_000);

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
}, 120_000);
