import type { SFNClient } from '@aws-sdk/client-sfn';
import { type Abandonment, AbandonmentSchema, abandoning } from '../contract/abandonment';
import type { PlatformErrorName } from '../contract/errors';
import type { RefusedSignup, TenantRecord } from '../contract/records';
import { SignupSchema } from '../contract/signup';
import { describe, isUnderWay } from '../shared/described-execution';
import { describeIssues, parseAt } from '../shared/parse-at';
import { allows } from '../tenants/lifecycle';
import { findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { startInstead } from './start-instead';

export interface AbandonDeps {
  readonly table: TenantsTable;
  readonly sfn: Pick<SFNClient, 'send'>;
  readonly stateMachineArn: string;
}

export type Abandoning =
  | { readonly how: 'started'; readonly executionArn: string }
  | { readonly how: 'nothing'; readonly because: string };

const nothing = (because: string): Abandoning => ({ how: 'nothing', because });
const UNDONE = 'the onboarding is undone already';

/** Why there is nothing that a rollback could or may undo. */
function nothingToUndo(record: TenantRecord | RefusedSignup): string | undefined {
  if ('refused' in record) return 'the signup was refused, and nothing was made for it';
  if (record.activatedAt) return `the tenant became ACTIVE at ${record.activatedAt}: only offboarding removes it`;
  if (!allows('takeOver', record, record.executionArn))
    return `the tenant is ${record.status}: only offboarding removes it`;
  if (record.status === 'FAILED') return UNDONE;
  return undefined;
}

const ABANDONED: PlatformErrorName = 'OnboardingAbandoned';

interface Links {
  readonly tenantId: string;
  readonly input: object;
}

/**
 * One rollback, however many operators ask. An earlier one that ended without taking the tenant over is followed by another. One
 * that has undone everything is not, when who asks has read the record before it; it is when somebody has redriven an execution
 * of the tenant since, which has the tenant now.
 */
async function startAfter(deps: AbandonDeps, executionArn: string, links: Links): Promise<Abandoning> {
  const { tenantId, input } = links;
  const started = await startInstead(deps.sfn, 'abandon', executionArn, input, deps.stateMachineArn);
  if (started.isNew) return { how: 'started', executionArn: started.executionArn };
  if (!started.earlier || isUnderWay(started.earlier))
    return nothing(`somebody is already abandoning it: ${started.executionArn}`);
  if (started.earlier.error === ABANDONED && (await findTenant(deps.table, tenantId))?.status === 'FAILED')
    return nothing(UNDONE);
  return await startAfter(deps, started.executionArn, links);
}

/**
 * Gives up an onboarding that is HELD, or whose run has ended in the middle. A new execution with the present definition takes
 * the tenant over, and goes to the rollback: the old run may be too old for a redrive, and its definition, too. The
 * reservation decides who wins against a redrive at the same moment, and the undos refuse a tenant that has been ACTIVE.
 *
 * @throws PlatformError `InvalidRequest` for a reason that nobody can read
 */
export async function abandonOnboarding(
  deps: AbandonDeps,
  record: TenantRecord | RefusedSignup,
  abandonment: Abandonment,
): Promise<Abandoning> {
  const said = parseAt('abandonment', AbandonmentSchema, abandonment);
  const because = nothingToUndo(record);
  if (because) return nothing(because);
  const execution = await describe(deps.sfn, record.executionArn);
  if (execution && isUnderWay(execution)) return nothing(`a run works on the tenant: ${record.executionArn}`);
  const signup = SignupSchema.safeParse({ ...record, version: 1 });
  if (!signup.success)
    return nothing(`the record of the tenant does not hold a whole signup: ${describeIssues(signup.error)}`);
  const { failure, tenantId } = record;
  const reason = failure ? `${said.reason} (${failure.step} had failed: ${failure.error})` : said.reason;
  const input = abandoning(signup.data, { ...said, reason });
  return await startAfter(deps, record.executionArn, { tenantId, input });
}
