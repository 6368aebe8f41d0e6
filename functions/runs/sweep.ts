import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { TenantRecord } from '../contract/records';
import type { Executions } from '../reservation/claims';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { eventBus } from '../shared/event-publisher';
import { logger } from '../shared/logger';
import { meter } from '../shared/meter';
import { tenantsTable } from '../tenants/tenants-table';
import { GRACE_SECONDS, type LostAnswersDeps, sweepTask, waitingTasks } from './lost-answers';
import { type NoticeEndDeps, noticeEnd } from './notice-end';
import { describeRunEnd, forgottenRun, isConcluded, isForgotten, type RunEnd } from './run-end';
import { isLate, runningExecutions, tenantsUnderWay } from './runs-under-way';

export interface SweepDeps extends LostAnswersDeps, NoticeEndDeps {
  readonly sfn: Executions;
  readonly stage: {
    /** ARNs of the state machines of the watched workflows. */
    readonly machineArns: readonly string[];
    readonly maxOnboardingMinutes: number;
  };
}

/** The schedule passes no grace period. An operator who knows that an event is lost passes 0. */
const SweepInput = z.object({ graceSeconds: z.number().nonnegative().default(GRACE_SECONDS) });
const SweepOutput = z.object({
  answered: z.number(),
  begunAnew: z.number(),
  forgotten: z.number(),
  late: z.array(z.string()),
  noticed: z.array(z.string()),
});

/** Acts on every item. A failure is collected and does not stop the others. */
async function each<T>(items: AsyncIterable<T> | Iterable<T>, failures: unknown[], act: (item: T) => Promise<void>) {
  for await (const item of items) {
    try {
      await act(item);
    } catch (thrown) {
      failures.push(thrown);
    }
  }
}

async function endOf(sfn: Executions, { executionArn, signupId }: TenantRecord): Promise<RunEnd | undefined> {
  try {
    return await describeRunEnd(sfn, executionArn);
  } catch (thrown) {
    if (!isForgotten(thrown)) throw thrown;
    return forgottenRun(executionArn, { input: { signupId } });
  }
}

/**
 * Notices the end of the tenant's run, unless it is recorded already. A run that was redriven and
 * has ended again is noticed again. Within the grace period the watchdog may still notice the end.
 */
async function noticeIfEnded(deps: SweepDeps, record: TenantRecord, grace: number): Promise<boolean> {
  const end = await endOf(deps.sfn, record);
  if (!end || isConcluded(end)) return false;
  if (deps.now().getTime() - end.stoppedOn.getTime() < grace) return false;
  const { failure } = record;
  if (failure?.outcome === 'unfinished' && failure.at >= end.stoppedOn.toISOString()) return false;
  return ['unfinished', 'concluded'].includes(await noticeEnd(deps, end));
}

/**
 * Runs every two minutes, and makes up for lost events.
 *
 * 1. Answer waiting tasks whose stack event was lost. Fail tasks whose function died on the way, so
 *    that the state machine retries them. Delete the items of tasks that have ended.
 * 2. Count running executions that are older than the stage's limit. An alarm goes off while they
 *    run.
 * 3. Find tenants under way without a running execution, and notice the ends that the watchdog
 *    missed.
 *
 * The cost follows the number of onboardings under way, not the number of tenants.
 *
 * Throws the first failure, after all other work is done.
 */
export const sweep: Action<typeof SweepInput, typeof SweepOutput, SweepDeps> = {
  name: 'Sweep',
  input: SweepInput,
  output: SweepOutput,
  run: async (deps, { graceSeconds }) => {
    const { table, sfn, stage, now } = deps;
    const grace = graceSeconds * 1000;
    const failures: unknown[] = [];
    const done = { answered: 0, 'begun-anew': 0, forgotten: 0, waits: 0 };
    await each(waitingTasks(table, now(), grace), failures, async (task) => {
      const sweeping = await sweepTask(deps, task, grace);
      done[sweeping] += 1;
      if (sweeping !== 'waits') logger.warn('task.swept', { stackName: task.stackName, sweeping });
    });
    const underWay = await tenantsUnderWay(table);
    const running = (await Promise.all(stage.machineArns.map((arn) => runningExecutions(sfn, arn)))).flat();
    const late = running
      .filter((run) => isLate(run, now(), stage.maxOnboardingMinutes))
      .map((run) => `${run.executionArn}`);
    if (late.length > 0) logger.warn('runs.late', { late });
    const alive = new Set(running.map((run) => run.executionArn));
    const noticed: string[] = [];
    await each(
      underWay.filter(({ executionArn }) => !alive.has(executionArn)),
      failures,
      async (record) => {
        if (await noticeIfEnded(deps, record, grace)) noticed.push(record.tenantId);
      },
    );
    deps.meter.count('LostStackEvents', done.answered);
    deps.meter.count('LateRuns', late.length);
    if (failures.length > 0) throw failures[0];
    deps.meter.count('SweepsDone', 1);
    return { answered: done.answered, begunAnew: done['begun-anew'], forgotten: done.forgotten, late, noticed };
  },
};

const realDeps = (): SweepDeps => ({
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  cloudformation: new CloudFormationClient(clientOptions),
  sfn: new SFNClient(clientOptions),
  meter,
  get stage() {
    return {
      machineArns: env('MACHINE_ARNS').split(','),
      maxOnboardingMinutes: Number(env('MAX_ONBOARDING_MINUTES')),
    };
  },
  now: () => new Date(),
});

export const handler = actionHandler(sweep, realDeps());
