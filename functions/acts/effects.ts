import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type * as z from 'zod';
import type { Act, ActRequest, PreviewReplayAnswer, ReplayAnswer } from '../contract/act';
import { AuditTenantOutput, ResumeTenantOutput, SuspendTenantOutput } from '../contract/audit';
import { PlatformError } from '../contract/errors';
import { PlanMigrationOutput } from '../contract/migration';
import type { RefusedSignup, TenantRecord } from '../contract/records';
import { RetryMoveOutput } from '../contract/release';
import { RestoreDatabaseOutput } from '../contract/restore';
import type { TenantsTable } from '../tenants/tenants-table';
import { abandonOnboarding } from './abandon-onboarding';
import { executionArnOf, startOnce } from './executions';
import { redriveExecution } from './redrive-execution';
import { replaySignups, undeliveredSignups } from './replay-signups';
import { startMigration } from './start-migration';
import { startRelease, steerRelease } from './steer-release';
import { callFunction } from './tenant-calls';

export interface EffectDeps {
  readonly table: TenantsTable;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly sqs: Pick<SQSClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly stage: {
    readonly domain: string;
    /** Of the onboarding machine. */
    readonly stateMachineArn: string;
    readonly undeliveredSignupsUrl: string;
    readonly auditTenantFunction: string;
    readonly suspendTenantFunction: string;
    readonly resumeTenantFunction: string;
    readonly retryMoveFunction: string;
    readonly restoreDatabaseFunction: string;
    readonly releaseMachineArn: string;
    readonly migrationMachineArn: string;
    readonly planMigrationFunction: string;
  };
}

/** What came of an act. `nothing`: why there was nothing to do. `details` go on record. */
export interface Effect {
  readonly answer: unknown;
  readonly nothing?: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type Named = TenantRecord | RefusedSignup | undefined;
type OfKind<K extends Act['kind']> = Extract<Act, { kind: K }>;

/** Messages that one act replays at most: so it ends long before its function's deadline. */
const REPLAYED_AT_ONCE = 100;

/** How an answer of "did it, or nothing was to do" goes on record. */
function didOrNot(done: { readonly how: string; readonly executionArn?: string; readonly because?: string }): Effect {
  const { how, because = '' } = done;
  return { answer: done, details: { ...done }, ...(how === 'nothing' && { nothing: because }) };
}

function required(record: Named): TenantRecord | RefusedSignup {
  if (record) return record;
  throw new PlatformError('InvalidRequest', 'the act names no tenant');
}

/** AWS would answer AccessDenied for whatever else is typed, as if a grant was missing. */
function requireOwnExecution(stage: EffectDeps['stage'], executionArn: string): void {
  const { stateMachineArn, releaseMachineArn, migrationMachineArn } = stage;
  const own = [stateMachineArn, releaseMachineArn, migrationMachineArn].map((machine) => executionArnOf(machine, ''));
  if (own.some((prefix) => executionArn.startsWith(prefix) && executionArn.length > prefix.length)) return;
  throw new PlatformError(
    'InvalidRequest',
    `execution: expected the ARN of an execution of this stage, such as ${own[0]}NAME, not ${executionArn}`,
  );
}

async function redrive(deps: EffectDeps, { target, anew }: OfKind<'redrive'>, record: Named): Promise<Effect> {
  const { sfn, table, stage } = deps;
  const on = { sfn, table, stateMachineArn: stage.stateMachineArn };
  if ('executionArn' in target) requireOwnExecution(stage, target.executionArn);
  if ('executionArn' in target) return didOrNot(await redriveExecution(on, target.executionArn, { anew }));
  const { executionArn } = required(record);
  return didOrNot(await redriveExecution(on, executionArn, { record, anew }));
}

async function replay({ sqs, sfn, stage }: EffectDeps, { setAside, only }: OfKind<'replay'>): Promise<Effect> {
  const { undeliveredSignupsUrl, stateMachineArn } = stage;
  const deps = {
    sqs,
    sfn,
    undeliveredSignupsUrl,
    stateMachineArn,
    setAside: new Set(setAside),
    ...(only && { only: new Set(only) }),
  };
  const messages: z.output<typeof ReplayAnswer>['messages'] = [];
  for await (const message of replaySignups(deps)) {
    messages.push('unreadable' in message ? { unreadable: message.unreadable } : message);
    if (messages.length >= REPLAYED_AT_ONCE) break;
  }
  const replayed = messages.flatMap((message) => ('executionArn' in message ? [message.executionArn] : []));
  const answer = { messages, more: messages.length >= REPLAYED_AT_ONCE };
  const details = { replayed, unreadable: messages.length - replayed.length, setAside: setAside.length };
  return { answer, details, ...(messages.length === 0 && { nothing: 'the dead-letter queue holds no signup' }) };
}

async function previewReplay({ sqs, stage }: EffectDeps): Promise<Effect> {
  const { undeliveredSignupsUrl } = stage;
  const answer: z.output<typeof PreviewReplayAnswer> = { signups: [], unreadable: [], more: false };
  for await (const message of undeliveredSignups({ sqs, undeliveredSignupsUrl })) {
    if ('why' in message) answer.unreadable.push(message);
    else answer.signups.push(message);
    answer.more = answer.signups.length + answer.unreadable.length >= REPLAYED_AT_ONCE;
    if (answer.more) break;
  }
  return { answer, details: { signups: answer.signups.length, unreadable: answer.unreadable.length } };
}

async function verify({ lambda, stage }: EffectDeps, tenant: string, verifiedBy: string): Promise<Effect> {
  const payload = { tenant, verifiedBy, whole: true };
  const answer = await callFunction(lambda, stage.auditTenantFunction, payload, AuditTenantOutput);
  if (answer.verdict === 'skipped') return { answer, details: { verdict: answer.verdict, status: answer.status } };
  const { verdict, report, digest, failed } = answer;
  return { answer, details: { verdict, report, digest, failed } };
}

async function restore({ lambda, stage }: EffectDeps, payload: { tenant: string; to?: string }): Promise<Effect> {
  const answer = await callFunction(lambda, stage.restoreDatabaseFunction, payload, RestoreDatabaseOutput);
  const { phase, rows, instanceId } = answer;
  const because = phase === 'nothing' ? { nothing: 'there is nothing to do for this restore' } : {};
  return { answer, ...because, details: { to: payload.to, phase, rows, instanceId } };
}

/**
 * Does what an operator asks for. `record` is the tenant that the act names, read before.
 *
 * @throws the error of the action, which says why it is refused or has failed
 */
export async function effectOf(
  deps: EffectDeps,
  { id, at, act }: ActRequest,
  by: string,
  record: Named,
): Promise<Effect> {
  const { sfn, lambda, stage, table } = deps;
  const { stateMachineArn } = stage;
  switch (act.kind) {
    case 'signup': {
      const { executionArn } = await startOnce(sfn, act.signup, { stateMachineArn, name: `signup-${id}` });
      return { answer: { executionArn }, details: { executionArn } };
    }
    case 'redrive':
      return await redrive(deps, act, record);
    case 'abandon':
      return didOrNot(
        await abandonOnboarding({ table, sfn, stateMachineArn }, required(record), { by, reason: act.reason }),
      );
    case 'replay':
      return await replay(deps, act);
    case 'preview-replay':
      return await previewReplay(deps);
    case 'verify':
      return await verify(deps, required(record).tenantId, by);
    case 'suspend': {
      const payload = { tenant: required(record).tenantId, by, reason: act.reason };
      const answer = await callFunction(lambda, stage.suspendTenantFunction, payload, SuspendTenantOutput);
      return { answer, details: { suspendedAt: answer.suspendedAt } };
    }
    case 'resume': {
      const payload = { tenant: required(record).tenantId };
      const answer = await callFunction(lambda, stage.resumeTenantFunction, payload, ResumeTenantOutput);
      return { answer, details: { resumedAt: answer.resumedAt } };
    }
    case 'restore':
      return await restore(deps, { tenant: required(record).tenantId, to: act.to });
    case 'discard-restore':
      return await restore(deps, { tenant: required(record).tenantId });
    case 'retry-move': {
      const payload = { tenant: required(record).tenantId };
      const answer = await callFunction(lambda, stage.retryMoveFunction, payload, RetryMoveOutput);
      const { before, colour } = answer;
      return { answer, details: { before, colour } };
    }
    case 'release': {
      const done = didOrNot(await startRelease({ table, sfn, releaseMachineArn: stage.releaseMachineArn }, act));
      return { ...done, details: { digest: act.digest, ...(act.slower && { slower: true }), ...done.details } };
    }
    case 'steer-release': {
      const done = didOrNot(await steerRelease({ table, sfn, releaseMachineArn: stage.releaseMachineArn }, act));
      return { ...done, details: { intent: act.intent, ...done.details } };
    }
    case 'migrate':
      return didOrNot(await startMigration({ table, sfn, migrationMachineArn: stage.migrationMachineArn }, act));
    case 'teardown':
      return { answer: { recordedAt: at }, details: {} };
    case 'preview-migration': {
      const { cell, phase, to } = act;
      const payload = { cell, phase, ...(to && { to }) };
      const answer = await callFunction(lambda, stage.planMigrationFunction, payload, PlanMigrationOutput);
      return { answer, details: { phase, target: answer.target, behind: answer.behind.length } };
    }
  }
}
