import { CELL_CHECKS } from './cell-checks';
import { COPIES_OF_ALL_CHECKS } from './copies-checks';
import { PLATFORM_CHECKS } from './platform-checks';
import { SERVING_CHECKS } from './serving-checks';
import type { SurroundingsCheck } from './surroundings-facts';

/** Questions about what all tenants of a cell share and trust. They are asked once for each audit and cell. */
export const SURROUNDINGS_CHECKS: readonly SurroundingsCheck[] = [
  ...SERVING_CHECKS,
  ...CELL_CHECKS,
  ...PLATFORM_CHECKS,
  ...COPIES_OF_ALL_CHECKS,
];
