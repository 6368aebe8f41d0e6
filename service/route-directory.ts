import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { itemKeys, type RouteRecord, RouteRecordSchema } from '../functions/contract/records';
import { BoundedCache } from './bounded-cache';

export interface RouteDirectoryOptions {
  readonly client: Pick<DynamoDBDocumentClient, 'send'>;
  readonly tableName: string;
  readonly capacity?: number;
  readonly now?: () => number;
}

/** How long an answer is believed. A host that is not served yet is asked for again soon: its tenant may be waiting. */
const ACTIVE_FOR_MS = 5_000;
const OTHERS_FOR_MS = 500;
const CAPACITY = 5_000;

/** Finds the tenant of a host in the tenants table; remembers the answer, unknown hosts included, for a moment. */
export class RouteDirectory {
  private readonly known: BoundedCache<RouteRecord | null>;
  private readonly asking = new Map<string, Promise<RouteRecord | null>>();
  private readonly now: () => number;

  constructor(private readonly options: RouteDirectoryOptions) {
    this.now = options.now ?? Date.now;
    this.known = new BoundedCache(options.capacity ?? CAPACITY, this.now);
  }

  get size(): number {
    return this.known.size;
  }

  /** @param host as `tenantHost` spells it */
  async find(host: string): Promise<RouteRecord | undefined> {
    const known = this.known.get(host);
    if (known !== undefined) return known ?? undefined;
    const asked = this.asking.get(host) ?? this.ask(host);
    return (await asked) ?? undefined;
  }

  /** Simultaneous requests for one host share one read. */
  private ask(host: string): Promise<RouteRecord | null> {
    const answer = this.read(host).finally(() => this.asking.delete(host));
    this.asking.set(host, answer);
    return answer;
  }

  private async read(host: string): Promise<RouteRecord | null> {
    const { client, tableName } = this.options;
    const { Item } = await client.send(new GetCommand({ TableName: tableName, Key: itemKeys.route(host) }));
    const route = Item ? RouteRecordSchema.parse(Item) : null;
    if (route && route.host !== host) throw new Error(`route item of ${host} is of ${route.host}`);
    this.known.set(host, route, this.now() + (route?.status === 'ACTIVE' ? ACTIVE_FOR_MS : OTHERS_FOR_MS));
    return route;
  }
}
