import { GetExecutionHistoryCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import { LRUCache } from 'lru-cache';
import { isNoExecution } from '../../functions/shared/no-execution';
import { pages } from '../../functions/shared/paging';
import { historyOf } from '../client/executions';

/** Events of one request for what is new: a run makes a few between two requests. */
const NEWS = 25;

/**
 * Histories of executions that somebody looks at. Only the first request for a run reads the whole
 * history; further ones read from its end until they meet what is known ("GetExecutionHistory",
 * `reverseOrder`).
 */
export class RunHistories {
  private readonly known = new LRUCache<string, readonly HistoryEvent[]>({ max: 50 });
  private readonly asked = new Map<string, Promise<readonly HistoryEvent[]>>();

  constructor(private readonly sfn: SFNClient) {}

  /** @returns the events in order; none for an execution that AWS has deleted */
  read(executionArn: string): Promise<readonly HistoryEvent[]> {
    const asked = this.asked.get(executionArn);
    if (asked) return asked;
    const reading = this.update(executionArn).finally(() => this.asked.delete(executionArn));
    this.asked.set(executionArn, reading);
    return reading;
  }

  private async update(executionArn: string): Promise<readonly HistoryEvent[]> {
    const known = this.known.get(executionArn);
    try {
      const events = known
        ? [...known, ...(await this.since(executionArn, known.length))]
        : await this.all(executionArn);
      this.known.set(executionArn, events);
      return events;
    } catch (thrown) {
      if (isNoExecution(thrown)) return [];
      throw thrown;
    }
  }

  private all(executionArn: string): Promise<HistoryEvent[]> {
    return historyOf(this.sfn, executionArn);
  }

  /** Ids of events are 1, 2, 3, ...: the number of known events is the id of the last one. */
  private async since(executionArn: string, lastId: number): Promise<HistoryEvent[]> {
    const request = { executionArn, reverseOrder: true, includeExecutionData: false, maxResults: NEWS };
    const ask = (nextToken?: string) => this.sfn.send(new GetExecutionHistoryCommand({ ...request, nextToken }));
    const news: HistoryEvent[] = [];
    for await (const { events = [] } of pages(ask, 'nextToken')) {
      news.push(...events.filter(({ id = 0 }) => id > lastId));
      if (events.some(({ id = 0 }) => id <= lastId)) break;
    }
    return news.reverse();
  }
}
