import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import {
  ONBOARDING_SOURCE,
  SIGNUP_CONFLICT,
  type SignupConflict,
  SignupConflictSchema,
  TENANT_ONBOARDED,
  TENANT_ONBOARDING_FAILED,
  type TenantOnboarded,
  TenantOnboardedSchema,
  type TenantOnboardingFailed,
  TenantOnboardingFailedSchema,
} from '../../functions/contract/events';
import type { Platform } from '../../local/platform';

const EventSchema = z.object({ id: z.string(), 'detail-type': z.string(), detail: z.unknown() });
const ExecutionSchema = z.object({ executionArn: z.string(), status: z.string() });

/** What is said on the buses about one execution. */
class Heard {
  readonly onboarded: TenantOnboarded[] = [];
  readonly failures: TenantOnboardingFailed[] = [];
  readonly conflicts: SignupConflict[] = [];
  ends = 0;
  readonly waiting: (() => void)[] = [];
}

/**
 * Listens to the platform as its consumers do: the end of each execution on the default bus, and what the platform itself
 * announces, both by way of a queue.
 */
export class Announcements {
  private readonly heard = new Map<string, Heard>();
  /** EventBridge and SQS deliver at least once. What a publisher says twice has an id for each. */
  private readonly ids = new Set<string>();
  private listening: Promise<void> = Promise.resolve();
  private closed = false;

  private constructor(
    private readonly sqs: SQSClient,
    private readonly QueueUrl: string,
  ) {}

  static async listen({ aws, outputs }: Platform): Promise<Announcements> {
    const sqs = new SQSClient(aws);
    const events = new EventBridgeClient(aws);
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: 'faults-announcements' }));
    const Arn = `arn:aws:sqs:${outputs.region}:${outputs.accountId}:faults-announcements`;
    const patterns = {
      default: { source: ['aws.states'], detail: { stateMachineArn: [outputs.stateMachineArn] } },
      [outputs.eventBusName]: { source: [ONBOARDING_SOURCE] },
    };
    for (const [EventBusName, pattern] of Object.entries(patterns)) {
      const rule = { Name: 'faults-announcements', EventBusName };
      await events.send(new PutRuleCommand({ ...rule, EventPattern: JSON.stringify(pattern) }));
      await events.send(new PutTargetsCommand({ Rule: rule.Name, EventBusName, Targets: [{ Id: 'queue', Arn }] }));
    }
    events.destroy();
    const announcements = new Announcements(sqs, QueueUrl);
    announcements.listening = announcements.receive();
    return announcements;
  }

  of(executionArn: string): Heard {
    const found = this.heard.get(executionArn) ?? new Heard();
    this.heard.set(executionArn, found);
    return found;
  }

  /** @returns when the execution has ended for the nth time, or the time is over */
  async ended(executionArn: string, times: number, timeoutMs: number): Promise<boolean> {
    const heard = this.of(executionArn);
    const deadline = Date.now() + timeoutMs;
    while (heard.ends < times && Date.now() < deadline) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, deadline - Date.now());
        heard.waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return heard.ends >= times;
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.listening;
    this.sqs.destroy();
  }

  private async receive(): Promise<void> {
    const { QueueUrl } = this;
    while (!this.closed) {
      const wanted = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 };
      const { Messages = [] } = await this.sqs.send(new ReceiveMessageCommand(wanted));
      for (const { Body = '{}' } of Messages) this.hear(EventSchema.parse(JSON.parse(Body)));
      if (Messages.length === 0) continue;
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await this.sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }

  private hear({ id, 'detail-type': type, detail }: z.output<typeof EventSchema>): void {
    if (this.ids.has(id)) return;
    this.ids.add(id);
    if (type === TENANT_ONBOARDED) {
      const event = TenantOnboardedSchema.parse(detail);
      this.of(event.executionArn).onboarded.push(event);
    } else if (type === TENANT_ONBOARDING_FAILED) {
      const event = TenantOnboardingFailedSchema.parse(detail);
      this.of(event.executionArn).failures.push(event);
    } else if (type === SIGNUP_CONFLICT) {
      const event = SignupConflictSchema.parse(detail);
      this.of(event.executionArn).conflicts.push(event);
    } else if (type === 'Step Functions Execution Status Change') {
      const { executionArn, status } = ExecutionSchema.parse(detail);
      if (status === 'RUNNING') return;
      const heard = this.of(executionArn);
      heard.ends++;
      for (const wake of heard.waiting.splice(0)) wake();
    }
  }
}
