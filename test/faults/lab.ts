import { DisableRuleCommand, EventBridgeClient, ListRuleNamesByTargetCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  type ExecutionListItem,
  ExecutionStatus,
  GetExecutionHistoryCommand,
  RedriveExecutionCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { control } from '../../emulator/control';
import { executionArnOf } from '../../functions/acts/executions';
import { tenantNames } from '../../functions/contract/naming';
import type { Signup } from '../../functions/contract/signup';
import type { StackKind } from '../../functions/contract/stacks';
import { type Platform, startPlatform } from '../../local/platform';
import { Signups } from '../../local/signups';
import { localConnection } from '../../operations/stage-connection';
import { Announcements } from './announcements';
import { Callers } from './caller';
import { type Census, takeCensus, without } from './census';
import { Injection } from './injection';
import { watchRoutes } from './watch-routes';

/** How an execution has come to an end, for the time being. */
export interface End {
  readonly status: string;
  readonly error: string;
  readonly cause: string;
  /** The state entered last: `ConcludeFailure` where the failure path was walked to its end. */
  readonly state: string;
}

/** Longer than any onboarding with one fault takes, on a slow machine too: the sweep leaves a lost event some minutes. */
const PATIENCE_MS = 900_000;
/** Of each stack, what is made last and goes first. */
const LAST_RESOURCES: Readonly<Record<StackKind, string>> = {
  network: 'RouteToCell',
  database: 'SecretAttachment',
  storage: 'BucketPolicy',
  access: 'AccessRole',
};
const PatienceSchema = z.object({ factor: z.number() });
const LoadSchema = z.object({ waitingInvocations: z.number() });
/** Processes for each function: a platform has a few onboardings at work, and stands beside others. */
const WORKERS = { LAMBDA_WORKERS_PER_FUNCTION: '3' };
/** The machines' pauses, as a factor: what fails for good is tried for minutes before it is undone. */
const PAUSES = { SFN_WAIT_SCALE: '0.5' };

/**
 * A figure that runs at the hour of the audit would have the audit find what listens to the announcements, and with this
 * finding every later onboarding fails. All other schedules go on: the sweep belongs to what is tried.
 */
async function withoutDailyAudit({ aws, outputs }: Platform): Promise<void> {
  const events = new EventBridgeClient(aws);
  const { RuleNames = [] } = await events.send(
    new ListRuleNamesByTargetCommand({ TargetArn: outputs.auditMachineArn }),
  );
  if (RuleNames.length === 0) throw new Error('no rule starts the daily audit');
  await Promise.all(RuleNames.map((Name) => events.send(new DisableRuleCommand({ Name }))));
  events.destroy();
}

/** A platform of its own whose functions reach AWS through the injection, with whatever a trial needs of it. */
export class Lab {
  readonly signups: Signups;
  private readonly sfn: SFNClient;
  private readonly ends = new Map<string, number>();

  private constructor(
    readonly platform: Platform,
    readonly injection: Injection,
    readonly announcements: Announcements,
    /** Tenants to whom a request could have come before they were verified. */
    readonly openedUnverified: ReadonlySet<string>,
    private readonly before: Census,
  ) {
    this.signups = new Signups(localConnection(platform.outputs));
    this.sfn = new SFNClient(platform.aws);
  }

  static async start(options: { env?: Record<string, string>; signal?: AbortSignal } = {}): Promise<Lab> {
    const { env, signal } = options;
    const platform = await startPlatform({
      proxy: true,
      env: { ...WORKERS, ...PAUSES, ...env },
      ...(signal && { signal }),
    });
    try {
      if (!platform.proxy) throw new Error('the platform has no proxy');
      await withoutDailyAudit(platform);
      const injection = new Injection(platform.proxy, new Callers(platform.emulator.endpointUrl));
      const before = await takeCensus(platform);
      const openedUnverified = watchRoutes(injection, platform);
      const lab = new Lab(platform, injection, await Announcements.listen(platform), openedUnverified, before);
      await lab.slowStacksDown();
      return lab;
    } catch (failure) {
      await platform.stop();
      throw failure;
    }
  }

  async stop(): Promise<void> {
    await this.announcements.close();
    this.sfn.destroy();
    await this.platform.stop();
  }

  /** Asks the emulator for what AWS cannot be asked for. */
  async control(path: string, request: Readonly<Record<string, unknown>>): Promise<unknown> {
    return await control(this.platform.emulator.endpointUrl, path, request);
  }

  /** How many invocations wait for a process: AWS would have one for each. */
  async waitingInvocations(): Promise<number> {
    return LoadSchema.parse(await this.control('load', {})).waitingInvocations;
  }

  /** The factor on AWS's delays. */
  async patience(): Promise<number> {
    return PatienceSchema.parse(await this.control('patience', {})).factor;
  }

  /**
   * Stacks take a moment, as they take minutes on AWS: whoever asks for one has gone when it settles, and what answers is
   * its event.
   */
  private async slowStacksDown(): Promise<void> {
    for (const [stack, resource] of Object.entries(LAST_RESOURCES)) {
      for (const on of ['create', 'delete']) {
        await this.control('stack-faults', { stack: tenantNames.stack('*', stack), resource, on, seconds: 0.25 });
      }
    }
  }

  /** @param name of the execution; known before, so that faults can be scripted for it */
  executionArn(name: string): string {
    return executionArnOf(this.platform.outputs.stateMachineArn, name);
  }

  async start(name: string, signup: Signup): Promise<void> {
    await this.signups.start(signup, { name });
  }

  async redrive(executionArn: string): Promise<void> {
    await this.sfn.send(new RedriveExecutionCommand({ executionArn }));
  }

  /** @throws Error when it does not end in time */
  async end(executionArn: string): Promise<End> {
    const times = (this.ends.get(executionArn) ?? 0) + 1;
    this.ends.set(executionArn, times);
    const inTime = await this.announcements.ended(executionArn, times, PATIENCE_MS);
    const { status = '', error = '', cause = '' } = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
    const state = await this.lastState(executionArn);
    if (!inTime || status === ExecutionStatus.RUNNING) throw new Error(`${executionArn} has not ended, at ${state}`);
    return { status, error, cause, state };
  }

  /** Each execution with its error and its output, which a list does not have. */
  async describe(executions: readonly ExecutionListItem[]): Promise<DescribeExecutionOutput[]> {
    return await Promise.all(
      executions.map(({ executionArn }) => this.sfn.send(new DescribeExecutionCommand({ executionArn }))),
    );
  }

  /** What there is now and was not when the platform was new. */
  async census(): Promise<Census> {
    return without(await takeCensus(this.platform), this.before);
  }

  private async lastState(executionArn: string): Promise<string> {
    const latest = { executionArn, reverseOrder: true, maxResults: 100 };
    const { events = [] } = await this.sfn.send(new GetExecutionHistoryCommand(latest));
    return (
      events.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails)?.stateEnteredEventDetails?.name ?? ''
    );
  }
}
