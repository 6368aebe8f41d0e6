import { type LiveState, LiveUpdates, waitBefore } from '../../../../operations/console/page/live-updates';

/** A console whose streams a test writes and cuts. */
class FakeStreams {
  readonly opened: { topics: readonly string[]; lastEventId: string | undefined }[] = [];
  private streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  answers: (() => Response)[] = [];

  readonly open = async (topics: readonly string[], headers: Readonly<Record<string, string>>, signal: AbortSignal) => {
    this.opened.push({ topics, lastEventId: headers['last-event-id'] });
    const answer = this.answers.shift();
    if (answer) return answer();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.streams.push(controller);
        signal.addEventListener('abort', () => controller.error(signal.reason));
      },
    });
    return new Response(body);
  };

  send(id: number, event: string, data: unknown): void {
    const text = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.streams.at(-1)?.enqueue(new TextEncoder().encode(text));
  }

  cut(): void {
    this.streams.at(-1)?.error(new Error('cut'));
  }
}

const until = async (holds: () => boolean) => {
  for (let turn = 0; turn < 500 && !holds(); turn += 1) await new Promise(setImmediate);
  expect(holds()).toBe(true);
};

let streams: FakeStreams;
let live: LiveUpdates;
let states: LiveState[];
let read: string[];
const watch = (topic: string) => live.watch([topic], () => read.push(topic));

beforeEach(() => {
  streams = new FakeStreams();
  live = new LiveUpdates(streams.open, () => new Promise(setImmediate));
  states = [];
  read = [];
  live.listen(() => states.push(live.state));
  void live.run();
});
afterEach(() => live.stop());

const begin = async (topic: string) => {
  const unwatch = watch(topic);
  await until(() => streams.opened.at(-1)?.topics.includes(topic) === true);
  streams.send(1, 'changed', { topics: [] });
  await until(() => read.length === 1);
  read.length = 0;
  return unwatch;
};

test('reads a topic again once its stream has begun, and after each change of it', async () => {
  await begin('tenants');
  streams.send(2, 'changed', { topics: ['tenants', 'cells'] });
  await until(() => read.length === 1);
});

test('after a lost connection says so, asks from the last event on, and reads everything again', async () => {
  await begin('tenants');
  streams.answers = [() => new Response(null, { status: 502 })];
  streams.cut();
  await until(() => streams.opened.at(-1)?.lastEventId === '1' && live.state.connected);
  expect(states.map(({ connected }) => connected)).toContain(false);
  streams.send(2, 'changed', { topics: [] });
  await until(() => read.length === 1);
});

test('asks once for the topics of the next view, and is not lost meanwhile', async () => {
  const unwatch = await begin('tenants');
  const before = streams.opened.length;
  unwatch();
  watch('queues');
  watch('cells');
  await until(() => streams.opened.length === before + 1);
  expect(streams.opened.at(-1)).toEqual({ topics: ['cells', 'queues'], lastEventId: '1' });
  expect(states.every(({ connected }) => connected)).toBe(true);
});

test('reads everything again when events were missed', async () => {
  await begin('tenants');
  streams.send(9, 'reload', {});
  await until(() => read.length === 1);
});

test('tells that AWS does not answer, until it does', async () => {
  await begin('tenants');
  streams.send(2, 'problem', { error: 'ExpiredToken', message: 'expired' });
  await until(() => live.state.problem?.error === 'ExpiredToken');
  streams.send(3, 'problem', {});
  await until(() => live.state.problem === undefined);
});

test('takes a stream as lost that not even a heartbeat comes over', async () => {
  live.stop();
  live = new LiveUpdates(streams.open, () => new Promise(setImmediate), 20);
  void live.run();
  await until(() => streams.opened.length === 2);
  while (streams.opened.length === 2) await new Promise((resolve) => setTimeout(resolve, 5));
});

test('stops when the console refuses the token', async () => {
  await begin('tenants');
  streams.answers = [() => new Response(null, { status: 401 })];
  const before = streams.opened.length;
  streams.cut();
  await until(() => streams.opened.length === before + 1);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  expect(streams.opened.length).toBe(before + 1);
});

test('waits longer from attempt to attempt, and at most five seconds', () => {
  expect([0, 1, 2, 10].map((attempt) => waitBefore(attempt, () => 1))).toEqual([250, 500, 1000, 5000]);
  expect(waitBefore(0, () => 0)).toBe(125);
});
