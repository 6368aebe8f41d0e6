import { tenantIdOf } from '../contract/naming';
import { ReleaseReservationInput, ReleaseReservationOutput } from '../contract/onboarding';
import { readableSignupId } from '../contract/signup';
import { type Action, actionHandler } from '../shared/action-handler';
import { isConditionFailure } from '../tenants/condition-failure';
import { guardUndo } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { transition } from '../tenants/transition';
import { stands } from './claims';
import { releaseSlot } from './release-slot';

export interface ReleaseReservationDeps {
  readonly table: TenantsTable;
  readonly now: () => Date;
}

/**
 * Gives the slot and the subdomain back: the undo of ReserveTenant.
 *
 * Works from the execution's input alone, since the reservation may have been made and its answer lost. The tenant's
 * record stays, for the failure to be read, and so does the claim on the signup id: it names the failed execution, which
 * a redrive resumes and a newer execution may take over.
 *
 * 1. Refuse a tenant that has been ACTIVE, or belongs to another execution.
 * 2. Nothing reserved, or given back already: done.
 * 3. Resources that an earlier run has left stand in the slot: it is kept, and so are they. No undo has run before this one
 *    when the reservation itself failed, of a run that resumed a held or taken-over tenant; a redrive goes on with them.
 * 4. Slot, subdomain and record in one transaction.
 *
 * Throws `TenantIsActive`, `ClaimLost`.
 */
export const releaseReservation: Action<
  typeof ReleaseReservationInput,
  typeof ReleaseReservationOutput,
  ReleaseReservationDeps
> = {
  name: 'ReleaseReservation',
  input: ReleaseReservationInput,
  output: ReleaseReservationOutput,
  run: async ({ table, now }, { executionArn, input }) => {
    const signupId = readableSignupId(input);
    const owned = signupId && { tenantId: tenantIdOf(signupId), executionArn };
    const record = owned ? await guardUndo(table, 'release', owned) : undefined;
    if (!owned || !stands(record)) return { released: false, kept: false };
    if (record.keyRequestedAt) return { released: false, kept: true };
    const { tenantId, slot } = record;
    const permitted = transition(table, 'release', {
      ...{ tenantId, owner: executionArn, at: now().toISOString() },
      seen: { 'slot.number': slot.number },
    });
    try {
      await releaseSlot(table, record, permitted);
      return { released: true, kept: false };
    } catch (thrown) {
      if (!isConditionFailure(thrown)) throw thrown;
      const changed = await guardUndo(table, 'release', owned);
      if (changed?.slot) throw thrown;
      return { released: false, kept: false };
    }
  },
};

export const handler = actionHandler(releaseReservation, { table: tenantsTable(), now: () => new Date() });
