import { type Replay, replaySignups, undeliveredSignups } from '../../../functions/acts/replay-signups';
import { queueDepth } from '../../../operations/client/queue-depths';
import { isLeft, replayText, tallyText } from '../../../operations/replay-text';
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

it('starts an execution with the event, then deletes the message from the queue', async () => {
  const { run, sfn, queue, order } = aScene();
  await expect(run()).resolves.toEqual([{ executionArn: 'arn:started', because: 'throttled' }]);
  const [sent] = sfn.inputs('StartExecutionCommand');
  expect(JSON.parse(String(sent?.input))).toEqual(event);
  expect(order).toEqual(['started', 'deleted']);
  expect(queue).toEqual([]);
});

it('starts no second execution of an event: the execution is named after it', async () => {
  const { run, queue } = aScene(awsError('ExecutionAlreadyExists'));
  await expect(run()).resolves.toEqual([
    { executionArn: `${machine.replace('stateMachine:', 'execution:')}:replay-${event.id}`, because: 'throttled' },
  ]);
  expect(queue).toEqual([]);
});

it('keeps the message on the queue when no execution could be started', async () => {
  const { run, queue, order } = aScene(awsError('ExecutionLimitExceeded'));
  await expect(run()).rejects.toMatchObject({ name: 'ExecutionLimitExceeded' });
  expect(order).toEqual(['started']);
  expect(queue).toHaveLength(1);
});

describe('G4: a message that is no signup event does not stop the replay', () => {
  const good = JSON.stringify(event);
  const odd = (change: object) => JSON.stringify({ ...event, ...change });

  /** A queue as SQS keeps it: what was received is hidden until it is deleted or shown again. */
  function aQueue(...bodies: string[]) {
    const messages = bodies.map((Body, index) => ({ MessageId: `m${index}`, ReceiptHandle: `r${index}`, Body }));
    const hidden = new Set<string>();
    const remove = (handle: string) =>
      messages.splice(0, messages.length, ...messages.filter((m) => m.ReceiptHandle !== handle));
    const sqs = new FakeClient({
      ReceiveMessageCommand: () => {
        const [next] = messages.filter(({ ReceiptHandle }) => !hidden.has(ReceiptHandle));
        if (next) hidden.add(next.ReceiptHandle);
        return next ? { Messages: [next] } : {};
      },
      DeleteMessageCommand: ({ ReceiptHandle }: { ReceiptHandle: string }) => remove(ReceiptHandle) && {},
      ChangeMessageVisibilityCommand: ({ ReceiptHandle }: { ReceiptHandle: string }) =>
        hidden.delete(ReceiptHandle) && {},
    });
    return { sqs, left: () => messages.filter((m) => !hidden.has(m.ReceiptHandle)).map(({ Body }) => Body) };
  }

  const replayed = async (deps: {
    sqs: FakeClient;
    sfn?: FakeClient;
    setAside?: ReadonlySet<string>;
    only?: ReadonlySet<string>;
  }) => {
    const sfn = deps.sfn ?? new FakeClient({ StartExecutionCommand: { executionArn: 'arn:started' } });
    const done: Replay[] = [];
    const stage = { stateMachineArn: machine, undeliveredSignupsUrl: 'http://queue' };
    for await (const one of replaySignups({ ...stage, sfn, ...deps })) done.push(one);
    return done;
  };

  it.each([
    ['a text that is no JSON', 'hello', 'no JSON'],
    ['an empty text', '', 'no JSON'],
    ['JSON that is no event', '{"hello":"world"}', 'id: expected the id of an event'],
    ['JSON that is no object', '[1]', 'no event of a signup'],
    ['null', 'null', 'no event of a signup'],
    ['an event without id', odd({ id: undefined }), 'id: expected the id of an event'],
    ['an event with an odd id', odd({ id: '../../etc/passwd' }), 'id: expected 1 to 72 letters'],
    ['an event with a number as id', odd({ id: 7 }), 'id: expected the id of an event'],
    ['an event with a long id', odd({ id: 'x'.repeat(73) }), 'id: expected 1 to 72 letters'],
    ['another event', odd({ 'detail-type': 'Invoice' }), 'detail-type: expected TenantSignedUp'],
    ['an event of another source', odd({ source: 'shop' }), 'source: expected billing'],
    ['an event without detail', odd({ detail: undefined }), 'detail: expected the signup'],
  ])('G4: reports and keeps %s; starts the good message behind it', async (_, bad, why) => {
    const { sqs, left } = aQueue(bad, good);
    for (let time = 0; time < 2; time++) {
      const [first, second] = await replayed({ sqs });
      expect(first).toMatchObject({ unreadable: { messageId: 'm0', body: bad, why: expect.stringContaining(why) } });
      if (time === 0) expect(second).toMatchObject({ executionArn: 'arn:started' });
      else expect(second).toBeUndefined();
      expect(left()).toEqual([bad]);
    }
  });

  it('G4: keeps a message that Step Functions refuses', async () => {
    const { sqs, left } = aQueue(good, odd({ id: 'other' }));
    const sfn = new FakeClient({
      StartExecutionCommand: (_: object, before: number) =>
        before === 0 ? awsError('InvalidExecutionInput', 'too long') : { executionArn: 'arn:started' },
    });
    const [first, second] = await replayed({ sqs, sfn });
    expect(first).toMatchObject({ unreadable: { why: expect.stringContaining('too long') } });
    expect(second).toMatchObject({ executionArn: 'arn:started' });
    expect(left()).toEqual([good]);
  });

  it('shows what a replay would start and leave, and takes nothing from the queue', async () => {
    const { sqs, left } = aQueue('hello', good, odd({ id: 'other', detail: 'odd' }));
    const shown: object[] = [];
    for await (const each of undeliveredSignups({ sqs, undeliveredSignupsUrl: 'http://queue' })) shown.push(each);
    expect(shown).toEqual([
      { messageId: 'm0', why: 'its body is no JSON' },
      { messageId: 'm1', because: 'EventBridge gives no reason', companyName: 'Acme GmbH', subdomain: 'acme' },
      { messageId: 'm2', because: 'EventBridge gives no reason' },
    ]);
    expect(left()).toHaveLength(3);
  });

  it('starts only the messages that were chosen', async () => {
    const other = odd({ id: 'other' });
    const { sqs, left } = aQueue(good, other);
    expect(await replayed({ sqs, only: new Set(['m1']) })).toHaveLength(1);
    expect(left()).toEqual([good]);
  });

  it('G4: deletes an unreadable message when an operator asks for it', async () => {
    const { sqs, left } = aQueue('hello', good, 'world');
    await replayed({ sqs, setAside: new Set(['m0']) });
    expect(left()).toEqual(['world']);
    await replayed({ sqs, setAside: new Set(['m2']) });
    expect(left()).toEqual([]);
  });

  it('G4: makes received messages visible again at once after a failed start', async () => {
    const { sqs, left } = aQueue('hello', good);
    const sfn = new FakeClient({ StartExecutionCommand: awsError('ExecutionLimitExceeded') });
    await expect(replayed({ sqs, sfn })).rejects.toThrow('ExecutionLimitExceeded');
    expect(left()).toEqual(['hello', good]);
  });
});

describe('the summary of a replay', () => {
  const nothing = { replayed: 0, unreadable: 0, setAside: false, hidden: 0, unmatched: { visible: 0, hidden: 0 } };

  it('says that the queue is empty only when nothing is on it', () => {
    expect(tallyText(nothing)).toEqual(['the dead-letter queue holds no signup']);
    expect(isLeft(nothing)).toBe(false);
  });

  it('G4: does not call the queue empty when its messages were received a moment ago', async () => {
    const depth = { ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '2' };
    const { hidden } = await queueDepth(
      new FakeClient({ GetQueueAttributesCommand: { Attributes: depth } }),
      'http://q',
    );
    const tally = { ...nothing, hidden };
    expect(tallyText(tally)).toEqual([expect.stringContaining('2 messages hidden')]);
    expect(isLeft(tally)).toBe(true);
  });

  it('G4: counts what is unreadable, and what lies on the queue of events that match no rule', () => {
    const tally = { ...nothing, replayed: 3, unreadable: 1, unmatched: { visible: 1, hidden: 0 } };
    expect(tallyText(tally)).toEqual([
      '3 replayed',
      '1 unreadable, kept on the queue',
      expect.stringContaining('1 message on the queue of events that match no rule'),
    ]);
    expect(isLeft(tally)).toBe(true);
    expect(isLeft({ ...tally, setAside: true })).toBe(false);
  });

  it('prints a message body with terminal control characters as plain text', () => {
    const text = replayText({ unreadable: { messageId: 'm', why: 'no JSON', body: '\u001b[2J', attributes: {} } });
    expect(text).toContain('\\u001b[2J');
    expect(text).not.toContain('\u001b');
  });
});
