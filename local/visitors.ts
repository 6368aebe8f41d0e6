import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { VERSION_HEADER } from '../functions/contract/naming';

/** The answers that all visitors together got. */
export interface Visits {
  readonly requests: number;
  readonly failed: number;
  /** Number of answers by status and version, in the order of their first appearance. */
  readonly answers: ReadonlyMap<string, number>;
}

interface Answer {
  readonly status: number;
  readonly version: string;
}

const PATIENCE_MS = 10_000;

function visit(loadBalancerUrl: string, host: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    request(loadBalancerUrl, { headers: { host }, agent, signal }, (response) => {
      const version = String(response.headers[VERSION_HEADER] ?? '');
      response.resume().on('end', () => resolve({ status: response.statusCode ?? 0, version }));
    })
      .on('error', () => resolve({ status: 0, version: '' }))
      .end();
  });
}

/** Visitors who request the pages of some hosts, one after another, until they are stopped. */
export class Visitors {
  private readonly answers = new Map<string, number>();
  private readonly agent = new Agent({ keepAlive: true });
  private readonly visiting: Promise<void>[];
  private stopped = false;
  private requests = 0;
  private failed = 0;

  /** @param everyMs between two requests of one visitor */
  constructor(loadBalancerUrl: string, hosts: readonly string[], everyMs: number) {
    this.visiting = hosts.map(async (host) => {
      while (!this.stopped) {
        this.count(await visit(loadBalancerUrl, host, this.agent));
        await pause(everyMs);
      }
    });
  }

  private count({ status, version }: Answer): void {
    this.requests++;
    if (status !== 200) this.failed++;
    const kind = `${status} ${version}`;
    this.answers.set(kind, (this.answers.get(kind) ?? 0) + 1);
  }

  /** In words, while they go on. */
  get soFar(): string {
    return `${this.failed} of ${this.requests} requests failed`;
  }

  async stop(): Promise<Visits> {
    this.stopped = true;
    await Promise.all(this.visiting);
    this.agent.destroy();
    return { requests: this.requests, failed: this.failed, answers: this.answers };
  }
}
