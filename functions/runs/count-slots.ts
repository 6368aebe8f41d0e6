import { slotsInUse } from '../compute/slots-in-use';
import type { CellDescriptor } from '../contract/cell';
import type { Meter } from '../shared/meter';
import { settled } from '../shared/settled';
import type { TenantsTable } from '../tenants/tenants-table';

export interface CountSlotsDeps {
  readonly table: TenantsTable;
  readonly meter: Meter;
}

/**
 * Counts the slots of all cells, taken and left. When the slots of one cell cannot be read it counts
 * none and throws: the sums would be too low, and would end the alarm CapacityLow.
 */
export async function countSlots({ table, meter }: CountSlotsDeps, cells: readonly CellDescriptor[]): Promise<void> {
  const all = await settled(cells.map((cell) => slotsInUse(table, cell)));
  let [taken, left] = [0, 0];
  for (const slots of all) {
    taken += slots.taken;
    left += slots.left;
  }
  meter.count('SlotsTaken', taken);
  meter.count('SlotsLeft', left);
}
