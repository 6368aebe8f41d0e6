import { CELL_METADATA } from './cell-metadata';
import { COPIES_OF_ALL_METADATA } from './copies-metadata';
import { PLATFORM_METADATA } from './platform-metadata';
import { SERVING_METADATA } from './serving-metadata';

/** What people read about the questions that are asked once for each audit and cell. */
export const SURROUNDINGS_METADATA = [
  ...SERVING_METADATA,
  ...CELL_METADATA,
  ...PLATFORM_METADATA,
  ...COPIES_OF_ALL_METADATA,
] as const;
