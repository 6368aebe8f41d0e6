import type { ServerResponse } from 'node:http';
import { ServerEventSchema } from '../../../operations/console/api/events';
import { EventStreams } from '../../../operations/console/event-streams';
import type { Probe } from '../../../operations/console/probes';
import { awsError } from '../../support/fake-client';

beforeEach(() => jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] }));
afterEach(() => {
  jest.useRealTimers();
});

/** Lets time pass, and the answers of the probes arrive. */
const passes = (milliseconds: number) => jest.advanceTimersByTimeAsync(milliseconds);

class Subject {
  readonly asked: string[] = [];
  readonly changed: string[] = [];
  failure: Error | undefined;

  probe(name: string, slowMs = 1_000, calls = 1): Probe {
    const answer = async () => {
      this.asked.push(...Array(calls).fill(name));
      if (this.failure) throw this.failure;
      return this.changed.splice(0);
    };
    const begin = async () => {
      await answer();
    };
    return { name, slowMs: () => slowMs, fastMs: 200, calls: () => calls, begin, ask: answer };
  }
}

/** A tab: what it was sent. */
class Tab {
  private readonly written: string[] = [];
  private closed: (() => void) | undefined;

  readonly response = {
    writeHead: () => {},
    write: (text: string) => this.written.push(text),
    end: () => {},
    on: (_: string, close: () => void) => {
      this.closed = close;
    },
  } as unknown as ServerResponse;

  close(): void {
    this.closed?.();
  }

  get events() {
    const blocks = this.written.filter((text) => text !== ':\n\n');
    return blocks.map((block) => {
      const [, id = '', event, data = ''] = /^id: (.+)\nevent: (.+)\ndata: (.+)\n\n$/.exec(block) ?? [];
      return { id, ...ServerEventSchema.parse({ event, data: JSON.parse(data) }) };
    });
  }

  get lastId(): string {
    return this.events.at(-1)?.id ?? '';
  }

  /** The topics of each `changed`, or the name of another event. */
  get told() {
    return this.events.map((each) => (each.event === 'changed' ? each.data.topics : each.event));
  }

  get heartbeats(): number {
    return this.written.filter((text) => text === ':\n\n').length;
  }
}

let streams: EventStreams;
let subject: Subject;
beforeEach(() => {
  subject = new Subject();
  const probes = new Map(['tenants', 'acts'].map((topic) => [topic, [subject.probe(topic)]]));
  streams = new EventStreams((topic) => probes.get(topic) ?? [], 5_000);
});
afterEach(() => streams.close());

function open(topics: string[], lastId?: string): Tab {
  const tab = new Tab();
  streams.open(tab.response, topics, lastId);
  return tab;
}

it('tells each tab what has changed of its own topics', async () => {
  const [one, other] = [open(['tenants']), open(['acts'])];
  await passes(100);
  subject.changed.push('tenants');
  await passes(3_000);
  expect(one.told).toEqual([[], ['tenants'], ['tenants']]);
  expect(other.told).toEqual([[], ['acts']]);
});

it('has a tab read a topic again whose probe has just begun: the tab may have read something older', async () => {
  const first = open(['tenants']);
  await passes(100);
  expect(first.told).toEqual([[], ['tenants']]);
  const second = open(['tenants']);
  await passes(100);
  expect(second.told).toEqual([[]]);
});

it('beats, so that a tab notices a dead connection', async () => {
  const tab = open([]);
  await passes(31_000);
  expect(tab.heartbeats).toBe(2);
});

describe('a tab that comes back', () => {
  it('is told what it has missed', async () => {
    const stays = open(['tenants', 'acts']);
    const tab = open(['tenants', 'acts']);
    await passes(100);
    const { lastId } = tab;
    tab.close();
    subject.changed.push('acts');
    await passes(3_000);
    expect(open(['tenants', 'acts'], lastId).told).toEqual([['acts']]);
    expect(open(['tenants', 'acts'], stays.lastId).told).toEqual([[]]);
  });

  it('within the grace has missed nothing, although it was the only one', async () => {
    const tab = open(['tenants']);
    await passes(100);
    tab.close();
    subject.changed.push('tenants');
    await passes(2_000);
    expect(open(['tenants'], tab.lastId).told).toEqual([['tenants']]);
  });

  it('reads everything again when nobody has followed its topic meanwhile', async () => {
    open(['acts']);
    const tab = open(['tenants']);
    await passes(100);
    tab.close();
    await passes(6_000);
    expect(open(['tenants'], tab.lastId).told).toEqual(['reload']);
    expect(open(['acts', 'tenants'], tab.lastId).told).toEqual(['reload']);
  });

  it('reads everything again after a restart, and when its id is no id', async () => {
    const tab = open(['tenants']);
    await passes(100);
    for (const id of ['0123456789ab-1', 'nonsense', '', `${tab.lastId}0`, tab.lastId.replace(/\d+$/, '-1')])
      expect(open(['tenants'], id).told).toEqual(['reload']);
  });

  it('reads everything again when too much has happened', async () => {
    const tab = open(['tenants']);
    await passes(100);
    const { lastId } = tab;
    for (let n = 0; n < 600; n += 1) streams.publish(['tenants']);
    expect(open(['tenants'], lastId).told).toEqual(['reload']);
  });
});

it('asks nothing while no tab is open', async () => {
  await passes(10_000);
  expect(subject.asked).toEqual([]);
  const tab = open(['tenants']);
  await passes(1_000);
  tab.close();
  await passes(5_100);
  const asked = subject.asked.length;
  expect(asked).toBeGreaterThan(0);
  await passes(60_000);
  expect(subject.asked).toHaveLength(asked);
});

it('asks once for all tabs, and at most once a second while nothing changes', async () => {
  const probes = ['tenants', 'acts', 'queues', 'cells'].map((name) => subject.probe(name, 1_000, 2));
  const busy = new EventStreams((topic) => probes.filter(({ name }) => name === topic));
  for (let tab = 0; tab < 10; tab += 1)
    busy.open(new Tab().response, ['tenants', 'acts', 'queues', 'cells'], undefined);
  await passes(10_000);
  subject.asked.length = 0;
  await passes(600_000);
  busy.close();
  expect(subject.asked.length).toBeLessThanOrEqual(600);
  expect(subject.asked.length).toBeGreaterThan(400);
});

it('asks faster for a while after a change', async () => {
  const tab = open(['tenants']);
  await passes(5_000);
  subject.changed.push('tenants');
  await passes(2_000);
  subject.asked.length = 0;
  await passes(10_000);
  expect(subject.asked.length).toBeGreaterThan(40);
  await passes(30_000);
  subject.asked.length = 0;
  await passes(10_000);
  expect(subject.asked.length).toBeLessThan(12);
  expect(tab.told).toHaveLength(3);
});

it('looks at once after an act of its own', async () => {
  open(['tenants']);
  await passes(5_100);
  subject.asked.length = 0;
  streams.watch.nudge();
  await passes(1);
  expect(subject.asked).toEqual(['tenants']);
});

it('says when AWS does not answer, asks less often then, and says when it answers again', async () => {
  const tab = open(['tenants']);
  await passes(100);
  subject.failure = awsError('ExpiredTokenException', 'the token has expired');
  await passes(3_000);
  expect(tab.events.at(-1)).toMatchObject({ event: 'problem', data: { error: 'ExpiredTokenException' } });
  subject.asked.length = 0;
  await passes(60_000);
  expect(subject.asked.length).toBeLessThan(8);
  subject.failure = undefined;
  await passes(61_000);
  expect(tab.events.at(-1)).toMatchObject({ event: 'problem', data: {} });
  expect(tab.events.at(-1)?.data).toEqual({});
  expect(tab.told.at(-2)).toEqual(['tenants']);
});
