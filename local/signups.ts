import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand, paginateListExecutions, SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE, type Signup } from '../functions/contract/signup';
import type { StageConnection } from '../operations/stage-connection';

const PATIENCE_MS = 60_000;
const EnvelopeSchema = z.looseObject({ id: z.string() });

/** A signup as billing would send it, from what a person has to say about it. */
export function newSignup(
  said: Pick<Signup, 'companyName' | 'subdomain'> & Partial<Pick<Signup, 'signupId' | 'contactEmail' | 'plan'>>,
): Signup {
  return {
    version: 1,
    signupId: `sub_${randomUUID().replaceAll('-', '')}`,
    contactEmail: `ops@${said.subdomain}.example`,
    plan: 'enterprise',
    ...said,
  };
}

/** Sends signups to a stage's bus, and finds the execution that each event has started. */
export class Signups {
  private readonly events: EventBridgeClient;
  private readonly machines: SFNClient;
  private readonly executions = new Map<string, string>();
  private readonly seen = new Set<string>();
  /** Those who wait for their executions at the same time look together. */
  private looking: Promise<void> | undefined;
  private readonly since = Date.now();

  constructor(private readonly stage: StageConnection) {
    this.events = new EventBridgeClient(stage.aws);
    this.machines = new SFNClient(stage.aws);
  }

  /**
   * @param detail unknown, because billing may send anything
   * @returns the event's id
   */
  async send(detail: unknown): Promise<string> {
    const { Entries = [] } = await this.events.send(
      new PutEventsCommand({
        Entries: [
          {
            EventBusName: this.stage.eventBusName,
            Source: SIGNUP_SOURCE,
            DetailType: SIGNUP_DETAIL_TYPE,
            Detail: JSON.stringify(detail),
          },
        ],
      }),
    );
    const [entry] = Entries;
    if (!entry?.EventId) throw new Error(`the bus refused the signup: ${entry?.ErrorCode} ${entry?.ErrorMessage}`);
    return entry.EventId;
  }

  /**
   * The execution whose input is the event of this id. The rule chooses no name, so the newest executions are asked for
   * their input, each once.
   *
   * @throws Error when none appears within a minute
   */
  async executionOf(eventId: string, signal?: AbortSignal): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      this.looking ??= this.look().finally(() => {
        this.looking = undefined;
      });
      await this.looking;
      const found = this.executions.get(eventId);
      if (found) return found;
      if (Date.now() > deadline)
        throw new Error(`event ${eventId} started no execution: see the rule's dead-letter queue`);
      await pause(100, undefined, { signal });
    }
  }

  private async look(): Promise<void> {
    const { stateMachineArn } = this.stage;
    for await (const { executions = [] } of paginateListExecutions({ client: this.machines }, { stateMachineArn })) {
      const fresh = executions.filter(({ executionArn = '' }) => !this.seen.has(executionArn));
      await Promise.all(fresh.map(({ executionArn = '' }) => this.read(executionArn)));
      // The newest come first: older than this object, or known, and so is everything after it.
      const last = executions.at(-1)?.startDate?.getTime() ?? 0;
      if (fresh.length === 0 || last < this.since - 60_000) return;
    }
  }

  private async read(executionArn: string): Promise<void> {
    const { input = '{}' } = await this.machines.send(new DescribeExecutionCommand({ executionArn }));
    this.seen.add(executionArn);
    const envelope = EnvelopeSchema.safeParse(JSON.parse(input));
    if (envelope.success) this.executions.set(envelope.data.id, executionArn);
  }
}
