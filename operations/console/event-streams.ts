import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { failureOf } from '../ops/exit';
import type { ServerEvent } from './api/events';
import { API_HEADERS } from './page-headers';
import { Watch } from './watch';

const HEARTBEAT_MS = 15_000;
/** Events that are kept for tabs that have lost their connection. */
const KEPT = 500;
/** A tab more than a person has. */
const MAX_STREAMS = 100;

const NO_ERROR = { error: undefined, message: undefined, advice: undefined };

interface Stream {
  readonly response: ServerResponse;
  readonly topics: ReadonlySet<string>;
}

interface Change {
  readonly position: number;
  readonly topics: readonly string[];
}

/**
 * Tells every open tab which of its topics have changed (server-sent events, "HTML Standard":
 * `text/event-stream`). Ids of events are `START-POSITION`: a tab that comes back gets what it has
 * missed, or is told to read everything again when that is not known.
 */
export class EventStreams {
  private readonly start = randomBytes(6).toString('hex');
  private position = 0;
  /** Position of the last event that is no longer kept. */
  private droppedUntil = 0;
  private readonly kept: Change[] = [];
  private readonly streams = new Set<Stream>();
  private readonly heartbeat: NodeJS.Timeout;
  readonly watch: Watch;

  constructor(probesOf: ConstructorParameters<typeof Watch>[0], grace?: number) {
    const findings = {
      changed: (topics: readonly string[]) => this.publish(topics),
      trouble: (thrown: unknown) => this.tellTrouble(thrown),
    };
    const mark = () => {
      this.position += 1;
      return this.position;
    };
    this.watch = new Watch(probesOf, findings, mark, grace);
    this.heartbeat = setInterval(() => {
      for (const { response } of this.streams) response.write(':\n\n');
    }, HEARTBEAT_MS).unref();
  }

  /**
   * Opens a stream. It begins with an event without topics, or with what was missed.
   *
   * @param lastId header `Last-Event-ID`
   */
  open(response: ServerResponse, followed: readonly string[], lastId: string | undefined): void {
    const missed = lastId === undefined ? [] : this.missed(followed, lastId);
    const stream = { response, topics: new Set(followed) };
    const end = this.watch.follow(followed);
    response.writeHead(200, { ...API_HEADERS, 'Content-Type': 'text/event-stream; charset=utf-8' });
    this.streams.add(stream);
    response.on('close', () => {
      this.streams.delete(stream);
      end();
    });
    this.send(stream, missed ? { event: 'changed', data: { topics: missed } } : { event: 'reload', data: {} });
    const oldest = this.streams.size > MAX_STREAMS && [...this.streams][0];
    if (oldest) oldest.response.end();
  }

  publish(topics: readonly string[]): void {
    this.position += 1;
    this.kept.push({ position: this.position, topics });
    if (this.kept.length > KEPT) this.droppedUntil = this.kept.shift()?.position ?? 0;
    for (const stream of this.streams) {
      const own = [...new Set(topics)].filter((topic) => stream.topics.has(topic));
      if (own.length > 0) this.send(stream, { event: 'changed', data: { topics: own } });
    }
  }

  /** Ends all streams; browsers come back by themselves. */
  close(): void {
    clearInterval(this.heartbeat);
    this.watch.stop();
    for (const { response } of this.streams) response.end();
  }

  /** @returns the topics that have changed since; undefined when that is not known */
  private missed(followed: readonly string[], lastId: string): string[] | undefined {
    const [start, text = ''] = lastId.split('-');
    const position = Number(text);
    if (start !== this.start || !/^\d+$/.test(text) || position > this.position) return undefined;
    if (position < this.droppedUntil) return undefined;
    const hasGap = (topic: string) => (this.watch.since(topic) ?? Number.POSITIVE_INFINITY) > position;
    if (followed.some(hasGap)) return undefined;
    const changed = new Set(this.kept.filter((change) => change.position > position).flatMap(({ topics }) => topics));
    return followed.filter((topic) => changed.has(topic));
  }

  /** @param thrown undefined when AWS answers again */
  private tellTrouble(thrown: unknown): void {
    // What changed while AWS did not answer is not known.
    if (thrown === undefined) this.publish(this.watch.topics());
    const { error, message, advice } = thrown === undefined ? NO_ERROR : failureOf(thrown);
    const data = { ...(error && { error, message }), ...(advice && { advice }) };
    for (const stream of this.streams) this.send(stream, { event: 'problem', data });
  }

  private send({ response }: Stream, { event, data }: ServerEvent): void {
    response.write(`id: ${this.start}-${this.position}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}
