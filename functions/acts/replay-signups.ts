import type { SFNClient } from '@aws-sdk/client-sfn';
import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import type { UndeliveredSignup } from '../contract/act';
import { SignupEventSchema } from '../contract/signup';
import { isNamed } from '../shared/is-named';
import { describeIssues } from '../shared/parse-at';
import { startOnce } from './executions';

interface QueueDeps {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly undeliveredSignupsUrl: string;
}

export interface ReplayDeps extends QueueDeps {
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly stateMachineArn: string;
  /** Ids of unreadable messages that an operator has kept elsewhere; all others stay on the queue. */
  readonly setAside?: ReadonlySet<string>;
  /** Ids of the messages that may start an onboarding; without it all may. */
  readonly only?: ReadonlySet<string>;
}

export interface Replayed {
  readonly executionArn: string;
  /** EventBridge's reason for not delivering the event. */
  readonly because: string;
}

/** A message that starts no execution. */
export interface Unreadable {
  readonly messageId: string;
  readonly why: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What became of one message. */
export type Replay = Replayed | { readonly unreadable: Unreadable };

/** The command has that long for ten messages, before others may receive them again; seconds. */
const HIDDEN_FOR = 120;

const EventSchema = SignupEventSchema.extend({
  id: z.string('expected the id of an event').regex(/^[\w-]{1,72}$/, 'expected 1 to 72 letters, digits, - or _'),
  detail: z.unknown().refine((detail) => detail !== undefined, 'expected the signup'),
});
type Event = z.output<typeof EventSchema>;

/** "StartExecution": what it refuses whenever this one input is sent. */
const REFUSES_THIS_INPUT = ['InvalidExecutionInput', 'InvalidName', 'ValidationException'] as const;

/** @returns why the body is no event of a signup, if it is none */
function eventIn(body: string): Event | string {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return 'its body is no JSON';
  }
  const parsed = EventSchema.safeParse(event);
  return parsed.success ? parsed.data : `its body is no event of a signup: ${describeIssues(parsed.error)}`;
}

function unreadable(message: Message, why: string): Replay {
  const { MessageId = 'without an id', Body = '', MessageAttributes = {} } = message;
  const attributes = Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue]);
  return { unreadable: { messageId: MessageId, why, body: Body, attributes: Object.fromEntries(attributes) } };
}

const reasonOf = ({ MessageAttributes }: Message) =>
  MessageAttributes?.ERROR_MESSAGE?.StringValue ?? 'EventBridge gives no reason';

/** Named by the event: replayed twice, it is one execution. */
async function replay({ sfn, stateMachineArn }: ReplayDeps, message: Message): Promise<Replay> {
  const event = eventIn(message.Body ?? '');
  if (typeof event === 'string') return unreadable(message, event);
  try {
    const { executionArn } = await startOnce(sfn, event, { stateMachineArn, name: `replay-${event.id}` });
    return { executionArn, because: reasonOf(message) };
  } catch (thrown) {
    if (!isNamed(thrown, ...REFUSES_THIS_INPUT)) throw thrown;
    return unreadable(message, `Step Functions refuses its body: ${thrown.message}`);
  }
}

/** At once and not only after the time-out: the alarm goes on, and a second replay names the message again. */
async function showAgain({ sqs, undeliveredSignupsUrl }: QueueDeps, messages: Iterable<Message>): Promise<void> {
  const shown = [...messages].map(({ ReceiptHandle }) =>
    sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl: undeliveredSignupsUrl, ReceiptHandle, VisibilityTimeout: 0 }),
    ),
  );
  // One that is not shown again now appears after the time-out.
  await Promise.allSettled(shown);
}

/**
 * Receives each message once. Those that are not deleted meanwhile are shown to others again in the
 * end.
 */
async function* received(deps: QueueDeps): AsyncGenerator<{
  readonly message: Message;
  readonly remove: () => Promise<void>;
}> {
  const { sqs, undeliveredSignupsUrl: QueueUrl } = deps;
  /** Received and not deleted, by id. */
  const open = new Map<string | undefined, Message>();
  const remove = async ({ MessageId, ReceiptHandle }: Message) => {
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    open.delete(MessageId);
  };
  try {
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl,
          MaxNumberOfMessages: 10,
          MessageAttributeNames: ['All'],
          VisibilityTimeout: HIDDEN_FOR,
          WaitTimeSeconds: 1,
        }),
      );
      if (Messages.length === 0) return;
      const fresh = Messages.filter(({ MessageId }) => !open.has(MessageId));
      for (const message of Messages) open.set(message.MessageId, message);
      for (const message of fresh) yield { message, remove: () => remove(message) };
    }
  } finally {
    await showAgain(deps, open.values());
  }
}

/**
 * Starts an execution with each event that the rule could not deliver, then takes it off the queue: in this order, so that a
 * crash between the two starts nothing twice and loses nothing. The message's body is the event ("Using dead-letter queues to
 * process undelivered events"). A message that is no such event stops nobody: it stays on the queue until an operator has set it aside.
 *
 * @throws the error of a start that fails for another reason than the message; the message stays on the queue
 */
export async function* replaySignups(deps: ReplayDeps): AsyncGenerator<Replay> {
  const { setAside, only } = deps;
  for await (const { message, remove } of received(deps)) {
    const { MessageId = '' } = message;
    if (only && !only.has(MessageId) && !setAside?.has(MessageId)) continue;
    const done = await replay(deps, message);
    if (!('unreadable' in done) || setAside?.has(done.unreadable.messageId)) await remove();
    yield done;
  }
}

/** Fields by which an operator knows a signup; neither is there for certain. */
const ShownSchema = z
  .object({ companyName: z.string().optional().catch(undefined), subdomain: z.string().optional().catch(undefined) })
  .catch({});

/** What a replay would start, and what it would leave. Every message stays on the queue. */
export async function* undeliveredSignups(
  deps: QueueDeps,
): AsyncGenerator<UndeliveredSignup | { readonly messageId: string; readonly why: string }> {
  for await (const { message } of received(deps)) {
    const { MessageId: messageId = '', Body = '' } = message;
    const event = eventIn(Body);
    if (typeof event === 'string') yield { messageId, why: event };
    else yield { messageId, because: reasonOf(message), ...ShownSchema.parse(event.detail) };
  }
}
