import type { Probe } from './probes';

/** AWS calls a second in all, while nothing changes. */
const IDLE_CALLS_A_SECOND = 0.99;
/** After a change, more changes are likely: for that long a probe asks at its fast pace. Milliseconds. */
const LIVELY_FOR = 30_000;
/** A topic stays followed for that long after its last tab has gone, as the tab may come back. Milliseconds. */
const GRACE = 5_000;
/** Due time of a probe whose answer is under way. */
const ASKING = Number.POSITIVE_INFINITY;
const LONGEST_PAUSE_AFTER_ERROR = 60_000;

interface Watched {
  readonly probe: Probe;
  changedAt: number;
  failures: number;
  dueAt: number;
  /** The first answer: what later ones are compared with. */
  baseline: Promise<unknown> | undefined;
}

export interface Findings {
  /** These topics have changed. */
  readonly changed: (topics: readonly string[]) => void;
  /** AWS has not answered, or answers again: then the error is undefined. */
  readonly trouble: (error: unknown) => void;
}

/**
 * Asks AWS for what the open tabs show, once for all of them. Nothing is asked while no tab is open.
 * While nothing changes, all probes together keep to IDLE_CALLS_A_SECOND, however many there are: their
 * pauses are stretched. A probe that has found a change asks at its fast pace for a while.
 */
export class Watch {
  private readonly followers = new Map<string, number>();
  private readonly followedSince = new Map<string, number>();
  private readonly watched = new Map<string, Watched>();
  private timer: NodeJS.Timeout | undefined;
  private troubled = false;

  /**
   * @param probesOf the probes that a topic needs
   * @param mark a new position among the events: ids of events before it are smaller
   */
  constructor(
    private readonly probesOf: (topic: string) => readonly Probe[],
    private readonly findings: Findings,
    private readonly mark: () => number,
    private readonly grace = GRACE,
  ) {}

  /** The position of the events since which the topic has been followed without a gap; undefined when it is not. */
  since(topic: string): number | undefined {
    return this.followedSince.get(topic);
  }

  topics(): readonly string[] {
    return [...this.followedSince.keys()];
  }

  /**
   * Follows topics. One that nobody followed before is reported as changed once its probes have
   * answered: what a tab has read a moment earlier may be older than their first answers.
   *
   * @returns a function that ends it
   */
  follow(topics: readonly string[]): () => void {
    for (const topic of topics) {
      this.followers.set(topic, (this.followers.get(topic) ?? 0) + 1);
      if (!this.followedSince.has(topic)) this.begin(topic);
    }
    this.schedule();
    return () => {
      for (const topic of topics) this.followers.set(topic, (this.followers.get(topic) ?? 1) - 1);
      setTimeout(() => this.forgetUnfollowed(), this.grace).unref();
    };
  }

  /** Something has just been done: its effects are looked for at once. */
  nudge(): void {
    for (const watched of this.watched.values()) {
      watched.changedAt = Date.now();
      if (watched.dueAt !== ASKING) watched.dueAt = 0;
    }
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.watched.clear();
    this.followers.clear();
    this.followedSince.clear();
  }

  private begin(topic: string): void {
    this.followedSince.set(topic, this.mark());
    const begun = this.probesOf(topic).flatMap((probe) => {
      if (this.watched.has(probe.name)) return [];
      const watched: Watched = { probe, changedAt: 0, failures: 0, dueAt: 0, baseline: undefined };
      this.watched.set(probe.name, watched);
      return [this.ask(watched)];
    });
    if (begun.length > 0) Promise.allSettled(begun).then(() => this.findings.changed([topic]));
  }

  private forgetUnfollowed(): void {
    for (const [topic, count] of this.followers) {
      if (count > 0) continue;
      this.followers.delete(topic);
      this.followedSince.delete(topic);
    }
    const needed = new Set(this.topics().flatMap((topic) => this.probesOf(topic).map(({ name }) => name)));
    for (const name of this.watched.keys()) if (!needed.has(name)) this.watched.delete(name);
    this.schedule();
  }

  private pauseOf({ probe, changedAt, failures }: Watched): number {
    if (failures > 0) return Math.min(probe.slowMs() * 2 ** failures, LONGEST_PAUSE_AFTER_ERROR);
    return Date.now() - changedAt < LIVELY_FOR ? probe.fastMs : probe.slowMs() * this.stretch();
  }

  private stretch(): number {
    const rates = [...this.watched.values()].map(({ probe }) => (probe.calls() * 1000) / probe.slowMs());
    return Math.max(1, rates.reduce((sum, rate) => sum + rate, 0) / IDLE_CALLS_A_SECOND);
  }

  private schedule(): void {
    clearTimeout(this.timer);
    if (this.watched.size === 0) return;
    const next = Math.min(...[...this.watched.values()].map(({ dueAt }) => dueAt));
    if (next === ASKING) return;
    this.timer = setTimeout(() => this.askDue(), Math.max(0, Math.ceil(next - Date.now()))).unref();
  }

  private askDue(): void {
    const now = Date.now();
    for (const watched of this.watched.values()) if (watched.dueAt <= now) this.ask(watched);
    // A timer may fire a moment before its time: then nothing was due, and nothing else goes on.
    this.schedule();
  }

  private async ask(watched: Watched): Promise<void> {
    const { probe } = watched;
    const askedAt = Date.now();
    watched.dueAt = ASKING;
    const isFirst = watched.baseline === undefined;
    try {
      const asking = isFirst ? probe.begin() : probe.ask();
      watched.baseline ??= asking;
      const topics = (await asking) ?? [];
      watched.failures = 0;
      this.settle();
      if (topics.length > 0 && this.watched.get(probe.name) === watched) {
        watched.changedAt = Date.now();
        this.findings.changed(topics);
        this.wake(topics);
      }
    } catch (thrown) {
      if (isFirst) watched.baseline = undefined;
      watched.failures += 1;
      this.troubled = true;
      this.findings.trouble(thrown);
    }
    watched.dueAt = askedAt + this.pauseOf(watched);
    this.schedule();
  }

  /** A probe that bears the name of a topic is behind when another one has found the change first. */
  private wake(topics: readonly string[]): void {
    for (const topic of topics) {
      const watched = this.watched.get(topic);
      if (watched && watched.dueAt !== ASKING) Object.assign(watched, { changedAt: Date.now(), dueAt: 0 });
    }
  }

  private settle(): void {
    if (!this.troubled || [...this.watched.values()].some(({ failures }) => failures > 0)) return;
    this.troubled = false;
    this.findings.trouble(undefined);
  }
}
