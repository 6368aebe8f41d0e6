import type { Check } from './check';
import { IDENTITY_CHECKS } from './checks/identity';
import { KEY_CHECKS } from './checks/key';
import { ROUTING_CHECKS } from './checks/routing';
import { STORAGE_CHECKS } from './checks/storage';

/** Every question that is asked of a tenant, in the order of a report. */
export const CATALOGUE: readonly Check[] = [...KEY_CHECKS, ...STORAGE_CHECKS, ...IDENTITY_CHECKS, ...ROUTING_CHECKS];
