import { IDENTITY_SABOTAGES } from '../sabotage/sabotages/identity';
import { PROBE_SABOTAGES } from '../sabotage/sabotages/probes';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...IDENTITY_SABOTAGES, ...PROBE_SABOTAGES]);
