import { IDENTITY_TECHNIQUES } from '../sabotage/techniques/identity';
import { PROBE_TECHNIQUES } from '../sabotage/techniques/probes';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...IDENTITY_TECHNIQUES, ...PROBE_TECHNIQUES]);
