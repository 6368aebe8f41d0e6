import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { LRUCache } from 'lru-cache';
import { itemKeys, type RouteRecord, RouteRecordSchema } from '../../functions/contract/records';

export interface RouteDirectoryOptions {
  readonly client: Pick<DynamoDBDocumentClient, 'send'>;
  readonly tableName: string;
  readonly capacity?: number;
  readonly now?: () => number;
}

/**
 * How long an answer is used. A host that is not served yet is read again sooner: its tenant may be
 * waiting.
 */
const ACTIVE_FOR_MS = 5_000;
const OTHERS_FOR_MS = 500;
/** The route of a tenant in use is read anew so long before its time is over. */
const AHEAD_MS = 2_000;
const CAPACITY = 5_000;

/** What the table says of a host. An unknown host has no route, and that answer is kept too. */
interface Answer {
  readonly route: RouteRecord | undefined;
}

/**
 * Finds the tenant of a host in the tenants table, and keeps the answer for a moment. Requests for a tenant in use do not
 * wait for the table: its route is read in the background, and nobody gets an answer that is older than before.
 */
export class RouteDirectory {
  private readonly answers: LRUCache<string, Answer>;
  private readonly reading = new Map<string, Promise<Answer>>();

  constructor(private readonly options: RouteDirectoryOptions) {
    this.answers = new LRUCache({
      max: options.capacity ?? CAPACITY,
      ttl: OTHERS_FOR_MS,
      ttlResolution: 0,
      perf: { now: options.now ?? Date.now },
    });
  }

  get size(): number {
    return this.answers.size;
  }

  /** @param host as `tenantHost` spells it */
  async find(host: string): Promise<RouteRecord | undefined> {
    const answer = this.answers.get(host);
    if (!answer) return (await this.readOnce(host)).route;
    const isEnding = answer.route?.status === 'ACTIVE' && this.answers.getRemainingTTL(host) <= AHEAD_MS;
    // A request that comes when the answer's time is over reads again, and is told what failed.
    if (isEnding) this.readOnce(host).catch(() => undefined);
    return answer.route;
  }

  /** Simultaneous requests for one host share one read. */
  private readOnce(host: string): Promise<Answer> {
    const underWay = this.reading.get(host);
    if (underWay) return underWay;
    const answer = this.read(host).finally(() => this.reading.delete(host));
    this.reading.set(host, answer);
    return answer;
  }

  private async read(host: string): Promise<Answer> {
    const { client, tableName } = this.options;
    const { Item } = await client.send(new GetCommand({ TableName: tableName, Key: itemKeys.route(host) }));
    const route = Item ? RouteRecordSchema.parse(Item) : undefined;
    if (route && route.host !== host) throw new Error(`the route item of ${host} names another host: ${route.host}`);
    const answer = { route };
    this.answers.set(host, answer, { ttl: route?.status === 'ACTIVE' ? ACTIVE_FOR_MS : OTHERS_FOR_MS });
    return answer;
  }
}
