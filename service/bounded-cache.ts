interface Entry<V> {
  readonly value: V;
  readonly until: number;
}

/**
 * Keeps at most `capacity` values, each until its own end; the one not used for the longest time gives way first. What has
 * ended is gone at the next look, or at the next `sweep`.
 */
export class BoundedCache<V> {
  private readonly entries = new Map<string, Entry<V>>();

  constructor(
    private readonly capacity: number,
    private readonly now: () => number = Date.now,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: string): V | undefined {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    if (entry.until <= this.now()) return undefined;
    // Back in as the youngest: a Map keeps the order of insertion.
    this.entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: V, until: number): void {
    this.entries.delete(key);
    this.entries.set(key, { value, until });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= this.capacity) break;
      this.entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.entries.delete(key);
  }

  sweep(): void {
    for (const [key, { until }] of this.entries) if (until <= this.now()) this.entries.delete(key);
  }

  clear(): void {
    this.entries.clear();
  }
}
