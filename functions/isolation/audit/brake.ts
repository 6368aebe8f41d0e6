import type { AuditFinding } from '../../contract/audit';

/** One audited tenant, as far as the judgement needs it. */
export interface Audited {
  readonly tenantId: string;
  readonly host: string;
  readonly cell: string;
  readonly inService: boolean;
  readonly finding: AuditFinding;
}

/** A cause that several tenants of a cell share. */
export interface Cause {
  readonly cell: string;
  readonly check: string;
  readonly tenants: number;
}

export interface Brake {
  /** The most tenants that one audit suspends for the same check. */
  readonly maxSuspensions: number;
  /** How many tenants of each cell were audited. */
  readonly sizes: ReadonlyMap<string, number>;
}

const keyOf = (cell: string, check: string) => `${cell} ${check}`;

/** What a finding is about: its failed checks, and those without an answer. */
export const causesOf = ({ failed, open }: AuditFinding): readonly string[] => [...failed, ...open];

/**
 * Counts how many tenants have the same cause. A cause is shared when more than `maxSuspensions`
 * tenants have it, or more than a tenth of a cell: then it is one fault of the platform, or of a
 * check, rather than many faults of tenants. One tenant alone shares nothing, however small its cell.
 */
export class SharedCauses {
  private readonly inCell = new Map<string, Cause>();
  private readonly everywhere = new Map<string, number>();

  constructor(private readonly brake: Brake) {}

  count(cell: string, checks: readonly string[]): void {
    for (const check of new Set(checks)) {
      const tenants = (this.inCell.get(keyOf(cell, check))?.tenants ?? 0) + 1;
      this.inCell.set(keyOf(cell, check), { cell, check, tenants });
      this.everywhere.set(check, (this.everywhere.get(check) ?? 0) + 1);
    }
  }

  isShared(cell: string, check: string): boolean {
    const tenth = Math.max(1, Math.floor((this.brake.sizes.get(cell) ?? 0) / 10));
    const inCell = this.inCell.get(keyOf(cell, check))?.tenants ?? 0;
    return inCell > tenth || (this.everywhere.get(check) ?? 0) > this.brake.maxSuspensions;
  }

  shared(): Cause[] {
    return [...this.inCell.values()]
      .filter(({ cell, check }) => this.isShared(cell, check))
      .sort((one, other) => other.tenants - one.tenants);
  }
}

/** Failed critical checks are the only reason to take a tenant out of service. */
const wouldGo = ({ inService, finding }: Audited) => inService && finding.critical.length > 0;

/** What the second instance of a restore makes fail: it has the tenant's data, and RDS holds grants for it. */
const OF_A_RESTORE: readonly string[] = ['database.copies', 'key.grants'];
/** Whether a critical check has failed that a restore makes fail. */
export const isOfRestore = ({ critical }: AuditFinding) => critical.some((check) => OF_A_RESTORE.includes(check));

/** A restore takes minutes to hours. One that is still there a day later is forgotten, and excuses nothing. */
const RESTORE_MS = 24 * 3_600_000;

/**
 * The critical checks for which a tenant may be suspended. An operator's restore is no reason: it is told, as what
 * fails beside it is.
 */
export function criticalOf({ critical, at }: AuditFinding, restoring?: { readonly at: string }): readonly string[] {
  const isUnderWay = restoring !== undefined && Date.parse(at) - Date.parse(restoring.at) < RESTORE_MS;
  return isUnderWay ? critical.filter((check) => !OF_A_RESTORE.includes(check)) : critical;
}

/**
 * Whom to suspend. If too many would go by the same check, nobody is suspended: a check that is wrong
 * about one tenant is wrong about all.
 */
export function suspensionsOf(
  audited: readonly Audited[],
  brake: Brake,
): { readonly suspend: readonly Audited[]; readonly held: number } {
  const candidates = audited.filter(wouldGo);
  const causes = new SharedCauses(brake);
  for (const { cell, finding } of candidates) causes.count(cell, finding.critical);
  return causes.shared().length === 0 ? { suspend: candidates, held: 0 } : { suspend: [], held: candidates.length };
}
