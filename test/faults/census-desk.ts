import { setTimeout as pause } from 'node:timers/promises';
import type { Census } from './census';

/** Between two censuses, at least this and several times what the last one took: one serves all who have asked. */
const INTERVAL_MS = 3_000;
const SHARE = 5;

/** Takes censuses for many trials at once. */
export class CensusDesk {
  private next: Promise<Census> | undefined;
  private latest: Promise<unknown> = Promise.resolve();
  private tookMs = 0;

  constructor(private readonly take: () => Promise<Census>) {}

  /** @returns a census that begins after this was called */
  ask(): Promise<Census> {
    this.next ??= this.takeNext();
    return this.next;
  }

  private async takeNext(): Promise<Census> {
    await Promise.all([this.latest.catch(() => undefined), pause(Math.max(INTERVAL_MS, this.tookMs * SHARE))]);
    this.next = undefined;
    const began = performance.now();
    const census = this.take();
    this.latest = census.finally(() => {
      this.tookMs = performance.now() - began;
    });
    return census;
  }
}
