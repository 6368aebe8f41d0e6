import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { workflowOf } from '../contract/workflows';
import { noticeMigrationEnd } from '../database/notice-migration-end';
import { noticeReleaseEnd } from '../delivery/notice-release-end';
import type { Executions } from '../reservation/claims';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { eventBus } from '../shared/event-publisher';
import { logger } from '../shared/logger';
import { meter } from '../shared/meter';
import { isNoExecution } from '../shared/no-execution';
import { tenantsTable } from '../tenants/tenants-table';
import { type NoticeEndDeps, noticeEnd } from './notice-end';
import { describeRunEnd, forgottenRun, isConcluded, type RunEnd } from './run-end';

/** "Step Functions Execution Status Change" in the Step Functions Developer Guide. */
const ExecutionStatusChange = z.object({
  detail: z.object({
    executionArn: z.string(),
    status: z.string(),
    redriveCount: z.number().nullish(),
    /** Null when it is too long for an event. */
    input: z.string().nullish(),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});
type Detail = z.output<typeof ExecutionStatusChange>['detail'];

const Noticed = z.object({ notice: z.enum(['unfinished', 'unannounced', 'concluded', 'foreign', 'ignored']) });

export interface WatchdogDeps extends NoticeEndDeps {
  readonly sfn: Executions;
}

async function endOf(sfn: Executions, detail: Detail): Promise<RunEnd | undefined> {
  try {
    return await describeRunEnd(sfn, detail.executionArn);
  } catch (thrown) {
    if (!isNoExecution(thrown)) throw thrown;
    const { executionArn, input, redriveCount, error, cause } = detail;
    return forgottenRun(executionArn, {
      input: JSON.parse(input ?? 'null'),
      redriveCount: redriveCount ?? undefined,
      error: error ?? undefined,
      cause: cause ?? undefined,
    });
  }
}

/**
 * Notices runs that ended outside their failure path: they were stopped or deleted, failed with
 * States.Runtime, which no Catch catches, or failed at an undo or at the publication of an event.
 * Step Functions publishes each end on the default bus.
 *
 * 1. Ask AWS for the present status of the run: it may have been redriven since the event.
 * 2. Ignore a run that ended at its workflow's conclusion: it has recorded its failure itself.
 * 3. Record, publish and count any other end. The count raises an alarm.
 *
 * Events come at least once. An error is thrown, so that Lambda tries the event again twice and then keeps it in the
 * dead-letter queue; the sweep notices what is lost even so.
 */
export const watchdog: Action<typeof ExecutionStatusChange, typeof Noticed, WatchdogDeps> = {
  name: 'Watchdog',
  input: ExecutionStatusChange,
  output: Noticed,
  run: async (deps, { detail }) => {
    logger.appendKeys({ executionArn: detail.executionArn });
    const end = await endOf(deps.sfn, detail);
    if (!end || isConcluded(end)) return { notice: 'ignored' };
    const { name } = workflowOf(detail.executionArn);
    if (name === 'TenantRelease') return { notice: await noticeReleaseEnd(deps, end) };
    return { notice: name === 'TenantMigration' ? await noticeMigrationEnd(deps, end) : await noticeEnd(deps, end) };
  },
};

export const handler = actionHandler(watchdog, {
  table: tenantsTable(),
  bus: eventBus(new EventBridgeClient(clientOptions)),
  sfn: new SFNClient(clientOptions),
  meter,
  now: () => new Date(),
});
