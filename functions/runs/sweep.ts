import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CodePipelineClient } from '@aws-sdk/client-codepipeline';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { type ExecutionListItem, SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import type { Compute } from '../compute/compute';
import { ssmCells } from '../compute/ssm-cells';
import type { CellDescriptor } from '../contract/cell';
import { itemKeys, type TenantRecord } from '../contract/records';
import { workflowOf } from '../contract/workflows';
import { readMigration } from '../database/migration-store';
import { noticeMigrationEnd } from '../database/notice-migration-end';
import { noticeReleaseEnd } from '../delivery/notice-release-end';
import { readClaim } from '../delivery/release-store';
import { approvalsTooLate } from '../delivery/waiting-approvals';
import type { Executions } from '../reservation/claims';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { eventBus } from '../shared/event-publisher';
import { isNamed } from '../shared/is-named';
import { logger } from '../shared/logger';
import { meter } from '../shared/meter';
import { isNoExecution } from '../shared/no-execution';
import { ReadableItems } from '../shared/readable-items';
import { settled } from '../shared/settled';
import { tenantsIn } from '../tenants/tenants-in';
import { tenantsTable } from '../tenants/tenants-table';
import { countSlots } from './count-slots';
import { GRACE_SECONDS, type LostAnswersDeps, sweepTask, waitingTasks } from './lost-answers';
import { type NoticeEndDeps, noticeEnd } from './notice-end';
import { describeRunEnd, forgottenRun, isConcluded, type RunEnd } from './run-end';
import { isHeldTooLong, isLate, runningExecutions, UNDER_WAY } from './runs-under-way';

export interface SweepDeps extends LostAnswersDeps, NoticeEndDeps {
  readonly sfn: Executions;
  readonly compute: Pick<Compute, 'readableCells'>;
  readonly codepipeline: Pick<CodePipelineClient, 'send'>;
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
  /** Ids of the tenants that have been HELD for too long. */
  held: z.array(z.string()),
  /** Keys of the items that cannot be parsed. */
  unreadable: z.array(z.string()),
  /** Cells whose release or migration has ended without a notice. */
  cells: z.array(z.string()),
  /** Stage and action of the approvals for which an image waits for too long. */
  approvals: z.array(z.string()),
});

/** Acts on every item. A failure is collected and does not stop the others. A list that fails ends here. */
async function each<T>(items: AsyncIterable<T> | Iterable<T>, failures: unknown[], act: (item: T) => Promise<void>) {
  try {
    for await (const item of items) await act(item).catch((thrown: unknown) => failures.push(thrown));
  } catch (thrown) {
    failures.push(thrown);
  }
}

async function endOf(sfn: Executions, { executionArn, signupId }: TenantRecord): Promise<RunEnd | undefined> {
  try {
    return await describeRunEnd(sfn, executionArn);
  } catch (thrown) {
    if (!isNoExecution(thrown)) throw thrown;
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

async function runningIn({ sfn, stage }: SweepDeps, failures: unknown[]): Promise<ExecutionListItem[]> {
  const running: ExecutionListItem[] = [];
  await each(stage.machineArns, failures, async (machine) => {
    running.push(...(await runningExecutions(sfn, machine)));
  });
  return running;
}

function lateOf(running: readonly ExecutionListItem[], { stage, now }: SweepDeps): string[] {
  const onboardings = running.filter(({ executionArn = '' }) => workflowOf(executionArn).name === 'TenantOnboarding');
  const late = onboardings.filter((run) => isLate(run, now(), stage.maxOnboardingMinutes));
  const arns = late.map(({ executionArn }) => `${executionArn}`);
  if (arns.length > 0) logger.warn('runs.late', { late: arns });
  return arns;
}

interface Sweeping {
  readonly running: readonly ExecutionListItem[];
  readonly grace: number;
  readonly items: ReadableItems;
  readonly failures: unknown[];
}

/** @returns ids of the tenants whose run has ended without a notice */
async function noticeEnded(deps: SweepDeps, { running, grace, items, failures }: Sweeping): Promise<string[]> {
  const alive = new Set(running.map(({ executionArn }) => executionArn));
  const noticed: string[] = [];
  await each(tenantsIn(deps.table, UNDER_WAY, items), failures, async (record) => {
    if (alive.has(record.executionArn)) return;
    if (await noticeIfEnded(deps, record, grace)) noticed.push(record.tenantId);
  });
  return noticed;
}

async function readableCells({ compute }: SweepDeps, failures: unknown[]) {
  try {
    const { cells, damaged } = await compute.readableCells();
    failures.push(...damaged.values());
    return { known: cells, areAll: damaged.size === 0 };
  } catch (thrown) {
    failures.push(thrown);
    return { known: [], areAll: false };
  }
}

async function heldTooLong({ table, now }: SweepDeps, items: ReadableItems, failures: unknown[]): Promise<string[]> {
  const held: string[] = [];
  await each(tenantsIn(table, ['HELD'], items), failures, async (record) => {
    if (isHeldTooLong(record, now())) held.push(record.tenantId);
  });
  if (held.length > 0) logger.warn('tenants.held', { held });
  return held;
}

async function approvalsLate({ codepipeline, now }: SweepDeps, failures: unknown[]): Promise<string[]> {
  try {
    const late = [...(await approvalsTooLate(codepipeline, now()))];
    if (late.length > 0) logger.warn('approvals.late', { late });
    return late;
  } catch (thrown) {
    failures.push(thrown);
    return [];
  }
}

/** What a release or a migration has written about itself: its execution, and the end that was noticed last. */
interface Claim {
  readonly cell: string;
  readonly executionArn: string;
  readonly endedAt?: string | undefined;
  readonly noticed?: string | undefined;
}

/** @returns undefined for a run that is under way, has succeeded or has concluded. A claim holds what its request was. */
async function endOfClaim(sfn: Executions, claim: Claim): Promise<RunEnd | undefined> {
  try {
    const end = await describeRunEnd(sfn, claim.executionArn);
    return end && !isConcluded(end) ? end : undefined;
  } catch (thrown) {
    if (!isNoExecution(thrown)) throw thrown;
    return forgottenRun(claim.executionArn, { input: claim });
  }
}

/**
 * The end of a run that has a cell and runs no more, unless it was noticed; the watchdog may still come in
 * the grace period.
 */
async function unnoticedEnd(
  deps: SweepDeps,
  claim: Claim | undefined,
  { running, grace }: Omit<Sweeping, 'items'>,
): Promise<RunEnd | undefined> {
  if (!claim || claim.endedAt || running.some(({ executionArn }) => executionArn === claim.executionArn)) return;
  const end = await endOfClaim(deps.sfn, claim);
  if (!end || deps.now().getTime() - end.stoppedOn.getTime() < grace) return;
  return claim.noticed && claim.noticed >= end.stoppedOn.toISOString() ? undefined : end;
}

/** A claim that cannot be parsed is passed over, as any other item. */
async function readable<T>(items: ReadableItems, key: object, claim: Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await claim;
  } catch (thrown) {
    if (!isNamed(thrown, 'InvalidRequest')) throw thrown;
    items.passOver(key, thrown.message);
    return undefined;
  }
}

/** Notices the ends of a release and of a migration of the cell. @returns whether there was one */
async function cellEnded(deps: SweepDeps, cell: string, sweeping: Sweeping): Promise<boolean> {
  const { items } = sweeping;
  const [release, migration] = await settled([
    readable(items, itemKeys.release(cell), readClaim(deps.table, cell)),
    readable(items, itemKeys.migration(cell), readMigration(deps.table, cell)),
  ]);
  const released = await unnoticedEnd(deps, release && { ...release, noticed: release.failure?.at }, sweeping);
  const migrated = await unnoticedEnd(deps, migration && { ...migration, noticed: migration.unfinished?.at }, sweeping);
  const notices = [
    released && (await noticeReleaseEnd(deps, released)),
    migrated && (await noticeMigrationEnd(deps, migrated)),
  ];
  return notices.includes('unfinished');
}

/** @returns the cells whose release or migration has ended without a notice */
async function cellsEnded(deps: SweepDeps, cells: readonly CellDescriptor[], sweeping: Sweeping): Promise<string[]> {
  const noticed: string[] = [];
  await each(cells, sweeping.failures, async ({ name }) => {
    if (await cellEnded(deps, name, sweeping)) noticed.push(name);
  });
  return noticed;
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
 * 4. Count the tenants that have been HELD for more than a day.
 * 5. Notice a release or a migration that has a cell and has ended outside its failure path.
 * 6. Count the approvals of the release pipeline for which an image waits for more than a day.
 * 7. Count the slots of all cells, taken and left. An alarm goes off when few are left.
 *
 * An item of the table that cannot be parsed is named in the log, counted and passed over: it stops
 * nobody. The cost follows the number of onboardings under way or held, and the number of cells: one
 * request counts the slots of a cell, whose items are far below a page of 1 MB ("Query").
 *
 * Throws the first failure, after all other work is done.
 */
export const sweep: Action<typeof SweepInput, typeof SweepOutput, SweepDeps> = {
  name: 'Sweep',
  input: SweepInput,
  output: SweepOutput,
  run: async (deps, { graceSeconds }) => {
    const { table, meter, now } = deps;
    const grace = graceSeconds * 1000;
    const failures: unknown[] = [];
    const items = new ReadableItems();
    const done = { answered: 0, 'begun-anew': 0, forgotten: 0, waits: 0 };
    await each(waitingTasks(table, now(), grace, items), failures, async (task) => {
      const sweeping = await sweepTask(deps, task, grace);
      done[sweeping] += 1;
      if (sweeping !== 'waits') logger.warn('task.swept', { stackName: task.stackName, sweeping });
    });
    const running = await runningIn(deps, failures);
    const late = lateOf(running, deps);
    const noticed = await noticeEnded(deps, { running, grace, items, failures });
    const held = await heldTooLong(deps, items, failures);
    const { known, areAll } = await readableCells(deps, failures);
    const cells = await cellsEnded(deps, known, { running, grace, items, failures });
    const approvals = await approvalsLate(deps, failures);
    if (areAll) await countSlots(deps, known).catch((thrown: unknown) => failures.push(thrown));
    meter.count('LostStackEvents', done.answered);
    meter.count('LateRuns', late.length);
    meter.count('TenantsHeldTooLong', held.length);
    meter.count('ApprovalsTooLate', approvals.length);
    meter.count('UnreadableItems', items.unreadable.size);
    if (failures.length > 0) throw failures[0];
    meter.count('SweepsDone', 1);
    const { answered, forgotten } = done;
    const unreadable = [...items.unreadable];
    return { answered, begunAnew: done['begun-anew'], forgotten, late, noticed, held, unreadable, cells, approvals };
  },
};

const realDeps = (): SweepDeps => ({
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  cloudformation: new CloudFormationClient(clientOptions),
  sfn: new SFNClient(clientOptions),
  codepipeline: new CodePipelineClient(clientOptions),
  compute: ssmCells(new SSMClient(clientOptions)),
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
