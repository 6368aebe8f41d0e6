import { BakeRingInput, BakeRingOutput } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { note } from './release-store';

export interface BakeRingDeps {
  readonly table: TenantsTable;
}

/**
 * Begins the time in which a ring has to prove itself. The state waits with its task token, and its
 * heartbeat ends the bake. An operator who takes the release back answers the token, and does not
 * wait for that.
 *
 * It has no undo. Throws `ClaimLost`.
 */
export const bakeRing: Action<typeof BakeRingInput, typeof BakeRingOutput, BakeRingDeps> = {
  name: 'BakeRing',
  input: BakeRingInput,
  output: BakeRingOutput,
  run: async ({ table }, { release, executionArn, taskToken }) => {
    const waiting = { for: 'bake', taskToken } as const;
    await note(table, release.cell.name, executionArn, { phase: 'BakeRing', waiting });
    return { baking: true };
  },
};

export const handler = actionHandler(bakeRing, { table: tenantsTable() });
