import { setTimeout as pause } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeExecutionCommand,
  type ExecutionListItem,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE, type Signup } from '../../../functions/contract/signup';
import { everyItem } from '../../../functions/shared/paging';
import type { Lab } from '../lab';

/** "PutEvents": ten entries in one request. */
const AT_ONCE = 10;

/** Puts signups on the bus, as the billing system does: all at once. */
export async function sendAll({ platform }: Lab, signups: readonly Signup[]): Promise<void> {
  const client = new EventBridgeClient(platform.aws);
  const entries = signups.map((signup) => ({
    EventBusName: platform.outputs.eventBusName,
    Source: SIGNUP_SOURCE,
    DetailType: SIGNUP_DETAIL_TYPE,
    Detail: JSON.stringify(signup),
  }));
  const batches = Array.from({ length: Math.ceil(entries.length / AT_ONCE) }, (_, index) =>
    entries.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );
  const answers = await Promise.all(batches.map((Entries) => client.send(new PutEventsCommand({ Entries }))));
  client.destroy();
  const refused = answers.reduce((sum, { FailedEntryCount = 0 }) => sum + FailedEntryCount, 0);
  if (refused > 0) throw new Error(`the bus refused ${refused} signups`);
}

/** The platform's executions, those of a moment alone. */
export class Executions {
  private readonly client: SFNClient;
  private known = new Set<string>();

  constructor(private readonly lab: Lab) {
    this.client = new SFNClient(lab.platform.aws);
  }

  private async list(): Promise<ExecutionListItem[]> {
    const { stateMachineArn } = this.lab.platform.outputs;
    const pages = paginateListExecutions({ client: this.client }, { stateMachineArn, maxResults: 1000 });
    const found = await everyItem(pages, ({ executions }) => executions);
    return found.filter(({ executionArn = '' }) => !this.known.has(executionArn));
  }

  /** Forgets those that there are. */
  async forget(): Promise<void> {
    for (const { executionArn = '' } of await this.list()) this.known.add(executionArn);
  }

  /** @returns those begun since, when as many have begun and all have ended */
  async ended(count: number, timeoutMs: number): Promise<ExecutionListItem[]> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await this.list();
      if (found.length >= count && found.every(({ status }) => status !== 'RUNNING')) return found;
      if (Date.now() > deadline) throw new Error(`${found.length} of ${count} executions, and not all have ended`);
      await pause(1_000);
    }
  }

  async describe(executionArn: string | undefined) {
    return this.client.send(new DescribeExecutionCommand({ executionArn }));
  }
}
