import { PlatformError } from '../contract/errors';
import type { RouteRecord, TenantRecord } from '../contract/records';
import type { TenantStatus } from '../contract/tenant';

/** One operation on a tenant: when it is allowed, and what it does to the status. */
export interface Operation {
  /** Statuses in which it may start; `none`: the tenant has no record. */
  readonly from: readonly (TenantStatus | 'none')[];
  /** The status it leads to. Without it, the status stays. */
  readonly to?: TenantStatus;
  /** Whether the execution that asks must own the tenant. */
  readonly owned: boolean;
  /** Whether the tenant must never have been ACTIVE, whatever its status says now. */
  readonly neverActive: boolean;
  /** Attributes that must be there, and attributes that must not. */
  readonly present?: readonly (keyof TenantRecord | 'refused')[];
  readonly absent?: readonly (keyof TenantRecord)[];
  /** Values that the caller has read before and that must be unchanged. */
  readonly asSeen?: readonly (keyof Seen)[];
  /** Whether the verification on record must not be later than the one that is written. */
  readonly latestVerdict?: true;
  /** Attributes that the operation removes from the record. */
  readonly removes?: readonly (keyof TenantRecord)[];
  /** The new status of the tenant's route. */
  readonly route?: RouteRecord['status'];
}

/** Values of a record that a caller may have read before; undefined: the record lacked the value. */
export interface Seen {
  readonly status: TenantStatus;
  readonly 'verification.digest': string | undefined;
  readonly 'failure.at': string | undefined;
  readonly announcedAt: string | undefined;
  readonly 'slot.number': number;
  readonly keyRetiringUntil: number;
  readonly ruleArn: string | undefined;
}

/** The statuses of a tenant that has never been in service. */
const BEFORE_SERVICE = ['ONBOARDING', 'ROLLING_BACK', 'HELD', 'FAILED'] as const;
const IN_SERVICE = ['ACTIVE', 'SUSPENDED'] as const;
const ANY = [...BEFORE_SERVICE, ...IN_SERVICE] as const;
/**
 * Attributes of resources that a rollback removes. `keyArn` stays: the key exists in its deletion
 * window.
 */
const ROLLED_BACK = ['roleArn', 'bucketName', 'ruleArn', 'templateVersions', 'database', 'verification'] as const;

/**
 * A forward action: only for the execution that owns the tenant, and only before a rollback begins.
 */
const forward = { from: ['ONBOARDING'], owned: true, neverActive: false } as const;
/** An undo: only for the execution that owns the tenant, and never for one that has been ACTIVE. */
const undo = { from: BEFORE_SERVICE, owned: true, neverActive: true } as const;
/** An operation of an operator or of the audit, which own no tenant. */
const inService = { owned: false, neverActive: false } as const;

/**
 * Every operation on a tenant. This table is the whole permission to change one: nothing else of
 * the product writes a tenant's record.
 */
export const OPERATIONS = {
  // Reservation. The same transaction checks which execution holds the signup's claim.
  reserve: {
    ...{ from: ['none', ...BEFORE_SERVICE], to: 'ONBOARDING', owned: false, neverActive: true },
    absent: ['slot'],
  },
  /** The owner in the condition is the former execution; the write sets the new one. */
  takeOver: { ...undo, to: 'ONBOARDING', present: ['slot'], removes: ['failure', 'verification'] },
  /** Records a refused signup, where there is no record or that of an earlier refusal. */
  refuse: {
    ...{ from: ['none', 'FAILED'], to: 'FAILED', owned: false, neverActive: true },
    present: ['refused'],
  },

  // Forward.
  requestKey: forward,
  withdrawKeyRequest: { ...forward, removes: ['keyRequestedAt'] },
  launchStack: forward,
  recordDatabase: forward,
  register: { ...forward, present: ['slot'], removes: ['verification'], route: 'SETTING_UP' },
  recordVerification: { ...forward, latestVerdict: true },
  activate: {
    // Without its slot on record nobody could suspend the tenant.
    ...{ ...forward, to: 'ACTIVE', route: 'ACTIVE', present: ['slot'] },
    ...{ asSeen: ['verification.digest', 'failure.at'], removes: ['failure'] },
  },
  forgetFailure: { from: IN_SERVICE, owned: true, neverActive: false, removes: ['failure'] },

  // Rollback.
  /** Not from FAILED: a rollback that is over is not begun again by a late function. */
  beginRollback: { ...undo, from: ['ONBOARDING', 'ROLLING_BACK', 'HELD'], to: 'ROLLING_BACK' },
  deleteStack: { ...undo, from: ['none', ...BEFORE_SERVICE] },
  /** Only in a rollback: a late function of an earlier attempt touches no key of the next attempt. */
  beginKeyRetirement: { ...undo, from: ['ROLLING_BACK'] },
  retireKey: { ...undo, from: ['ROLLING_BACK'], removes: ['keyRequestedAt', 'keyRetiringUntil'] },
  /** Allowed to the execution that began it, also after another one has taken the tenant over. */
  endKeyRetirement: {
    ...{ from: ANY, owned: false, neverActive: false },
    ...{ asSeen: ['keyRetiringUntil'], removes: ['keyRetiringUntil'] },
  },
  release: { ...undo, asSeen: ['slot.number'], removes: ['slot'] },
  fail: { ...undo, to: 'FAILED', removes: ROLLED_BACK },
  hold: { ...undo, to: 'HELD' },
  /**
   * A run ended outside its failure path. The status stays, so that a redriven run can resume.
   */
  noteEnd: { from: ANY, owned: true, neverActive: false, asSeen: ['status', 'announcedAt'] },

  // In service.
  recordVerdict: { ...inService, from: IN_SERVICE, asSeen: ['status'], latestVerdict: true },
  recordFinding: { ...inService, from: IN_SERVICE, asSeen: ['status'] },
  suspend: { ...inService, from: ['ACTIVE'], to: 'SUSPENDED', route: 'SUSPENDED' },
  resume: {
    ...{ ...inService, from: ['SUSPENDED'], to: 'ACTIVE', route: 'ACTIVE' },
    ...{ asSeen: ['verification.digest'], removes: ['suspension'] },
  },

  /** What a migration of the tenant's database has come to. */
  recordMigration: { ...inService, from: IN_SERVICE },

  /** RDS may have a second instance with the tenant's data from here on. */
  beginRestoration: { ...inService, from: IN_SERVICE },
  /** It has none any more. */
  endRestoration: { ...inService, from: IN_SERVICE, removes: ['restoring'] },
  /** The rows of the tenant's database have been replaced by those of a restored instance. */
  recordRestoration: { ...inService, from: ['SUSPENDED'] },

  /** Somebody had deleted the tenant's listener rule, and another was made in its place. */
  replaceRule: { ...inService, from: IN_SERVICE, asSeen: ['ruleArn'] },

  /** A release has decided where the tenant's requests go. */
  place: { ...inService, from: IN_SERVICE },

  // The search for orphans.
  removeOrphanedClaim: { from: ['FAILED'], owned: false, neverActive: true, absent: ['slot'] },
} as const satisfies Record<string, Operation>;

type Operations = typeof OPERATIONS;
export type OperationName = keyof Operations;
/** Operations that write the whole record. */
export type Creation = 'reserve' | 'refuse';

type OwnerOf<N extends OperationName> = Operations[N] extends { owned: true } ? { readonly owner: string } : unknown;
type SeenOf<N extends OperationName> = Operations[N] extends { asSeen: readonly (infer K extends keyof Seen)[] }
  ? { readonly seen: Pick<Seen, K> }
  : unknown;

/**
 * The values for the conditions of an operation: the owner (ARN of an execution), and the values
 * that the caller has read.
 */
export type Claim<N extends OperationName> = { readonly tenantId: string } & OwnerOf<N> & SeenOf<N>;

export function tenantIsActive({ tenantId, activatedAt }: TenantRecord): PlatformError {
  return new PlatformError(
    'TenantIsActive',
    `tenant ${tenantId} became ACTIVE at ${activatedAt}, so it is never undone`,
  );
}

export function claimLost(name: OperationName, tenantId: string, executionArn: string): PlatformError {
  const { from }: Operation = OPERATIONS[name];
  const begun = from.includes('ROLLING_BACK') ? '' : 'its rollback has begun, ';
  return new PlatformError(
    'ClaimLost',
    `execution ${executionArn} no longer owns tenant ${tenantId}: a newer execution has taken it over, ${begun}` +
      'or somebody has changed its record',
  );
}

/** The record was there when the execution reserved the tenant. */
export const recordGone = (tenantId: string, executionArn: string) =>
  new PlatformError(
    'ClaimLost',
    `execution ${executionArn} no longer owns tenant ${tenantId}: somebody has deleted its record`,
  );

/**
 * Whether the table allows the operation on a record that was read. The record may change right
 * after: the condition of the write decides.
 */
export function allows(name: OperationName, record: TenantRecord, executionArn: string): boolean {
  const row: Operation = OPERATIONS[name];
  if (row.neverActive && record.activatedAt) return false;
  return row.from.includes(record.status) && (!row.owned || record.executionArn === executionArn);
}

/**
 * Checks an operation against a record that was read. The condition of the later write checks the
 * same again.
 *
 * @throws PlatformError `TenantIsActive`; `ClaimLost` when another execution owns the tenant, or
 * the tenant's status forbids the operation
 */
export function requirePermission(name: OperationName, record: TenantRecord, executionArn: string): void {
  if (allows(name, record, executionArn)) return;
  const { neverActive, from }: Operation = OPERATIONS[name];
  const { tenantId, status } = record;
  if (neverActive && record.activatedAt) throw tenantIsActive(record);
  if (record.executionArn !== executionArn) throw claimLost(name, tenantId, executionArn);
  throw new PlatformError('ClaimLost', `tenant ${tenantId} is ${status}: ${name} needs ${from.join(' or ')}`);
}
