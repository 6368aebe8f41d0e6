import { IDENTITY_SABOTAGES } from '../../sabotage/sabotages/identity';
import { PROBE_SABOTAGES } from '../../sabotage/sabotages/probes';
import { ROUTING_SABOTAGES } from '../../sabotage/sabotages/routing';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...IDENTITY_SABOTAGES, ...ROUTING_SABOTAGES, ...PROBE_SABOTAGES]);
