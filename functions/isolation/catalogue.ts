import type { Check } from './check';
import { COPIES_CHECKS } from './checks/copies';
import { DATABASE_CHECKS } from './checks/database';
import { DATABASE_DOOR_CHECKS } from './checks/database-door';
import { DATABASE_LOGIN_CHECKS } from './checks/database-logins';
import { DATABASE_SETTINGS_CHECKS } from './checks/database-settings';
import { IDENTITY_CHECKS } from './checks/identity';
import { KEY_CHECKS } from './checks/key';
import { LOGS_CHECKS } from './checks/logs';
import { NETWORK_CHECKS } from './checks/network';
import { NETWORK_MEMBERS_CHECKS } from './checks/network-members';
import { PROBE_CHECKS } from './checks/probes';
import { REPLICA_LOGIN_CHECKS } from './checks/replica-logins';
import { ROUTING_CHECKS } from './checks/routing';
import { SECRETS_CHECKS } from './checks/secrets';
import { SOLE_ACCESS_CHECKS } from './checks/sole-access';
import { STACKS_CHECKS } from './checks/stacks';
import { STORAGE_CHECKS } from './checks/storage';
import { STORAGE_SETTINGS_CHECKS } from './checks/storage-settings';
import { VPC_NAMES_CHECKS } from './checks/vpc-names';

/** Every check of a tenant, in the order of a report. */
export const CATALOGUE: readonly Check[] = [
  ...KEY_CHECKS,
  ...DATABASE_CHECKS,
  ...DATABASE_SETTINGS_CHECKS,
  ...DATABASE_DOOR_CHECKS,
  ...STORAGE_CHECKS,
  ...STORAGE_SETTINGS_CHECKS,
  ...SECRETS_CHECKS,
  ...COPIES_CHECKS,
  ...NETWORK_CHECKS,
  ...NETWORK_MEMBERS_CHECKS,
  ...VPC_NAMES_CHECKS,
  ...LOGS_CHECKS,
  ...IDENTITY_CHECKS,
  ...SOLE_ACCESS_CHECKS,
  ...STACKS_CHECKS,
  ...ROUTING_CHECKS,
  ...PROBE_CHECKS,
  ...DATABASE_LOGIN_CHECKS,
  ...REPLICA_LOGIN_CHECKS,
];
