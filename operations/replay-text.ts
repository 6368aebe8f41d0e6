import type * as z from 'zod';
import type { Replay, Unreadable } from '../functions/acts/replay-signups';
import type { PreviewReplayAnswer } from '../functions/contract/act';
import type { QueueDepth } from './client/queue-depths';

/** Escaped, because the body may contain anything, such as characters that clear a terminal. */
const excerpt = (body: string) => JSON.stringify(body.length > 200 ? `${body.slice(0, 200)}...` : body);

const unreadableText = ({ messageId, why, body }: Unreadable) =>
  `unreadable: message ${messageId}: ${why}\n  ${excerpt(body)}`;

/** What the replay did with one message. */
export const replayText = (done: Replay) =>
  'unreadable' in done ? unreadableText(done.unreadable) : `${done.executionArn}  (undelivered: ${done.because})`;

type Preview = z.output<typeof PreviewReplayAnswer>;

/** A signup as far as it can be read. */
export const signupText = ({ companyName = 'unknown company', subdomain = '-' }: Preview['signups'][number]) =>
  `${companyName} (${subdomain})`;

const messages = (count: number) => `${count} ${count === 1 ? 'message' : 'messages'}`;

const hiddenText = (hidden: number): string[] =>
  hidden > 0
    ? [`${messages(hidden)} hidden, because somebody has just received them: replay again in some minutes`]
    : [];

/** What a replay would do with each message. @param hidden messages that somebody else has received */
export const replayPreviewText = ({ signups, unreadable, more }: Preview, hidden: number): string[] => [
  ...signups.map((signup) => `${signupText(signup)}: would start an onboarding  (undelivered: ${signup.because})`),
  ...unreadable.map(({ messageId, why }) => `unreadable, would stay: message ${messageId}: ${why}`),
  ...(signups.length + unreadable.length + hidden === 0 ? ['the dead-letter queue holds no signup'] : []),
  ...hiddenText(hidden),
  ...(more ? ['and perhaps more'] : []),
];

export interface Tally {
  readonly replayed: number;
  readonly unreadable: number;
  /** Whether unreadable messages were deleted from the queue. */
  readonly setAside: boolean;
  /** Messages that somebody else has received: hidden before, or received while this replay looked for them. */
  readonly hidden: number;
  /** Depth of the queue of events that match no rule. */
  readonly unmatched: QueueDepth;
}

/** The last lines of a replay: what it did, and what a person still has to do. */
export function tallyText({ replayed, unreadable, setAside, hidden, unmatched }: Tally): string[] {
  const others = unmatched.visible + unmatched.hidden;
  return [
    ...(replayed + unreadable + hidden === 0 ? ['the dead-letter queue holds no signup'] : []),
    ...(replayed > 0 ? [`${replayed} replayed`] : []),
    ...(unreadable > 0 ? [`${unreadable} unreadable, ${setAside ? 'set aside' : 'kept on the queue'}`] : []),
    ...hiddenText(hidden),
    ...(others > 0
      ? [`${messages(others)} on the queue of events that match no rule: docs/runbook.md#event-unmatched`]
      : []),
  ];
}

/** Whether a person must look at the queue again. */
export const isLeft = ({ unreadable, setAside, hidden }: Tally) => hidden > 0 || (unreadable > 0 && !setAside);
