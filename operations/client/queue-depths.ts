import { GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';

/** Approximate numbers of messages ("GetQueueAttributes"). */
export interface QueueDepth {
  readonly visible: number;
  /**
   * Messages that somebody has received a moment ago and not deleted. They reappear after their
   * visibility timeout.
   */
  readonly hidden: number;
}

export async function queueDepth(sqs: Pick<SQSClient, 'send'>, QueueUrl: string): Promise<QueueDepth> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return {
    visible: Number(Attributes.ApproximateNumberOfMessages ?? 0),
    hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible ?? 0),
  };
}
