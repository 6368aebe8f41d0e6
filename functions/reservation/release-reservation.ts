import { tenantIdOf } from '../contract/naming';
import { ReleaseReservationInput, ReleaseReservationOutput } from '../contract/onboarding';
import { readableSignupId } from '../contract/signup';
import { type Action, actionHandler } from '../shared/action-handler';
import { logger } from '../shared/logger';
import { type Meter, meter } from '../shared/meter';
import { isConditionFailure } from '../tenants/condition-failure';
import { guardUndo } from '../tenants/tenant-store';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { transition } from '../tenants/transition';
import { stands } from './claims';
import { type OfOthers, ofOthers, releaseSlot } from './release-slot';
import { tellSetAside } from './set-aside';

export interface ReleaseReservationDeps {
  readonly table: TenantsTable;
  readonly meter: Meter;
  readonly now: () => Date;
}

/**
 * Releases the slot and the subdomain: the undo of ReserveTenant.
 *
 * It needs only the execution's input, because the reservation may exist although its answer was
 * lost. The tenant's record stays, with the failure. The claim on the signup id stays as well: it
 * names the failed execution, which a redrive resumes and a newer execution may take over.
 *
 * 1. Refuse a tenant that has been ACTIVE, or that another execution owns.
 * 2. If nothing is reserved, or if it was released before, there is nothing to do.
 * 3. If resources of an earlier run use the slot, keep slot and resources. That happens when the
 *    reservation failed in a run that resumed or took over a tenant: then no other undo has run. A
 *    redrive continues with the resources.
 * 4. Release slot and subdomain and update the record in one transaction. A slot whose priority
 *    somebody's listener rule has is set aside, so that no other tenant gets it. A subdomain or a slot
 *    that somebody has given to another tenant by hand stays that tenant's.
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
  run: async ({ table, meter, now }, { executionArn, input }) => {
    const signupId = readableSignupId(input);
    const owned = signupId && { tenantId: tenantIdOf(signupId), executionArn };
    const record = owned ? await guardUndo(table, 'release', owned) : undefined;
    if (!owned || !stands(record)) return { released: false, kept: false };
    if (record.keyRequestedAt) return { released: false, kept: true };
    const { tenantId, slot } = record;
    const at = now().toISOString();
    const occupied = record.failure?.error === 'SlotOccupied';
    const permitted = transition(table, 'release', {
      ...{ tenantId, owner: executionArn, at },
      seen: { 'slot.number': slot.number },
    });
    const release = async (others?: OfOthers) => {
      await releaseSlot(table, record, permitted, { setAside: occupied ? at : undefined, ...(others && { others }) });
      if (occupied && !others?.slot) tellSetAside(meter, slot);
      return { released: true, kept: false };
    };
    try {
      return await release();
    } catch (thrown) {
      if (!isConditionFailure(thrown)) throw thrown;
      const changed = await guardUndo(table, 'release', owned);
      if (!changed?.slot) return { released: false, kept: false };
      const others = await ofOthers(table, record);
      if (!others.subdomain && !others.slot) throw thrown;
      const { subdomain } = record;
      logger.warn('reservation.of-another', { subdomain, cell: slot.cell, number: slot.number, others });
      return await release(others);
    }
  },
};

export const handler = actionHandler(releaseReservation, { table: tenantsTable(), meter, now: () => new Date() });
