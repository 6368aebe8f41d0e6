import { type Compute, cellNamed } from '../compute/compute';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import type { TenantRecord } from '../contract/records';

/**
 * @throws PlatformError `InvalidRequest` when the record names no slot, `ConfigurationInvalid` when the cell is gone or
 * damaged
 */
export async function cellOfTenant(
  compute: Pick<Compute, 'readableCells'>,
  { tenantId, slot }: TenantRecord,
): Promise<CellDescriptor> {
  if (!slot) throw new PlatformError('InvalidRequest', `record of tenant ${tenantId} names no slot`);
  return cellNamed(await compute.readableCells(), slot.cell);
}
