import { DATABASE_SABOTAGES } from './sabotages/database';
import { IDENTITY_SABOTAGES } from './sabotages/identity';
import { KEY_SABOTAGES } from './sabotages/key';
import { NETWORK_SABOTAGES } from './sabotages/network';
import { PROBE_SABOTAGES } from './sabotages/probes';
import { ROUTING_SABOTAGES } from './sabotages/routing';
import { SECRETS_SABOTAGES } from './sabotages/secrets';
import { STORAGE_SABOTAGES } from './sabotages/storage';
import type { Sabotage } from './scene';

export const SABOTAGES: readonly Sabotage[] = [
  ...KEY_SABOTAGES,
  ...DATABASE_SABOTAGES,
  ...STORAGE_SABOTAGES,
  ...SECRETS_SABOTAGES,
  ...NETWORK_SABOTAGES,
  ...IDENTITY_SABOTAGES,
  ...ROUTING_SABOTAGES,
  ...PROBE_SABOTAGES,
];
