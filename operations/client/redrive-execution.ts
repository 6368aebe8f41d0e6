import { type DescribeExecutionOutput, RedriveExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { tenantIdOf } from '../../functions/contract/naming';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import { readableSignupId, SignupSchema } from '../../functions/contract/signup';
import { isNamed } from '../../functions/shared/is-named';
import { findRefusal, findTenant } from '../../functions/tenants/tenant-store';
import type { TenantsTable } from '../../functions/tenants/tenants-table';
import { describe, start } from './executions';

export interface RedriveDeps {
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly table: TenantsTable;
  readonly stateMachineArn: string;
}

/** What was done: the same execution goes on, or a new one with the same input has started in its place. */
export type Redrive =
  | { readonly how: 'redriven'; readonly executionArn: string }
  | { readonly how: 'started'; readonly executionArn: string; readonly because: string }
  | { readonly how: 'nothing'; readonly because: string };

type Found = { readonly execution?: DescribeExecutionOutput; readonly record?: TenantRecord | RefusedSignup };

async function recordOf(table: TenantsTable, input: unknown): Promise<TenantRecord | RefusedSignup | undefined> {
  const signupId = readableSignupId(input);
  if (signupId === undefined) return undefined;
  const tenantId = tenantIdOf(signupId);
  return (await findTenant(table, tenantId)) ?? (await findRefusal(table, tenantId));
}

/** Why neither a redrive nor a new execution would help. */
function nothingToDo(executionArn: string, { execution, record }: Found): string | undefined {
  const status = execution?.status;
  if (status === 'RUNNING' || status === 'PENDING_REDRIVE') return 'the execution is running';
  if (status === 'SUCCEEDED') return 'the execution has succeeded';
  if ((execution?.error ?? record?.failure?.error) === 'InvalidSignup')
    return 'the signup is malformed, and a redrive reads the same signup: the billing system must send a corrected one';
  if (record && record.executionArn !== executionArn)
    return `a newer execution owns the tenant: ${record.executionArn}`;
  return undefined;
}

/** The input of the execution; once AWS has deleted the execution, the signup on the tenant's record. */
function equalInput({ execution, record }: Found): unknown {
  if (execution?.input) return JSON.parse(execution.input);
  return SignupSchema.safeParse({ ...record, version: 1 }).data;
}

async function startEqual(deps: RedriveDeps, found: Found, because: string): Promise<Redrive> {
  if (found.record && 'activatedAt' in found.record)
    return {
      how: 'nothing',
      because: `the tenant is ACTIVE and only its announcement is missing, but AWS cannot redrive the execution (${because})`,
    };
  const input = equalInput(found);
  if (input === undefined)
    return { how: 'nothing', because: `${because}, and the record of the tenant does not hold the whole signup` };
  const executionArn = await start(deps.sfn, input, { stateMachineArn: deps.stateMachineArn });
  return { how: 'started', executionArn, because };
}

/**
 * Redrives a failed execution. Where AWS no longer can ("RedriveExecution": within 14 days of its end), a new
 * execution with the same input takes over the signup and everything that exists of it.
 *
 * @param record of the tenant; without one it is found by the execution's input
 */
export async function redriveExecution(
  deps: RedriveDeps,
  executionArn: string,
  record?: TenantRecord | RefusedSignup,
): Promise<Redrive> {
  const execution = await describe(deps.sfn, executionArn);
  const known = record ?? (await recordOf(deps.table, JSON.parse(execution?.input ?? 'null')));
  const found: Found = { ...(execution && { execution }), ...(known && { record: known }) };
  const because = nothingToDo(executionArn, found);
  if (because) return { how: 'nothing', because };
  if (!execution) return startEqual(deps, found, 'AWS has deleted the execution');
  if (execution.redriveStatus !== 'REDRIVABLE')
    return startEqual(deps, found, execution.redriveStatusReason ?? 'AWS gives no reason');
  try {
    await deps.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return { how: 'redriven', executionArn };
  } catch (thrown) {
    if (isNamed(thrown, 'ExecutionNotRedrivable')) return startEqual(deps, found, thrown.message);
    throw thrown;
  }
}
