import * as z from 'zod';

/** The plans a customer can buy; each names one sizing of the tenant's dedicated database. */
export const PlanSchema = z.enum(['growth', 'enterprise']);
export type Plan = z.infer<typeof PlanSchema>;

/**
 * Engine of the tenants' databases. Only the major version is named: RDS then takes its default minor version, and a minor
 * version that AWS withdraws ("Release calendars for Amazon RDS for PostgreSQL") stops no onboarding.
 */
export const ENGINE = { name: 'postgres', majorVersion: '18' } as const;

export interface Sizing {
  /** RDS instance class, e.g. `db.r6g.large`. */
  readonly instanceClass: string;
  /** Memory of that class, GiB ("Hardware specifications for DB instance classes"). */
  readonly memoryGiB: number;
  /** Storage at creation, GiB. */
  readonly allocatedStorageGiB: number;
  /** Ceiling of storage autoscaling, GiB. RDS requires at least 10 % more than the allocation. */
  readonly maxAllocatedStorageGiB: number;
  readonly multiAz: boolean;
  /** Number of read replicas; the database template supports 0 and 1. */
  readonly replicas: 0 | 1;
  /** Days that automated backups are kept. */
  readonly backupRetentionDays: number;
}

/** The sizing of each plan. */
export const SIZINGS: Readonly<Record<Plan, Sizing>> = {
  growth: {
    instanceClass: 'db.t4g.medium',
    memoryGiB: 4,
    allocatedStorageGiB: 50,
    maxAllocatedStorageGiB: 200,
    multiAz: true,
    replicas: 0,
    backupRetentionDays: 14,
  },
  enterprise: {
    instanceClass: 'db.r6g.large',
    memoryGiB: 16,
    allocatedStorageGiB: 100,
    maxAllocatedStorageGiB: 1000,
    multiAz: true,
    replicas: 1,
    backupRetentionDays: 35,
  },
};
