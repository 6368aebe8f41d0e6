import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  RedriveExecutionCommand,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { tenantIdOf } from '../functions/contract/naming';
import type { RefusedSignup, TenantRecord } from '../functions/contract/records';
import { readableSignupId, SignupSchema } from '../functions/contract/signup';
import { isForgotten } from '../functions/runs/run-end';
import { isNamed } from '../functions/shared/is-named';
import { findRefusal, findTenant } from '../functions/tenants/tenant-store';
import type { TenantsTable } from '../functions/tenants/tenants-table';

export interface RedriveDeps {
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly table: TenantsTable;
  readonly stateMachineArn: string;
}

/** What was done: the same execution goes on, or an equal new one has begun because AWS cannot redrive the old one. */
export type Redrive =
  | { readonly how: 'redriven'; readonly executionArn: string }
  | { readonly how: 'started'; readonly executionArn: string; readonly because: string }
  | { readonly how: 'nothing'; readonly because: string };

type Found = { readonly execution?: DescribeExecutionOutput; readonly record?: TenantRecord | RefusedSignup };

async function describe({ sfn }: RedriveDeps, executionArn: string): Promise<DescribeExecutionOutput | undefined> {
  try {
    return await sfn.send(new DescribeExecutionCommand({ executionArn }));
  } catch (thrown) {
    if (isForgotten(thrown)) return undefined;
    throw thrown;
  }
}

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
    return 'a malformed signup stays malformed: the billing system must send a corrected one';
  if (record && record.executionArn !== executionArn) return `a newer execution has the tenant: ${record.executionArn}`;
  return undefined;
}

/** As the execution was started; once AWS has forgotten that, as the record has it. */
function equalInput({ execution, record }: Found): string | undefined {
  if (execution?.input) return execution.input;
  const signup = SignupSchema.safeParse({ ...record, version: 1 });
  return signup.success ? JSON.stringify(signup.data) : undefined;
}

async function startEqual(deps: RedriveDeps, found: Found, because: string): Promise<Redrive> {
  if (found.record && 'activatedAt' in found.record)
    return {
      how: 'nothing',
      because: `the tenant is ACTIVE, only its announcement is missing, and AWS cannot redrive it (${because})`,
    };
  const input = equalInput(found);
  if (!input) return { how: 'nothing', because: `${because}, and its input is not on record` };
  const { executionArn = '' } = await deps.sfn.send(
    new StartExecutionCommand({ stateMachineArn: deps.stateMachineArn, input }),
  );
  return { how: 'started', executionArn, because };
}

/**
 * Redrives a failed execution. Where AWS no longer can ("RedriveExecution": within 14 days of its end), an equal new
 * execution takes over the signup with all that exists of it.
 *
 * @param record of the tenant; without one it is found by the execution's input
 */
export async function redrive(
  deps: RedriveDeps,
  executionArn: string,
  record?: TenantRecord | RefusedSignup,
): Promise<Redrive> {
  const execution = await describe(deps, executionArn);
  const known = record ?? (await recordOf(deps.table, JSON.parse(execution?.input ?? 'null')));
  const found: Found = { ...(execution && { execution }), ...(known && { record: known }) };
  const because = nothingToDo(executionArn, found);
  if (because) return { how: 'nothing', because };
  if (!execution) return startEqual(deps, found, 'AWS has forgotten the execution');
  if (execution.redriveStatus !== 'REDRIVABLE')
    return startEqual(deps, found, execution.redriveStatusReason ?? 'it is not redrivable');
  try {
    await deps.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return { how: 'redriven', executionArn };
  } catch (thrown) {
    if (isNamed(thrown, 'ExecutionNotRedrivable')) return startEqual(deps, found, thrown.message);
    throw thrown;
  }
}
