import type { AttackTechnique } from './technique';
import { DATABASE_TECHNIQUES } from './techniques/database';
import { IDENTITY_TECHNIQUES } from './techniques/identity';
import { KEY_TECHNIQUES } from './techniques/key';
import { NETWORK_TECHNIQUES } from './techniques/network';
import { PROBE_TECHNIQUES } from './techniques/probes';
import { ROUTING_TECHNIQUES } from './techniques/routing';
import { SECRETS_TECHNIQUES } from './techniques/secrets';
import { STORAGE_TECHNIQUES } from './techniques/storage';

export const ATTACK_TECHNIQUES: readonly AttackTechnique[] = [
  ...KEY_TECHNIQUES,
  ...DATABASE_TECHNIQUES,
  ...STORAGE_TECHNIQUES,
  ...SECRETS_TECHNIQUES,
  ...NETWORK_TECHNIQUES,
  ...IDENTITY_TECHNIQUES,
  ...ROUTING_TECHNIQUES,
  ...PROBE_TECHNIQUES,
];
