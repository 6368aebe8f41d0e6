import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { Slot } from '../contract/tenant';

/** A slot's block is a /24. */
const SLOT_PREFIX = 24;
const SLOT_ADDRESSES = 2 ** (32 - SLOT_PREFIX);

function addressOf(cidr: string): { base: number; prefix: number } {
  const [address = '', prefix = ''] = cidr.split('/');
  const bytes = address.split('.').map(Number);
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const size = 2 ** (32 - Number(prefix));
  return { base: value - (value % size), prefix: Number(prefix) };
}

const dotted = (value: number) => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/**
 * The slot with the given number. Listener priority and /24 are computed from the number, so two
 * slots of a cell never share one.
 *
 * @throws PlatformError `ConfigurationInvalid` when the cell's tenant range does not hold its capacity
 */
export function slotAt(cell: CellDescriptor, number: number): Slot {
  const { base, prefix } = addressOf(cell.tenantRange);
  if (number >= 2 ** (SLOT_PREFIX - prefix)) {
    throw new PlatformError(
      'ConfigurationInvalid',
      `cell ${cell.name}: tenant range ${cell.tenantRange} has no /${SLOT_PREFIX} for slot ${number}`,
    );
  }
  return {
    cell: cell.name,
    number,
    priority: cell.firstPriority + number,
    cidr: `${dotted(base + number * SLOT_ADDRESSES)}/${SLOT_PREFIX}`,
  };
}

/** Number of slots that are added when the free list is empty. */
const BLOCK = 16;

/** The slot numbers of the next block above the high-water mark; none when the cell is full. */
export function nextBlock(highWater: number, capacity: number): number[] {
  const end = Math.min(highWater + BLOCK, capacity);
  return Array.from({ length: Math.max(0, end - highWater) }, (_, index) => highWater + index);
}
