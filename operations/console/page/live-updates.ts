import { EventSourceParserStream } from 'eventsource-parser/stream';
import { type ServerEvent, ServerEventSchema } from '../api/events';

export interface LiveState {
  /** False from a lost connection to the next that opens. */
  readonly connected: boolean;
  /** Why AWS does not answer the console's questions. */
  readonly problem: Extract<ServerEvent, { event: 'problem' }>['data'] | undefined;
}

interface Watcher {
  readonly topics: readonly string[];
  /** Reads again what is shown of the topics. */
  readonly changed: () => void;
}

/** Opens the stream of events about the topics. */
export type OpenStream = (
  topics: readonly string[],
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<Response>;

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5_000;
/** Milliseconds. A heartbeat comes every 15 s; a stream that is silent longer is lost. */
const SILENCE = 35_000;

/** Milliseconds until the next attempt, with jitter, so that many tabs do not come at once. */
export const waitBefore = (attempt: number, random = Math.random) =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (0.5 + random() / 2);

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Tells the views what has changed. It follows one stream of events about all topics that are shown,
 * and asks again after a lost connection, with the id of the last event that it has read.
 * `EventSource` cannot do this: it sends no Authorization header.
 */
export class LiveUpdates {
  state: LiveState = { connected: true, problem: undefined };
  private readonly watchers = new Set<Watcher>();
  private readonly listeners = new Set<() => void>();
  private stopped = false;
  private connection = new AbortController();
  private asked: readonly string[] = [];
  /** Topics whose changes have been told without a gap. */
  private begun: readonly string[] = [];
  private lastEventId: string | undefined;

  constructor(
    private readonly open: OpenStream,
    private readonly wait: (ms: number) => Promise<void> = pause,
    private readonly silence = SILENCE,
  ) {}

  /** For `useSyncExternalStore`: calls the listener when `state` has changed. */
  readonly listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Calls `changed` after each change of one of the topics, until the returned function is called. */
  watch(topics: readonly string[], changed: () => void): () => void {
    const watcher = { topics, changed };
    this.watchers.add(watcher);
    // One view leaves and another comes in one task: the stream is opened anew once, afterwards.
    queueMicrotask(() => this.reconnectIfNeeded());
    return () => {
      this.watchers.delete(watcher);
      queueMicrotask(() => this.reconnectIfNeeded());
    };
  }

  stop(): void {
    this.stopped = true;
    this.connection.abort();
  }

  /** Follows the stream until `stop`, or until the console refuses the token. */
  async run(): Promise<void> {
    for (let attempt = 0; !this.stopped; attempt += 1) {
      const before = this.connection;
      try {
        await this.follow(() => (attempt = -1));
      } catch {
        // The connection is lost, or the topics are others by now.
      }
      if (this.stopped) return;
      if (before !== this.connection) continue;
      this.become({ ...this.state, connected: false });
      await this.wait(waitBefore(Math.max(0, attempt)));
    }
  }

  private async follow(opened: () => void): Promise<void> {
    const shown = this.topics();
    if (!this.state.connected) this.begun = [];
    this.asked = shown;
    const headers = this.lastEventId ? { 'last-event-id': this.lastEventId } : {};
    const { ok, status, body } = await this.open(shown, headers, this.connection.signal);
    if (status === 401) return this.stop();
    if (!ok || !body) throw new Error(`the console answered ${status}`);
    opened();
    this.become({ ...this.state, connected: true });
    await this.read(body, shown);
  }

  /** Reads until the stream ends, fails or is silent for too long, as after a computer's sleep. */
  private async read(body: NonNullable<Response['body']>, shown: readonly string[]): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = () => {
      clearTimeout(timer);
      timer = setTimeout(() => events.cancel().catch(() => undefined), this.silence);
    };
    const parsing = new EventSourceParserStream({ onComment: alive });
    const events = body.pipeThrough(new TextDecoderStream()).pipeThrough(parsing).getReader();
    try {
      for (let first = true; ; first = false) {
        alive();
        const { done, value } = await events.read();
        if (done) throw new Error('the stream has ended');
        // What changed between the view's question and this stream is in no event.
        if (first) this.begin(shown);
        this.lastEventId = value.id ?? this.lastEventId;
        this.hear(ServerEventSchema.parse({ event: value.event, data: JSON.parse(value.data) }));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private begin(shown: readonly string[]): void {
    const fresh = shown.filter((topic) => !this.begun.includes(topic));
    this.begun = shown;
    this.tell(fresh);
  }

  private hear({ event, data }: ServerEvent): void {
    if (event === 'changed') this.tell(data.topics);
    if (event === 'reload') this.tell(this.topics());
    if (event === 'problem') this.become({ ...this.state, problem: data.error === undefined ? undefined : data });
  }

  private tell(topics: readonly string[]): void {
    for (const watcher of [...this.watchers])
      if (watcher.topics.some((topic) => topics.includes(topic))) watcher.changed();
  }

  private topics(): readonly string[] {
    return [...new Set([...this.watchers].flatMap(({ topics }) => topics))].sort();
  }

  private reconnectIfNeeded(): void {
    const shown = this.topics();
    if (this.stopped || shown.join() === this.asked.join()) return;
    const former = this.connection;
    this.connection = new AbortController();
    former.abort();
  }

  private become(state: LiveState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
