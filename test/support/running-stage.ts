import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ExecutionStatus, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { control } from '../../emulator/control';
import { executionArnOf } from '../../functions/acts/executions';
import {
  ONBOARDING_SOURCE,
  TENANT_ONBOARDING_FAILED,
  TENANT_ONBOARDING_FAILING,
  TenantOnboardingFailedSchema,
  TenantOnboardingFailingSchema,
} from '../../functions/contract/events';
import { tenantNames } from '../../functions/contract/naming';
import type { Signup } from '../../functions/contract/signup';
import type { StackKind } from '../../functions/contract/stacks';
import { describeStack } from '../../functions/stacks/stacks';
import type { Platform, PlatformOptions } from '../../local/platform';
import { type Ended, historyOf } from '../../operations/client/executions';
import { visitsOf } from '../../operations/client/progress';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection, type StageConnection } from '../../operations/stage-connection';
import { startUnscheduled } from './unscheduled-platform';

const id = z.string();
const FailureEventSchema = z.discriminatedUnion('detail-type', [
  z.object({ id, 'detail-type': z.literal(TENANT_ONBOARDING_FAILED), detail: TenantOnboardingFailedSchema }),
  z.object({ id, 'detail-type': z.literal(TENANT_ONBOARDING_FAILING), detail: TenantOnboardingFailingSchema }),
]);
type FailureEvent = z.output<typeof FailureEventSchema>;

const FateSchema = z.object({ over: z.boolean() });
const FaultSchema = z.object({ id: z.number() });
/** Seconds: longer than any test. */
const LONG = 3600;

/** Waits until the question has an answer. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, patienceMs = 120_000): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not in ${patienceMs} ms`);
    await pause(100);
  }
}

/** A running platform, with hands for what a test of its edges needs. */
export class RunningStage {
  readonly connection: StageConnection;
  readonly client: StageClient;
  readonly sfn: SFNClient;
  private readonly queue = `failures-${randomUUID()}`;
  /** By the event's id: EventBridge and SQS deliver at least once. */
  private readonly heard = new Map<string, FailureEvent>();
  private queueUrl = '';

  private constructor(readonly platform: Platform) {
    this.connection = localConnection(platform.outputs);
    this.client = new StageClient(this.connection);
    this.sfn = this.client.sfn;
  }

  static async start(
    env: Record<string, string> = {},
    options: Pick<PlatformOptions, 'patience' | 'log'> = {},
  ): Promise<RunningStage> {
    const stage = new RunningStage(await startUnscheduled({ env, ...options }));
    try {
      await stage.listen();
      return stage;
    } catch (failure) {
      await stage.stop();
      throw failure;
    }
  }

  stop(): Promise<void> {
    return this.platform.stop();
  }

  private async listen(): Promise<void> {
    const sqs = new SQSClient(this.platform.aws);
    const events = new EventBridgeClient(this.platform.aws);
    const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: this.queue }));
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    const onBus = { EventBusName: this.connection.eventBusName };
    const types = [TENANT_ONBOARDING_FAILED, TENANT_ONBOARDING_FAILING];
    const EventPattern = JSON.stringify({ source: [ONBOARDING_SOURCE], 'detail-type': types });
    await events.send(new PutRuleCommand({ ...onBus, Name: this.queue, EventPattern }));
    const Targets = [{ Id: 'queue', Arn: Attributes?.QueueArn }];
    await events.send(new PutTargetsCommand({ ...onBus, Rule: this.queue, Targets }));
    this.queueUrl = QueueUrl;
  }

  /** The announcements of an execution's failures, once there are so many. */
  async failures(executionArn: string, atLeast = 1) {
    const events = await this.hears(TENANT_ONBOARDING_FAILED, executionArn, atLeast);
    return events.map(({ detail }) => detail);
  }

  /** The announcements that an execution's rollback begins. */
  async beginningRollbacks(executionArn: string) {
    const events = await this.hears(TENANT_ONBOARDING_FAILING, executionArn, 1);
    return events.map(({ detail }) => detail);
  }

  private hears<T extends FailureEvent['detail-type']>(type: T, executionArn: string, atLeast: number) {
    const sqs = new SQSClient(this.platform.aws);
    const isWanted = (event: FailureEvent): event is Extract<FailureEvent, { 'detail-type': T }> =>
      event['detail-type'] === type && event.detail.executionArn === executionArn;
    return eventually(`${atLeast} ${type} of ${executionArn}`, async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: this.queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
      );
      for (const event of Messages.map(({ Body = '' }) => FailureEventSchema.parse(JSON.parse(Body)))) {
        this.heard.set(event.id, event);
      }
      const own = [...this.heard.values()].filter(isWanted);
      return own.length >= atLeast ? own : undefined;
    });
  }

  begin(signup: Signup): Promise<string> {
    return this.client.start(signup);
  }

  /**
   * Runs an onboarding that is stopped when the state calls its function, which goes on, as it would on AWS. That is said
   * before the run begins, so that the state cannot be over already.
   *
   * @returns when the function has ended, too
   * @throws Error when the execution has ended in another way
   */
  async stoppedIn(signup: Signup, state: string): Promise<string> {
    const name = `stopped-in-${state}-${randomUUID()}`;
    const executionArn = executionArnOf(this.client.stage.stateMachineArn, name);
    await this.control('tasks', { executionArn, state, fate: 'abort' });
    const { status } = await this.follow(await this.client.start(signup, { name }));
    if (status !== ExecutionStatus.ABORTED) throw new Error(`${executionArn} has ended ${status}`);
    await eventually(`the end of what ${state} has called`, async () => {
      return FateSchema.parse(await this.control('tasks/remove', { executionArn, state })).over || undefined;
    });
    return executionArn;
  }

  follow(executionArn: string): Promise<Ended> {
    return this.client.follow(executionArn);
  }

  /**
   * Waits until the state's function has done its part, and the state waits for the answer to its token: what comes then
   * does not meet a function at work.
   */
  async waits(executionArn: string, state: string): Promise<void> {
    await eventually(`${executionArn} waits in ${state}`, async () => {
      const history = await historyOf(this.sfn, executionArn);
      const byId = new Map(history.map((event) => [event.id, event]));
      const stateOf = (event: HistoryEvent | undefined): string | undefined =>
        event && (event.stateEnteredEventDetails?.name ?? stateOf(byId.get(event.previousEventId)));
      const last = history.findLast((event) => stateOf(event) === state);
      return last?.type === 'TaskSubmitted' || undefined;
    });
  }

  /** Waits until the execution has been in the state, and is in it no longer. */
  async leaves(executionArn: string, state: string): Promise<void> {
    await eventually(`${executionArn} after ${state}`, async () => {
      const visits = visitsOf(await historyOf(this.sfn, executionArn));
      return visits.some((visit) => visit.state === state && visit.leftAt !== undefined) || undefined;
    });
  }

  /** Waits until CloudFormation shows the tenant's stack so. @param status `gone` where no stack has the name any more */
  async stackBecomes(tenantId: string, kind: StackKind, status: string): Promise<void> {
    const cloudformation = new CloudFormationClient(this.platform.aws);
    const name = tenantNames.stack(tenantId, kind);
    await eventually(`${name} is ${status}`, async () => {
      const stack = await describeStack(cloudformation, name);
      return (stack?.StackStatus ?? 'gone') === status || undefined;
    });
  }

  /**
   * Resources of a stack take their time: the function that asks for them has ended before.
   *
   * @returns lets them go on
   */
  async hold(on: 'create' | 'delete', stack: string, resource: string): Promise<() => Promise<unknown>> {
    const hold = { stack, resource, on, seconds: LONG };
    const { id } = FaultSchema.parse(await this.control('stack-faults', hold));
    return () => this.control('stack-faults/remove', { id });
  }

  /** Calls one of the functions that the clock calls, as its role. */
  async call(functionName: string, payload: object = {}): Promise<unknown> {
    const { Payload, FunctionError } = await new LambdaClient(this.platform.aws).send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(payload) }),
    );
    const answer: unknown = JSON.parse(new TextDecoder().decode(Payload) || 'null');
    if (FunctionError) throw new Error(`${functionName}: ${JSON.stringify(answer)}`);
    return answer;
  }

  /** @param graceSeconds in which an event may still come, or a function at work may still do its part */
  sweep(graceSeconds = 0): Promise<unknown> {
    return this.call(this.platform.deployment.controlPlane.sweepFunctionName, { graceSeconds });
  }

  control(path: string, request: object): Promise<unknown> {
    return control(this.platform.emulator.endpointUrl, path, request);
  }
}
