import { CROSS_TENANT_PROBE_TECHNIQUES } from '../sabotage/techniques/cross-tenant-probes';
import { IDENTITY_TECHNIQUES } from '../sabotage/techniques/identity';
import { IDENTITY_POLICY_TECHNIQUES } from '../sabotage/techniques/identity-policies';
import { PROBE_TECHNIQUES } from '../sabotage/techniques/probes';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([
  ...CROSS_TENANT_PROBE_TECHNIQUES,
  ...IDENTITY_TECHNIQUES,
  ...IDENTITY_POLICY_TECHNIQUES,
  ...PROBE_TECHNIQUES,
]);
