import type { TenantRecord } from '../../functions/contract/records';
import { workflowNamed } from '../../functions/contract/workflows';
import { type Census, differences, holdingsOf, keyOf } from './census';
import type { End } from './lab';

/**
 * How an onboarding ended.
 * - active: ACTIVE, with everything a tenant has and nothing more.
 * - clean: the failure path was walked to its end, and nothing is left but a record.
 * - stopped: the run ended outside its failure path, at an undo or from outside; what it has made waits for a redrive.
 */
export type Ending = 'active' | 'clean' | 'stopped';

export interface Verdict {
  readonly ending: Ending;
  /** What is there and should not be, by kind and name. */
  readonly orphans: readonly string[];
  /** Invariants that do not hold. */
  readonly problems: readonly string[];
}

/** After its activation a tenant is never undone: a run that fails from there on stops at its announcement. */
function endingOf({ status, state }: End, record: TenantRecord | undefined): Ending {
  if (status === 'SUCCEEDED' || record?.activatedAt) return 'active';
  return status === 'FAILED' && state === workflowNamed('TenantOnboarding').conclusion ? 'clean' : 'stopped';
}

function activeProblems({ status: ended }: End, record: TenantRecord | undefined): string[] {
  if (!record) return ['the execution succeeded and there is no record of the tenant'];
  const { status, activatedAt, verification, failure, slot } = record;
  return [
    ...(status === 'ACTIVE' ? [] : [`the tenant is ${status} after its activation`]),
    ...(slot ? [] : ['an ACTIVE tenant has no slot']),
    ...(failure && (ended === 'SUCCEEDED' || failure.outcome !== 'unannounced')
      ? [`the record of an ACTIVE tenant says "${failure.outcome}"`]
      : []),
    ...(verification && activatedAt && verification.verifiedAt <= activatedAt
      ? []
      : ['the tenant was activated before it was verified']),
  ];
}

function cleanProblems(record: TenantRecord | undefined): string[] {
  if (!record) return [];
  const { status, slot, failure } = record;
  return [
    ...(status === 'FAILED' ? [] : [`the tenant is ${status} after its rollback`]),
    ...(slot ? [`slot ${slot.number} is still on record`] : []),
    ...(failure?.outcome === 'rolled-back' ? [] : [`the record says "${failure?.outcome}" after a rollback`]),
  ];
}

/**
 * @param complete how many of each kind an ACTIVE tenant of the plan has
 */
export function judge(end: End, tenantId: string, census: Census, complete: ReadonlyMap<string, number>): Verdict {
  const record = census.table.records.get(tenantId);
  const ending = endingOf(end, record);
  const held = holdingsOf(census, tenantId);
  if (ending === 'active') {
    return {
      ending,
      orphans: [],
      problems: [...activeProblems(end, record), ...differences(held, complete)],
    };
  }
  // A run may stop after its rollback, at the announcement: then there is nothing left either.
  if (ending === 'stopped' && record?.failure?.outcome !== 'rolled-back') return { ending, orphans: [], problems: [] };
  const orphans = held.map(keyOf);
  return {
    ending,
    orphans,
    problems: [...cleanProblems(record), ...orphans.map((orphan) => `left behind: ${orphan}`)],
  };
}
