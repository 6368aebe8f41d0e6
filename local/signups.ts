import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeExecutionCommand, type ExecutionListItem, paginateListExecutions } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { StartOptions } from '../functions/acts/executions';
import { SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE, type Signup, SignupSchema } from '../functions/contract/signup';
import { inGroups } from '../functions/shared/in-groups';
import { everyItem } from '../functions/shared/paging';
import type { Ended, FollowOptions } from '../operations/client/executions';
import { StageClient } from '../operations/client/stage-client';
import type { StageConnection } from '../operations/stage-connection';

/** "PutEvents": at most 10 entries in one request. */
const ENTRIES = 10;
/** How long to wait until EventBridge has started an execution. */
const DELIVERY_MS = 60_000;
/** How long to wait for many simultaneous onboardings. */
const BURST_MS = 900_000;
const EnvelopeSchema = z.looseObject({ id: z.string() });

/**
 * A valid address even when the subdomain is malformed, so that a refusal names only the caller's
 * own mistakes.
 */
function inventedAddress(subdomain: string): string {
  const address = `ops@${subdomain}.example`;
  return SignupSchema.shape.contactEmail.safeParse(address).success ? address : 'ops@customer.example';
}

/** A signup as billing would send it. Missing fields are filled in. */
export function newSignup(said: Pick<Signup, 'companyName' | 'subdomain'> & Partial<Signup>): Signup {
  return {
    version: 1,
    signupId: `sub_${randomUUID().replaceAll('-', '')}`,
    contactEmail: inventedAddress(said.subdomain),
    plan: 'enterprise',
    ...said,
  };
}

/**
 * Signs companies up on a stage, and waits for the end of their onboardings. It either puts an
 * event on the bus, as billing does, or starts the state machine, which gives the execution's ARN
 * at once. A detail is `unknown` because billing may send anything.
 */
export class Signups {
  private readonly client: StageClient;
  private readonly events: EventBridgeClient;
  private readonly executions = new Map<string, string>();
  private readonly seen = new Set<string>();
  /** Shared by calls that wait for their executions at the same time. */
  private looking: Promise<void> | undefined;
  private readonly since = Date.now();

  constructor(stage: StageConnection) {
    this.client = new StageClient(stage);
    this.events = new EventBridgeClient(stage.aws);
  }

  /** Starts the state machine. @returns the ARN of the execution */
  start(detail: unknown, options: StartOptions = {}): Promise<string> {
    return this.client.start(detail, options);
  }

  /** Starts the state machine, and follows the execution until it ends in any way. */
  async onboard(detail: unknown, options: StartOptions & FollowOptions = {}): Promise<Ended> {
    const { onProgress, everyMs, signal, ...starting } = options;
    const following = { ...(onProgress && { onProgress }), ...(everyMs && { everyMs }), ...(signal && { signal }) };
    return await this.client.follow(await this.start(detail, starting), following);
  }

  /** The same. @throws Error when the execution does not end SUCCEEDED */
  async onboardWell(detail: unknown, options: StartOptions & FollowOptions = {}): Promise<Ended> {
    const run = await this.onboard(detail, options);
    if (run.status === 'SUCCEEDED') return run;
    throw new Error(`${run.executionArn} ended ${run.status}: ${run.failure?.error} ${run.failure?.reason}`);
  }

  /**
   * Puts several signups on the bus at once.
   *
   * @returns the ids of the events, in the order of the details
   * @throws Error when the bus refuses one of them
   */
  async send(details: readonly unknown[]): Promise<string[]> {
    const entries = details.map((detail) => ({
      EventBusName: this.client.stage.eventBusName,
      Source: SIGNUP_SOURCE,
      DetailType: SIGNUP_DETAIL_TYPE,
      Detail: JSON.stringify(detail),
    }));
    const sent = inGroups(entries, ENTRIES).map((Entries) => this.events.send(new PutEventsCommand({ Entries })));
    const answers = await Promise.all(sent);
    return answers
      .flatMap(({ Entries = [] }) => Entries)
      .map(({ EventId, ErrorCode, ErrorMessage }) => {
        if (EventId) return EventId;
        throw new Error(`the bus refused a signup: ${ErrorCode} ${ErrorMessage}`);
      });
  }

  /**
   * Finds the execution whose input is the event with this id. The rule does not choose the
   * execution's name. So this reads the input of the newest executions, each once.
   *
   * @throws Error when none appears within a minute
   */
  async executionOf(eventId: string, signal?: AbortSignal): Promise<string> {
    const deadline = Date.now() + DELIVERY_MS;
    for (;;) {
      this.looking ??= this.look().finally(() => {
        this.looking = undefined;
      });
      await this.looking;
      const found = this.executions.get(eventId);
      if (found) return found;
      if (Date.now() > deadline)
        throw new Error(`event ${eventId} started no execution: see the dead-letter queue of the rule`);
      await pause(100, undefined, { signal });
    }
  }

  /**
   * Puts several signups on the bus at once, and waits until as many executions have started and
   * all have ended. There must be no other signup meanwhile.
   *
   * @returns the executions, and the seconds from the first event to the last end
   * @throws Error when one has not ended after a quarter of an hour
   */
  async burst(
    details: readonly unknown[],
    everyMs = 250,
  ): Promise<{ executions: ExecutionListItem[]; seconds: number }> {
    const before = new Set((await this.list()).map(({ executionArn }) => executionArn));
    const began = performance.now();
    await this.send(details);
    for (;;) {
      const executions = (await this.list()).filter(({ executionArn }) => !before.has(executionArn));
      const tookMs = performance.now() - began;
      if (executions.length >= details.length && executions.every(({ status }) => status !== 'RUNNING'))
        return { executions, seconds: tookMs / 1000 };
      if (tookMs > BURST_MS)
        throw new Error(`${executions.length} of ${details.length} executions have started, and not all have ended`);
      await pause(everyMs);
    }
  }

  private pages(maxResults: number) {
    const { sfn, stage } = this.client;
    return paginateListExecutions({ client: sfn }, { stateMachineArn: stage.stateMachineArn, maxResults });
  }

  private list(): Promise<ExecutionListItem[]> {
    return everyItem(this.pages(1000), ({ executions }) => executions);
  }

  private async look(): Promise<void> {
    for await (const { executions = [] } of this.pages(100)) {
      const fresh = executions.filter(({ executionArn = '' }) => !this.seen.has(executionArn));
      await Promise.all(fresh.map(({ executionArn = '' }) => this.read(executionArn)));
      // The list begins with the newest: after one that is known, or older than this object, so are
      // all others.
      const last = executions.at(-1)?.startDate?.getTime() ?? 0;
      if (fresh.length === 0 || last < this.since - 60_000) return;
    }
  }

  private async read(executionArn: string): Promise<void> {
    const { input = '{}' } = await this.client.sfn.send(new DescribeExecutionCommand({ executionArn }));
    this.seen.add(executionArn);
    const envelope = EnvelopeSchema.safeParse(JSON.parse(input));
    if (envelope.success) this.executions.set(envelope.data.id, executionArn);
  }
}
