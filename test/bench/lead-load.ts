import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 20_000;

export interface Answered {
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  readonly ms: number;
}

/** What is sent in the form; each lead has an e-mail address of its own. */
export interface SentLead {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly message: string;
}

export const newLead = (): SentLead => {
  const id = randomUUID();
  return { id, email: `visitor-${id}@example.org`, name: 'A visitor', message: 'Hello' };
};

/** Visitors and readers of tenants, who keep their connections to the load balancer. */
export class LeadClient {
  private readonly agent = new Agent({ keepAlive: true });

  constructor(private readonly loadBalancerUrl: string) {}

  send(host: string, lead: SentLead): Promise<Answered> {
    const body = new URLSearchParams({ ...lead }).toString();
    const form = { origin: `http://${host}`, 'content-type': 'application/x-www-form-urlencoded' };
    return this.ask('POST', '/leads', { host, ...form, 'content-length': String(body.length) }, body);
  }

  list(host: string, token: string): Promise<Answered> {
    return this.ask('GET', '/leads', { host, authorization: `Bearer ${token}` });
  }

  close(): void {
    this.agent.destroy();
  }

  private ask(method: string, path: string, headers: Record<string, string>, body?: string): Promise<Answered> {
    const began = performance.now();
    return new Promise((resolve) => {
      const done = (status: number) => resolve({ status, ms: performance.now() - began });
      const signal = AbortSignal.timeout(PATIENCE_MS);
      request(`${this.loadBalancerUrl}${path}`, { method, headers, agent: this.agent, signal }, (response) => {
        response
          .resume()
          .on('end', () => done(response.statusCode ?? 0))
          .on('error', () => done(0));
      })
        .on('error', () => done(0))
        .end(body);
    });
  }
}

/** The answers of one load. */
export interface Load {
  readonly answers: readonly Answered[];
  readonly failed: number;
  /** `200 x 503`, for a note. */
  readonly wrong: string;
}

export function loadOf(answers: readonly Answered[]): Load {
  const bad = answers.filter(({ status }) => status !== 200 && status !== 201);
  const byStatus = Map.groupBy(bad, ({ status }) => status);
  const wrong = [...byStatus].map(([status, of]) => `${of.length} x ${status || 'no answer'}`).join(', ');
  return { answers, failed: bad.length, wrong };
}

/** Does something `perSecond` times a second for so many seconds, however long each takes. */
export async function paced<T>(perSecond: number, seconds: number, once: (n: number) => Promise<T>): Promise<T[]> {
  const began = performance.now();
  const under: Promise<T>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    const wait = began + (n * 1000) / perSecond - performance.now();
    if (wait > 0) await pause(wait);
    under.push(once(n));
  }
  return await Promise.all(under);
}
