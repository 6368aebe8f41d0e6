import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { alarmsSince } from '../compute/cell-alarms';
import { trafficSince } from '../compute/colour-traffic';
import type { CellDescriptor } from '../contract/cell';
import type { ReleaseClaim } from '../contract/records';
import { settled } from '../shared/settled';
import { judgeTraffic } from './judge-traffic';

export interface ObserveColourDeps {
  readonly cloudwatch: Pick<CloudWatchClient, 'send'>;
  readonly now: () => Date;
}

/** What visitors of the new colour have met since the last ring was moved, and what has begun to ring since the first. */
export async function observeColour(
  { cloudwatch, now }: ObserveColourDeps,
  cell: CellDescriptor,
  { rings, from, to, slower }: Pick<ReleaseClaim, 'rings' | 'from' | 'to' | 'slower'>,
): Promise<ReturnType<typeof judgeTraffic>> {
  const [first, last] = [rings.at(0), rings.at(-1)];
  if (!first || !last) return { verdict: 'quiet' };
  const [ringing, traffic] = await settled([
    alarmsSince(cloudwatch, cell, new Date(first.at)),
    trafficSince(cloudwatch, cell, new Date(last.at), now()),
  ]);
  if (ringing.length > 0)
    return { verdict: 'bad', because: `alarm ${ringing.join(', ')} rings since tenants were moved` };
  return judgeTraffic(traffic[to], traffic[from], slower);
}
