import type * as z from 'zod';
import { StartInCellAnswer } from '../../functions/contract/act';
import type { CellDescriptor } from '../../functions/contract/cell';
import type { MigrationClaim } from '../../functions/contract/migration';
import { type MigrationPhase, PlanMigrationOutput } from '../../functions/contract/migration';
import { readMigration } from '../../functions/database/migration-store';
import { perform } from './perform';
import { because, type StageClient } from './stage-client';

export interface MigrationOrder {
  readonly phase: MigrationPhase;
  readonly to?: string | undefined;
  readonly reason?: string | undefined;
}

export type CellPlan = z.output<typeof PlanMigrationOutput> & { readonly cell: string };

const actOf = ({ phase, to, reason }: MigrationOrder) => ({ phase, ...(to && { to }), ...because(reason) });

/** Operators' actions on migrations of tenants' databases. It returns data and prints nothing. */
export class Migrations {
  constructor(private readonly client: StageClient) {}

  /**
   * Who is behind, and by which files. The stage's own files count, and not those of this checkout.
   *
   * @throws ActNotDone when the phase does not reach the file, or no file has the name
   */
  async preview({ name }: CellDescriptor, order: MigrationOrder): Promise<CellPlan> {
    const act = { kind: 'preview-migration', cell: name, ...actOf(order) } as const;
    return { cell: name, ...(await perform(this.client.operator, act, PlanMigrationOutput)) };
  }

  async start({ name }: CellDescriptor, order: MigrationOrder) {
    const act = { kind: 'migrate', cell: name, ...actOf(order) } as const;
    return await perform(this.client.operator, act, StartInCellAnswer);
  }

  /** The migration under way in a cell, or the last one. */
  status({ name }: CellDescriptor): Promise<MigrationClaim | undefined> {
    return readMigration(this.client.table, name);
  }
}
