import { createHash } from 'node:crypto';
import { isLost } from './lost-connection';
import type { Turns } from './turns';

/** A session at a server, as `pg` has it. */
export interface Session {
  end(): Promise<unknown>;
  on(event: 'end', heard: () => void): unknown;
}

export interface ReaderSessionsOptions {
  /** By tenant. */
  readonly turns: Turns;
  /** Sessions of one tenant, those that wait for their next use included. */
  readonly most: number;
  readonly refused: () => Error;
  /** How long a session waits for its next use. */
  readonly idleMs?: number;
  /** After its login a session is used for so long: then the server is asked about the token again. */
  readonly keptMs?: number;
}

const IDLE_MS = 10_000;
const KEPT_MS = 60_000;

interface Kept<S> {
  /** Digest of the token that opened the session. Nobody else gets it. */
  readonly opener: string;
  readonly session: S;
  readonly openedAt: number;
  /** While it waits: its end. */
  patience?: NodeJS.Timeout;
}

/**
 * Sessions that readers have opened with their tokens. A login takes a server and its clients ten times as long as a
 * query, and a reader asks again and again with one token: whoever shows it again soon gets the session that it has opened.
 */
export class ReaderSessions<S extends Session> {
  private readonly waiting = new Map<string, Set<Kept<S>>>();

  constructor(private readonly options: ReaderSessionsOptions) {}

  /**
   * @param open logs in with the token, and throws what the server says
   * @throws `refused()` when too many read by token
   */
  run<T>(tenantId: string, token: string, open: () => Promise<S>, work: (session: S) => Promise<T>): Promise<T> {
    const opener = createHash('sha256').update(token).digest('hex');
    const inTurn = async (): Promise<T> => {
      const kept = this.take(tenantId, opener);
      if (kept) {
        try {
          return await this.use(tenantId, kept, work);
        } catch (thrown) {
          if (!isLost(thrown)) throw thrown;
        }
      }
      this.makeRoom(tenantId);
      const fresh: Kept<S> = { opener, session: await open(), openedAt: performance.now() };
      fresh.session.on('end', () => this.leave(tenantId, fresh));
      return await this.use(tenantId, fresh, work);
    };
    return this.options.turns.run(tenantId, inTurn, this.options.refused);
  }

  forget(tenantId: string): void {
    for (const kept of this.waiting.get(tenantId) ?? []) this.end(tenantId, kept);
  }

  clear(): void {
    for (const tenantId of [...this.waiting.keys()]) this.forget(tenantId);
  }

  private async use<T>(tenantId: string, kept: Kept<S>, work: (session: S) => Promise<T>): Promise<T> {
    let result: T;
    try {
      result = await work(kept.session);
    } catch (thrown) {
      this.end(tenantId, kept);
      throw thrown;
    }
    this.keep(tenantId, kept);
    return result;
  }

  private take(tenantId: string, opener: string): Kept<S> | undefined {
    const kept = [...(this.waiting.get(tenantId) ?? [])].find((each) => each.opener === opener);
    if (kept) this.leave(tenantId, kept);
    return kept;
  }

  private keep(tenantId: string, kept: Kept<S>): void {
    const { idleMs = IDLE_MS, keptMs = KEPT_MS } = this.options;
    const left = Math.min(idleMs, kept.openedAt + keptMs - performance.now());
    if (left <= 0) {
      this.end(tenantId, kept);
      return;
    }
    const all = this.waiting.get(tenantId) ?? new Set();
    this.waiting.set(tenantId, all.add(kept));
    kept.patience = setTimeout(() => this.end(tenantId, kept), left).unref();
  }

  /** Sessions at work and those that wait are at most as many as the budget of connections has. */
  private makeRoom(tenantId: string): void {
    const all = this.waiting.get(tenantId) ?? new Set();
    const atWork = this.options.turns.taken(tenantId);
    for (const kept of all) if (atWork + all.size > this.options.most) this.end(tenantId, kept);
  }

  private end(tenantId: string, kept: Kept<S>): void {
    this.leave(tenantId, kept);
    void kept.session.end().catch(() => undefined);
  }

  private leave(tenantId: string, kept: Kept<S>): void {
    clearTimeout(kept.patience);
    const all = this.waiting.get(tenantId);
    all?.delete(kept);
    if (all?.size === 0) this.waiting.delete(tenantId);
  }
}
