import { CROSS_TENANT_PROBE_TECHNIQUES } from '../sabotage/techniques/cross-tenant-probes';
import { DATABASE_LOGIN_TECHNIQUES } from '../sabotage/techniques/database-logins';
import { PROBE_TECHNIQUES } from '../sabotage/techniques/probes';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...CROSS_TENANT_PROBE_TECHNIQUES, ...PROBE_TECHNIQUES, ...DATABASE_LOGIN_TECHNIQUES]);
