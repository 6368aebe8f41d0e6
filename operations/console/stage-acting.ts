import type * as z from 'zod';
import type { CellDescriptor } from '../../functions/contract/cell';
import { type Intent, Releases } from '../client/releases';
import type { StageClient } from '../client/stage-client';
import { failureOf } from '../ops/exit';
import { shortDigest, steeringText } from '../release-text';
import { signupText } from '../replay-text';
import { OUTCOMES } from './acting';
import type {
  StageActRequestSchema,
  StageActResult,
  StageActResultsSchema,
  StagePreview,
  StagePreviewRequestSchema,
} from './api/stage-acts';
import { Refused } from './refused';

type Order = z.output<typeof StageActRequestSchema>;

/** What an order to a release under way does. */
const STEERING: Readonly<Record<Intent, string>> = {
  hold: 'Holds the release after the ring under way. Tenants that were moved stay on the new version, the others on the former.',
  go: 'Lets the release continue, and ends the time of the ring under way at once.',
  back: 'Returns the tenants that were moved to the former version, and ends the release.',
};

async function cellCalled(releases: Releases, name: string): Promise<CellDescriptor> {
  const [cell] = await releases.cellsCalled(name);
  if (!cell) throw new Refused('NotFound', `there is no cell ${name}`);
  return cell;
}

/** What an order would touch: the tenants that the release has moved or, without one, the cell as a whole. */
async function previewSteering(client: StageClient, act: Intent, cell: string): Promise<StagePreview> {
  const releases = new Releases(client);
  const descriptor = await cellCalled(releases, cell);
  const { claim, live, tenants } = await releases.status(descriptor);
  const asked = { left: [], confirm: cell, isTyped: act === 'back', needsReason: true };
  if (claim && !claim.endedAt) {
    const moved = tenants.filter(({ counts }) => counts);
    const targets = moved.map(({ host, colour }) => ({ id: host, text: `${host}: now on ${colour}` }));
    const does = `${STEERING[act]} Release ${claim.releaseId} is at ${claim.phase}; it has moved ${moved.length} tenants.`;
    return { ...asked, does, targets: act === 'back' ? targets : [] };
  }
  if (act !== 'back')
    return { ...asked, does: STEERING[act], targets: [], impossible: `No release is under way in cell ${cell}.` };
  const does = 'Starts a release of the image before, which moves all tenants of the cell, ring by ring.';
  const former = live?.formerDigest;
  if (!former) return { ...asked, does, targets: [], impossible: 'No release has brought the version that is live.' };
  return { ...asked, does, targets: [{ id: cell, text: `cell ${cell}: the image ${shortDigest(former)} comes back` }] };
}

const confirmationOfReplay = (count: number) => `${count} ${count === 1 ? 'signup' : 'signups'}`;

async function previewReplay(client: StageClient): Promise<StagePreview> {
  const { signups, unreadable, more } = await client.previewReplay();
  return {
    does: 'Starts the onboarding of each of these signups, and takes its message off the queue.',
    targets: signups.map((signup) => ({
      ...{ id: signup.messageId, text: `${signupText(signup)}, undelivered: ${signup.because}` },
    })),
    left: [
      ...unreadable.map(({ messageId: id, why }) => ({ id, because: `${why}; \`ops replay --set-aside\` keeps it` })),
      ...(more ? [{ id: 'further messages', because: 'a replay takes a hundred at once' }] : []),
    ],
    ...(signups.length === 0 && { impossible: 'The queue holds no signup that can be started.' }),
    ...{ confirm: confirmationOfReplay(signups.length), isTyped: false, needsReason: false },
  };
}

/** What an act on no single tenant would touch. Nothing is changed. */
export const previewStageAct = (client: StageClient, { order }: z.output<typeof StagePreviewRequestSchema>) =>
  order.act === 'replay' ? previewReplay(client) : previewSteering(client, order.act, order.cell);

async function replay(client: StageClient, { targets, reason }: Order): Promise<StageActResult[]> {
  const { messages } = await client.replayOnly(targets, reason);
  const results = messages.map(
    (message): StageActResult =>
      'unreadable' in message
        ? { outcome: 'failed', message: `message ${message.unreadable.messageId}: ${message.unreadable.why}` }
        : { outcome: 'done', message: `started: ${message.executionArn}`, executionArn: message.executionArn },
  );
  const gone = targets.length - results.length;
  if (gone <= 0) return results;
  return [
    ...results,
    { outcome: 'nothing', message: `${gone} are no longer on the queue: another replay has started them` },
  ];
}

async function steer(
  client: StageClient,
  act: Intent,
  cell: string,
  reason: string | undefined,
): Promise<StageActResult> {
  const releases = new Releases(client);
  const descriptor = await cellCalled(releases, cell);
  const done = await releases.steer(descriptor, act, reason);
  const execution = done.how === 'nothing' ? {} : { executionArn: done.executionArn };
  return { outcome: done.how === 'nothing' ? 'nothing' : 'done', message: steeringText(cell, done), ...execution };
}

/** @throws Refused when the request is not what a preview has shown */
function requireConfirmation({ order, targets, reason, confirm }: Order): void {
  const wanted = order.act === 'replay' ? confirmationOfReplay(targets.length) : order.cell;
  if (order.act === 'replay' && targets.length === 0)
    throw new Refused('InvalidRequest', 'expected the messages that a preview tells', 'targets');
  if (order.act !== 'replay' && reason === undefined)
    throw new Refused('InvalidRequest', `${order.act} needs a reason, for the record`, 'reason');
  if (confirm.trim() !== wanted) throw new Refused('InvalidRequest', `expected \`${wanted}\``, 'confirm');
}

/** Performs an act on no single tenant. It is on record under the caller's ARN, as every act of `ops` is. */
export async function stageAct(client: StageClient, request: Order): Promise<z.output<typeof StageActResultsSchema>> {
  requireConfirmation(request);
  const { order, reason } = request;
  try {
    if (order.act === 'replay') return { results: await replay(client, request) };
    return { results: [await steer(client, order.act, order.cell, reason)] };
  } catch (thrown) {
    if (thrown instanceof Refused) throw thrown;
    const { code, error, message, advice } = failureOf(thrown);
    return { results: [{ outcome: OUTCOMES[code] ?? 'failed', error, message, ...(advice && { advice }) }] };
  }
}
