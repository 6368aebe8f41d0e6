import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { targetStates } from '../compute/target-health';
import { requestPage } from '../compute/tenant-page';
import { PlatformError } from '../contract/errors';
import { JudgeRingInput, JudgeRingOutput } from '../contract/release';
import type { LoadBalancer } from '../routing/host-rule';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { type AskPagesDeps, askPages, isDown, isFailed, medianOf, type PageAnswers } from './ask-pages';
import { requireNotRecalled } from './intent';
import { isFailing, isSlower, told } from './judge-traffic';
import { type ObserveColourDeps, observeColour } from './observe-colour';
import { note, ownClaim } from './release-store';
import { hasMovedRingZero } from './ring-zero';
import { isMovedBy, tenantsOf } from './tenants-of-cell';

export interface JudgeRingDeps extends AskPagesDeps, ObserveColourDeps {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
}

/**
 * Requests for each page: some where visitors' requests speak for the version, and else as many as are
 * a verdict of their own. All rings together must stay below what a web ACL lets one address ask for in
 * five minutes (infra/config/stages.ts: 2,000).
 */
const REQUESTS = { good: 10, quiet: 60 } as const;
const MOST_REQUESTS = 650;
const LEAST_FOR_PAGE = 5;
/** Tenants of the live version whose pages are the measure for those of the new one. */
const MEASURES = 5;

const unhealthy = (why: string) => new PlatformError('ReleaseUnhealthy', why);

/** In turn, so that what slows the network slows both versions. */
function inTurn(moved: readonly string[], staying: readonly string[]): string[] {
  const length = Math.max(moved.length, staying.length);
  return Array.from({ length }, (_, index) => [moved[index], staying[index]])
    .flat()
    .flatMap((host) => host ?? []);
}

/** @throws PlatformError `ReleaseUnhealthy` when too many requests failed, or a page is down */
function requireServed(answers: readonly PageAnswers[], pages: string): number {
  const all = answers.flatMap(({ statuses }) => statuses);
  const failed = all.filter(isFailed).length;
  const down = answers.filter(isDown).map(({ host }) => host);
  if (down.length === 0 && !isFailing(failed, all.length)) return all.length;
  throw unhealthy(
    `${failed} of ${all.length} requests to ${pages} failed; down: ${down.slice(0, 5).join(', ') || 'none'}`,
  );
}

/** Nobody removes the page of ring 0, as a customer may: without it the way there is broken. @throws PlatformError `ReleaseUnhealthy` */
function requireShown(answers: readonly PageAnswers[], ofRingZero: string | undefined): void {
  const statuses = answers.filter(({ host }) => host === ofRingZero).flatMap((answer) => answer.statuses);
  const missing = statuses.filter((status) => status === 404).length;
  if (missing > 0)
    throw unhealthy(`the page of ring 0, ${ofRingZero}, answers 404 to ${missing} of ${statuses.length}`);
}

/** @throws PlatformError `ReleaseUnhealthy` when the pages of moved tenants take too long */
function requireQuick(moved: readonly PageAnswers[], staying: readonly PageAnswers[]): void {
  const middle = (answers: readonly PageAnswers[]) => medianOf(answers.flatMap(({ seconds }) => seconds));
  const [fresh, live] = [middle(moved), middle(staying)];
  if (fresh === undefined || !isSlower(fresh, live)) return;
  const beside = live === undefined ? 'too long' : `those of the live version ${told(live)}`;
  throw unhealthy(`pages of moved tenants take ${told(fresh)}, ${beside}`);
}

/**
 * Judges the tenants that the release has moved, after their bake.
 *
 * 1. An operator may have taken the release back, or want it held.
 * 2. The new colour must have a healthy target, and no unhealthy one.
 * 3. Visitors' requests since the ring was moved, as the load balancer has counted them: failed ones
 *    and times of both colours, and alarms that have begun to ring (judge-traffic.ts).
 * 4. Ask for the page of each moved tenant, as visitors do. Three failures in a row of one page, or
 *    three in all that are more than one in a hundred, are too many. Where visitors have sent too few
 *    requests for a verdict, these decide, also about the time: beside pages of tenants that have the
 *    live version still.
 *
 * A version that may be slower, as its team knows, is not compared: what answers within 2 s is quick enough.
 *
 * While ring 0 alone was moved, the page is the cell's own, and no visitor asks for it: requests to it
 * decide, beside those to one page of the live version. It must be there.
 *
 * It has no undo, because it changes nothing.
 *
 * Throws `ReleaseUnhealthy`, `ReleaseRecalled`, `ClaimLost`.
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
      throw unhealthy(`targets of ${to} are ${states.join(', ') || 'gone'}`);
    const observed = await observeColour(deps, cell, claim);
    if (observed.verdict === 'bad') throw unhealthy(observed.because);
    const tenants = await tenantsOf(table, cell, ['ACTIVE']);
    const isMoved = isMovedBy(attempt);
    const ofRingZero = hasMovedRingZero(claim) && !tenants.some(isMoved) ? cell.ringZero?.host : undefined;
    const moved = ofRingZero ? [ofRingZero] : tenants.filter(isMoved).map(({ host }) => host);
    const staying = tenants.filter((tenant) => !isMoved(tenant)).map(({ host }) => host);
    const asking = inTurn(moved, staying.slice(0, ofRingZero ? 1 : MEASURES));
    const affordable = Math.max(LEAST_FOR_PAGE, Math.floor(MOST_REQUESTS / asking.length));
    const answers = await askPages(deps, cell, asking, Math.min(REQUESTS[observed.verdict], affordable));
    const hosts = new Set(moved);
    const [ofMoved, ofStaying] = [
      answers.filter(({ host }) => hosts.has(host)),
      answers.filter(({ host }) => !hosts.has(host)),
    ];
    requireShown(ofMoved, ofRingZero);
    const asked = requireServed(ofMoved, ofRingZero ? 'the page of ring 0' : 'moved tenants');
    if (observed.verdict === 'quiet') requireQuick(ofMoved, claim.slower ? [] : ofStaying);
    return { verdict: claim.intent === 'hold' ? 'held' : 'good', asked };
  },
};

export const handler = actionHandler(judgeRing, {
  table: tenantsTable(),
  elb: new ElasticLoadBalancingV2Client(clientOptions),
  cloudwatch: new CloudWatchClient(clientOptions),
  page: requestPage,
  now: () => new Date(),
});
