import { replaySignups } from '../../../operations/client/replay-signups';
import { aSignupEvent } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';

const event = aSignupEvent();
const machine = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantOnboarding';

function aScene(started: object = { executionArn: 'arn:started' }) {
  const queue = [
    {
      Body: JSON.stringify(event),
      ReceiptHandle: 'r1',
      MessageAttributes: { ERROR_MESSAGE: { StringValue: 'throttled' } },
    },
  ];
  const order: string[] = [];
  const sqs = new FakeClient({
    ReceiveMessageCommand: () => ({ Messages: [...queue] }),
    DeleteMessageCommand: () => {
      order.push('deleted');
      queue.pop();
      return {};
    },
  });
  const sfn = new FakeClient({
    StartExecutionCommand: () => {
      order.push('started');
      return started;
    },
  });
  const run = async () => {
    const replayed: object[] = [];
    const deps = { sqs, sfn, stateMachineArn: machine, undeliveredSignupsUrl: 'http://queue' };
    for await (const each of replaySignups(deps)) replayed.push(each);
    return replayed;
  };
  return { run, sfn, queue, order };
}

it('starts an execution with the event, then takes it off the queue', async () => {
  const { run, sfn, queue, order } = aScene();
  await expect(run()).resolves.toEqual([{ executionArn: 'arn:started', because: 'throttled' }]);
  const [sent] = sfn.inputs('StartExecutionCommand');
  expect(JSON.parse(String(sent?.input))).toEqual(event);
  expect(order).toEqual(['started', 'deleted']);
  expect(queue).toEqual([]);
});

it('starts nothing twice: the execution is named by the event', async () => {
  const { run, queue } = aScene(awsError('ExecutionAlreadyExists'));
  await expect(run()).resolves.toEqual([
    { executionArn: `${machine.replace('stateMachine:', 'execution:')}:replay-${event.id}`, because: 'throttled' },
  ]);
  expect(queue).toEqual([]);
});

it('keeps the message when nothing could be started', async () => {
  const { run, queue, order } = aScene(awsError('ExecutionLimitExceeded'));
  await expect(run()).rejects.toMatchObject({ name: 'ExecutionLimitExceeded' });
  expect(order).toEqual(['started']);
  expect(queue).toHaveLength(1);
});
