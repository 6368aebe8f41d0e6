import { itemKeys } from '../contract/records';
import type { Slot } from '../contract/tenant';
import { logger } from '../shared/logger';
import type { Meter } from '../shared/meter';

/**
 * The item of a slot that no tenant gets, because a listener rule of somebody else has its priority.
 * The runbook says how the slot is given back.
 */
export const slotSetAside = ({ cell, number }: Pick<Slot, 'cell' | 'number'>, at: string) => ({
  ...itemKeys.takenSlot(cell, number),
  number,
  setAside: at,
});

/** Tells the operators. The count raises an alarm. */
export function tellSetAside(meter: Meter, slot: Pick<Slot, 'cell' | 'number' | 'priority'>): void {
  const { cell, number, priority } = slot;
  logger.warn('slot.set-aside', { cell, number, priority });
  meter.count('SlotsSetAside', 1);
}
