import type { ReleaseClaim } from '../functions/contract/records';
import { RING_ZERO } from '../functions/delivery/ring-zero';
import type { CellReleases, RetriedMove, Steering } from './client/releases';

/** A digest as far as a person compares it. */
export const shortDigest = (digest: string | undefined) => digest?.slice(0, 19) ?? 'the image of the deployment';

/** What a ring has moved. */
export const ringText = ({ ring, tenants }: ReleaseClaim['rings'][number]) =>
  ring === RING_ZERO ? "ring 0: the cell's own page" : `ring ${ring}: ${tenants} tenants`;

const AFTER_A_STOP: Readonly<Record<NonNullable<CellReleases['stopped']>, string>> = {
  redrivable: 'redrive the execution, or release --back',
  'for-good': 'AWS can no longer redrive it, and its tenants get the live version within some minutes',
};

/** State of a cell and its releases, as text. */
export function releasesText({ cell, live, claim, stopped, tenants }: CellReleases): string {
  const rows: (readonly [string, string])[] = [
    [
      'live',
      live
        ? `${live.colour}, ${shortDigest(live.digest)}, since ${live.since}`
        : 'unknown: see docs/runbook.md#live-colour',
    ],
    ...(live?.idle ? ([['idle', `${live.idle.colour} until ${live.idle.keepUntil}: ${live.idle.why}`]] as const) : []),
  ];
  if (claim) {
    const open = stopped ? `stopped, at ${claim.phase}: ${AFTER_A_STOP[stopped]}` : `under way, at ${claim.phase}`;
    const state = claim.endedAt ? `${claim.outcome} at ${claim.endedAt}` : open;
    rows.push(['release', `${claim.releaseId}, ${shortDigest(claim.digest)}, ${claim.from} to ${claim.to}: ${state}`]);
    if (claim.intent !== 'go') rows.push(['', `an operator wants it ${claim.intent === 'hold' ? 'held' : 'back'}`]);
    for (const ring of claim.rings) rows.push(['', `${ringText(ring)} at ${ring.at}`]);
    if (claim.failure) rows.push(['', `${claim.failure.error} at ${claim.failure.step}: ${claim.failure.reason}`]);
    rows.push(['execution', claim.executionArn]);
  }
  const moved = tenants.map(
    ({ host, colour, at, release, counts }) =>
      `  ${host.padEnd(40)} ${counts ? `on ${colour}` : 'as live'}, moved at ${at} by ${release}`,
  );
  return [`cell ${cell}`, ...rows.map(([name, text]) => `  ${name.padEnd(10)} ${text}`), ...moved].join('\n');
}

export function steeringText(cell: string, steering: Steering): string {
  if (steering.how === 'nothing') return `cell ${cell}: ${steering.because}`;
  if (steering.how === 'steered') return `cell ${cell}: release ${steering.releaseId} has the order`;
  return `cell ${cell}: release ${steering.releaseId} of the image before, ${shortDigest(steering.digest)}`;
}

export function retriedText({ host, before, colour }: RetriedMove): string {
  if (!colour) return `the rule of ${host} was made again, and answers 503: the tenant is suspended`;
  if (before === colour) return `${host} is on ${colour}, where it belongs, and its page is served`;
  return `${host} was moved from ${before ?? 'no colour'} to ${colour}, and its page is served`;
}
