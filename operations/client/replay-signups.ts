import type { SFNClient } from '@aws-sdk/client-sfn';
import { DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { isNamed } from '../../functions/shared/is-named';
import { executionArnOf, start } from './executions';

export interface ReplayDeps {
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly undeliveredSignupsUrl: string;
  readonly stateMachineArn: string;
}

export interface Replayed {
  readonly executionArn: string;
  /** EventBridge's reason for not delivering the event. */
  readonly because: string;
}

const EventSchema = z.looseObject({ id: z.string().regex(/^[\w-]{1,72}$/) });

/** Named by the event: replayed twice, it is one execution ("StartExecution": a name is taken for 90 days). */
async function startOnce({ sfn, stateMachineArn }: ReplayDeps, body: string): Promise<string> {
  const event: unknown = JSON.parse(body);
  const name = `replay-${EventSchema.parse(event).id}`;
  try {
    return await start(sfn, event, { stateMachineArn, name });
  } catch (thrown) {
    if (!isNamed(thrown, 'ExecutionAlreadyExists')) throw thrown;
    return executionArnOf(stateMachineArn, name);
  }
}

async function replay(deps: ReplayDeps, { Body = '', ReceiptHandle, MessageAttributes }: Message): Promise<Replayed> {
  const executionArn = await startOnce(deps, Body);
  await deps.sqs.send(new DeleteMessageCommand({ QueueUrl: deps.undeliveredSignupsUrl, ReceiptHandle }));
  return { executionArn, because: MessageAttributes?.ERROR_MESSAGE?.StringValue ?? 'EventBridge gives no reason' };
}

/**
 * Starts an execution with each event that the rule could not deliver, then takes it off the queue: in this order, so that a
 * crash between the two starts nothing twice and loses nothing. The message's body is the event ("Using dead-letter queues to
 * process undelivered events").
 */
export async function* replaySignups(deps: ReplayDeps): AsyncGenerator<Replayed> {
  for (;;) {
    const { Messages = [] } = await deps.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: deps.undeliveredSignupsUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
        WaitTimeSeconds: 1,
      }),
    );
    if (Messages.length === 0) return;
    for (const message of Messages) yield await replay(deps, message);
  }
}
