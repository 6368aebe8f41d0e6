import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { targetStates } from '../compute/target-health';
import { type PageRequest, requestPage } from '../compute/tenant-page';
import { PlatformError } from '../contract/errors';
import { JudgeRingInput, JudgeRingOutput } from '../contract/release';
import type { LoadBalancer } from '../routing/host-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { pause } from '../shared/invocation';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { requireNotRecalled } from './intent';
import { note, ownClaim } from './release-store';
import { forEachTenant, isMovedBy, tenantsOf } from './tenants-of-cell';

export interface JudgeRingDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly page: PageRequest;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/**
 * Requests for each page. A page is bad when three in a row fail; together they find a version that
 * fails one request in twenty, with many tenants.
 */
const REQUESTS = 10;
const IN_A_ROW = 3;
const BETWEEN_MS = 50;
/** So many failed requests of all, and more than one in a hundred, are no accident. */
const LEAST_FAILED = 3;
const SHARE = 0.01;

/** The statuses that the page answered; 0 for a request without an answer. */
async function ask({ page, wait = pause }: JudgeRingDeps, request: Parameters<PageRequest>): Promise<number[]> {
  const statuses: number[] = [];
  for (let count = 0; count < REQUESTS; count++) {
    if (count > 0) await wait(BETWEEN_MS);
    const { status } = await page(...request).catch(() => ({ status: 0 }));
    statuses.push(status);
  }
  return statuses;
}

/** A customer may have removed the page: 404 is an answer of the shared service, too. */
const isFailed = (status: number) => status === 0 || status >= 500;

const failsInARow = (statuses: readonly number[]) =>
  statuses.some(
    (_, index) => index + IN_A_ROW <= statuses.length && statuses.slice(index, index + IN_A_ROW).every(isFailed),
  );

/**
 * Judges the tenants that the release has moved, after their bake.
 *
 * 1. An operator may have taken the release back, or want it held.
 * 2. The new colour must have a healthy target, and no unhealthy one.
 * 3. Ask for the page of each moved tenant, as visitors do. Three failures in a row of one page, or
 *    three in all that are more than one in a hundred, are too many.
 *
 * It has no undo, because it changes nothing.
 *
 * Throws `ReleaseUnhealthy`, `ReleaseRecalled`, `ClaimLost`.
 *
 * Retry budget: 20 retries, 2 + 4 + 8 + 16 + 32 + 15 x 60 = 962 s at most, half on average.
 */
export const judgeRing: Action<typeof JudgeRingInput, typeof JudgeRingOutput, JudgeRingDeps> = {
  name: 'JudgeRing',
  input: JudgeRingInput,
  output: JudgeRingOutput,
  run: async (deps, { release, executionArn }) => {
    const { table, elb } = deps;
    const { cell, to, attempt } = release;
    const claim = await ownClaim(table, { release, executionArn });
    requireNotRecalled(claim);
    await note(table, cell.name, executionArn, { phase: 'JudgeRing', waiting: undefined });
    const states = await targetStates(elb, cell.targetGroupArns[to]);
    // Scaling adds targets that are `initial`, and takes away some that are `draining`.
    if (!states.includes('healthy') || states.includes('unhealthy'))
      throw new PlatformError('ReleaseUnhealthy', `targets of ${to} are ${states.join(', ') || 'gone'}`);
    const moved = (await tenantsOf(table, cell, ['ACTIVE'])).filter(isMovedBy(attempt));
    const answers: { host: string; statuses: number[] }[] = [];
    await forEachTenant(moved, async ({ host }) => {
      answers.push({ host, statuses: await ask(deps, [cell, host]) });
    });
    const all = answers.flatMap(({ statuses }) => statuses);
    const failed = all.filter(isFailed).length;
    const down = answers.filter(({ statuses }) => failsInARow(statuses)).map(({ host }) => host);
    if (down.length > 0 || (failed >= LEAST_FAILED && failed > all.length * SHARE))
      throw new PlatformError(
        'ReleaseUnhealthy',
        `${failed} of ${all.length} requests to moved tenants failed; down: ${down.slice(0, 5).join(', ') || 'none'}`,
      );
    return { verdict: claim.intent === 'hold' ? 'held' : 'good', asked: all.length };
  },
};

export const handler = actionHandler(judgeRing, {
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  page: requestPage,
});
