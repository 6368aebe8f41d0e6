export interface TurnLimits {
  /** Pieces of work of one key at a time. */
  readonly most: number;
  /** Pieces of work of one key that may wait. */
  readonly mostWaiting: number;
  readonly waitMs: number;
}

interface Line {
  taken: number;
  readonly waiting: Set<() => void>;
}

/** Bounds work by key: some pieces at a time, some wait for their turn, and further ones get none. Keys do not affect each other. */
export class Turns {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly limits: TurnLimits) {}

  /** Keys that have work under way or waiting. */
  get size(): number {
    return this.lines.size;
  }

  /** Pieces of work of a key that are under way. */
  taken(key: string): number {
    return this.lines.get(key)?.taken ?? 0;
  }

  /** @throws `refused()` when too many wait, or when the turn does not come in time */
  async run<T>(key: string, work: () => Promise<T>, refused: () => Error): Promise<T> {
    const line = this.lines.get(key) ?? { taken: 0, waiting: new Set() };
    this.lines.set(key, line);
    if (line.taken < this.limits.most) line.taken += 1;
    else await this.turn(line, refused);
    try {
      return await work();
    } finally {
      const [next] = line.waiting;
      if (next) next();
      else line.taken -= 1;
      if (line.taken === 0) this.lines.delete(key);
    }
  }

  /** The piece of work that ends hands its turn over, so nobody overtakes. */
  private turn({ waiting }: Line, refused: () => Error): Promise<void> {
    if (waiting.size >= this.limits.mostWaiting) return Promise.reject(refused());
    return new Promise((resolve, reject) => {
      const begin = () => {
        clearTimeout(patience);
        waiting.delete(begin);
        resolve();
      };
      const patience = setTimeout(() => {
        waiting.delete(begin);
        reject(refused());
      }, this.limits.waitMs);
      waiting.add(begin);
    });
  }
}
