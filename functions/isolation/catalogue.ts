import type { Check } from './check';
import { DATABASE_CHECKS } from './checks/database';
import { IDENTITY_CHECKS } from './checks/identity';
import { KEY_CHECKS } from './checks/key';
import { NETWORK_CHECKS } from './checks/network';
import { PROBE_CHECKS } from './checks/probes';
import { ROUTING_CHECKS } from './checks/routing';
import { SECRETS_CHECKS } from './checks/secrets';
import { SOLE_ACCESS_CHECKS } from './checks/sole-access';
import { STORAGE_CHECKS } from './checks/storage';

/** Every check of a tenant, in the order of a report. */
export const CATALOGUE: readonly Check[] = [
  ...KEY_CHECKS,
  ...DATABASE_CHECKS,
  ...STORAGE_CHECKS,
  ...SECRETS_CHECKS,
  ...NETWORK_CHECKS,
  ...IDENTITY_CHECKS,
  ...SOLE_ACCESS_CHECKS,
  ...ROUTING_CHECKS,
  ...PROBE_CHECKS,
];
