import { DescribeExecutionCommand, type SFNClient } from '@aws-sdk/client-sfn';
import { HolderSchema, itemKeys, SignupClaimSchema, type TenantRecord } from '../contract/records';
import type { Slot } from '../contract/tenant';
import { isNoExecution } from '../shared/no-execution';
import { parseAt } from '../shared/parse-at';
import { settled } from '../shared/settled';
import { findTenantWith } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';

export type Executions = Pick<SFNClient, 'send'>;

/** A record that still has its slot: the reservation stands, whichever execution made it. */
export type StandingRecord = TenantRecord & { readonly slot: Slot };
/** A reservation that is about to be written. The lifecycle sets its status. */
export type Reservation = Omit<StandingRecord, 'status'>;
export const stands = (record: TenantRecord | undefined): record is StandingRecord => record?.slot !== undefined;

/** The claims on a signup before anything is written. */
export interface Claims {
  /** The execution that holds the signup. */
  readonly holder?: string;
  readonly record?: TenantRecord;
  /** The tenant that holds the subdomain. */
  readonly subdomainOf?: string;
  /** The tenant whose visitors the host leads to: it has the subdomain, also where somebody has deleted its claim. */
  readonly routeOf?: string;
  /** The item of the open cell (open-cell.ts), which the same request reads for a new tenant. */
  readonly openCell?: unknown;
}

/**
 * One strongly consistent read: the answer includes every claim that was made before. A malformed
 * signup has no subdomain and no host to ask for.
 */
export async function readClaims(
  table: TenantsTable,
  ids: { signupId: string; tenantId: string; name?: { subdomain: string; host: string } },
): Promise<Claims> {
  const ofName = ids.name
    ? [itemKeys.subdomain(ids.name.subdomain), itemKeys.openCell(), itemKeys.route(ids.name.host)]
    : [];
  const { record, others } = await findTenantWith(table, ids.tenantId, [itemKeys.signup(ids.signupId), ...ofName]);
  const [claim, subdomain, openCell, route] = others;
  return {
    ...(claim && { holder: parseAt('signup claim', SignupClaimSchema, claim).executionArn }),
    ...(record && { record }),
    ...(subdomain && { subdomainOf: parseAt('subdomain claim', HolderSchema, subdomain).tenantId }),
    ...(route && { routeOf: parseAt('route', HolderSchema, route).tenantId }),
    ...(openCell && { openCell }),
  };
}

/**
 * The executions that hold the signup, by its record and by its claim. Both are written in one transaction, so they name one
 * execution, unless somebody has changed or deleted one of the two.
 */
export const holdersOf = ({ holder, record }: Claims): readonly string[] => [
  ...new Set([record?.executionArn, holder].filter((arn) => arn !== undefined)),
];

/** "DescribeExecution": the statuses of an execution that never continues without a redrive. */
const GONE: ReadonlySet<string | undefined> = new Set(['FAILED', 'ABORTED', 'TIMED_OUT']);

/**
 * Whether a newer execution may take over the claim of this one: it ended without success, or AWS
 * no longer has it ("Service quotas for Step Functions": a history is kept for 90 days), or no execution
 * can have that ARN.
 */
async function isGone(executions: Executions, executionArn: string): Promise<boolean> {
  try {
    const { status } = await executions.send(new DescribeExecutionCommand({ executionArn }));
    return GONE.has(status);
  } catch (thrown) {
    if (isNoExecution(thrown)) return true;
    throw thrown;
  }
}

/** Whether an execution that is not gone has ended. */
export async function hasSucceeded(executions: Executions, executionArn: string): Promise<boolean> {
  return (await executions.send(new DescribeExecutionCommand({ executionArn }))).status === 'SUCCEEDED';
}

/** Which of these executions go on, or have succeeded: nobody takes their claims over. */
export async function notGone(executions: Executions, executionArns: readonly string[]): Promise<readonly string[]> {
  const gone = await settled(executionArns.map((arn) => isGone(executions, arn)));
  return executionArns.filter((_, index) => !gone[index]);
}
