import { type DescribeExecutionOutput, RedriveExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { withoutAbandonment } from '../contract/abandonment';
import { tenantIdOf } from '../contract/naming';
import type { RefusedSignup, TenantRecord } from '../contract/records';
import { readableSignupId, SignupSchema } from '../contract/signup';
import type { TenantStatus } from '../contract/tenant';
import { describe, isUnderWay } from '../shared/described-execution';
import { isNamed } from '../shared/is-named';
import { findRefusal, findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { describeRefused, isRedriven } from './executions';
import { startInstead } from './start-instead';

export interface RedriveDeps {
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly table: TenantsTable;
  /** Of the onboarding machine, for an execution that AWS has deleted. */
  readonly stateMachineArn: string;
  /** Pause before the description of an execution is read again, milliseconds. */
  readonly pauseMs?: number;
}

export interface RedriveOptions {
  /** Of the tenant. Without it the record is found by the execution's input. */
  readonly record?: TenantRecord | RefusedSignup | undefined;
  /** Starts an equal new execution, with today's definition, although AWS can redrive the old one. */
  readonly anew?: boolean;
}

/** What was done: the same execution goes on, or a new one with the same input has started in its place. */
export type Redrive =
  | { readonly how: 'redriven'; readonly executionArn: string }
  | { readonly how: 'started'; readonly executionArn: string; readonly because: string }
  | { readonly how: 'nothing'; readonly because: string };

interface Found {
  readonly executionArn: string;
  readonly execution: DescribeExecutionOutput | undefined;
  readonly record: TenantRecord | RefusedSignup | undefined;
  readonly anew: boolean;
}

const nothing = (because: string): Redrive => ({ how: 'nothing', because });

async function recordOf(table: TenantsTable, input: unknown): Promise<TenantRecord | RefusedSignup | undefined> {
  const signupId = readableSignupId(input);
  if (signupId === undefined) return undefined;
  const tenantId = tenantIdOf(signupId);
  return (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId));
}

/**
 * Why a redrive of a failed onboarding would only repeat its end; undefined where it may help.
 *
 * @param error name of the error with which the onboarding has failed
 */
export function whyNoRedrive(error: string | undefined, status: TenantStatus | undefined): string | undefined {
  if (error === 'InvalidSignup')
    return 'the signup is malformed, and a redrive reads the same signup: the billing system must send a corrected one';
  // The rollback that an operator has asked for is complete.
  if (error === 'OnboardingAbandoned' && status === 'FAILED')
    return 'the onboarding was abandoned, and a redrive undoes it again; `--anew` onboards the tenant after all';
  return undefined;
}

/** Why neither a redrive nor a new execution would help. */
function nothingToDo({ executionArn, execution, record, anew }: Found): string | undefined {
  if (execution && isUnderWay(execution)) return 'the execution is running';
  if (execution?.status === 'SUCCEEDED') return 'the execution has succeeded';
  // A new execution is no redrive: the rules of today may accept what those of an earlier release have refused.
  const useless = anew ? undefined : whyNoRedrive(execution?.error ?? record?.failure?.error, record?.status);
  if (useless) return useless;
  // A signup in conflict becomes a new attempt once the tenant holds nothing.
  const awaited = execution?.error === 'SignupConflict' && record?.status === 'FAILED';
  if (record && record.executionArn !== executionArn && !awaited)
    return `a newer execution owns the tenant: ${record.executionArn}`;
  return undefined;
}

/** The input of the execution; once AWS has deleted the execution, the signup on the tenant's record. */
function equalInput({ execution, record, anew }: Found): unknown {
  if (execution?.input) {
    const input: unknown = JSON.parse(execution.input);
    return anew ? withoutAbandonment(input) : input;
  }
  return SignupSchema.safeParse({ ...record, version: 1 }).data;
}

/** Starts an equal execution in the place of one. Where that has been done before, the later execution is redriven. */
async function startEqual(deps: RedriveDeps, found: Found, because: string): Promise<Redrive> {
  const { executionArn, execution, record, anew } = found;
  if (anew && record && 'activatedAt' in record)
    return nothing(
      'the tenant is ACTIVE: only its announcement can be missing, and a redrive without --anew makes up for it',
    );
  const input = equalInput(found);
  if (input === undefined && !record)
    return nothing('AWS has no such execution, which it keeps for 90 days, and no tenant names it');
  if (input === undefined) return nothing(`${because}, and the record of the tenant does not hold the whole signup`);
  const stateMachineArn = execution?.stateMachineArn ?? deps.stateMachineArn;
  const started = await startInstead(deps.sfn, 'anew', executionArn, input, stateMachineArn);
  if (started.isNew) return { how: 'started', executionArn: started.executionArn, because };
  const later = started.earlier;
  const told = `somebody has already started a new execution in its place: ${started.executionArn}`;
  if (!later || isUnderWay(later)) return nothing(told);
  if (later.status === 'SUCCEEDED') return nothing(`${told}. It has succeeded`);
  return await goOn(deps, { ...found, executionArn: started.executionArn, execution: later });
}

/**
 * Looks again at an execution that AWS has refused to redrive.
 *
 * @returns why there is nothing to do, where somebody else's redrive came first; undefined where AWS can no longer redrive it
 */
async function redrivenBy(deps: RedriveDeps, { executionArn, execution }: Found): Promise<string | undefined> {
  const now = await describeRefused(deps.sfn, executionArn, execution, deps.pauseMs);
  if (!now) return undefined;
  if (isRedriven(now, execution)) return `somebody else has redriven the execution: it is ${now.status}`;
  if (now.status === 'SUCCEEDED') return 'the execution has succeeded';
  if (now.redriveStatus !== 'REDRIVABLE') return undefined;
  return 'AWS calls the execution redrivable, but refuses to redrive it: somebody else has probably just redriven it';
}

/** Redrives an execution that has ended without success, or starts an equal one in its place. */
async function goOn(deps: RedriveDeps, found: Found): Promise<Redrive> {
  const { executionArn, execution, anew } = found;
  if (!execution) return await startEqual(deps, found, 'AWS has deleted the execution');
  if (anew) return await startEqual(deps, found, 'a new execution was asked for');
  if (execution.redriveStatus !== 'REDRIVABLE')
    return await startEqual(deps, found, execution.redriveStatusReason ?? 'AWS gives no reason');
  try {
    await deps.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return { how: 'redriven', executionArn };
  } catch (thrown) {
    if (!isNamed(thrown, 'ExecutionNotRedrivable')) throw thrown;
    const because = await redrivenBy(deps, found);
    return because ? nothing(because) : await startEqual(deps, found, thrown.message);
  }
}

/**
 * Redrives a failed execution. Where AWS no longer can ("RedriveExecution": within 14 days of its end), a new
 * execution with the same input takes over the signup and everything that exists of it; of an ACTIVE tenant it only
 * publishes the announcement. When several operators do this at once, one succeeds, and the answer of
 * the others says so.
 */
export async function redriveExecution(
  deps: RedriveDeps,
  executionArn: string,
  { record, anew = false }: RedriveOptions = {},
): Promise<Redrive> {
  const execution = await describe(deps.sfn, executionArn);
  const known = record ?? (await recordOf(deps.table, JSON.parse(execution?.input ?? 'null')));
  const found = { executionArn, execution, record: known, anew };
  const because = nothingToDo(found);
  return because ? nothing(because) : await goOn(deps, found);
}
