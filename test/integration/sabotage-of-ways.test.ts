import { IDENTITY_SABOTAGES } from '../../sabotage/sabotages/identity';
import { NETWORK_SABOTAGES } from '../../sabotage/sabotages/network';
import { PROBE_SABOTAGES } from '../../sabotage/sabotages/probes';
import { ROUTING_SABOTAGES } from '../../sabotage/sabotages/routing';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...NETWORK_SABOTAGES, ...IDENTITY_SABOTAGES, ...ROUTING_SABOTAGES, ...PROBE_SABOTAGES]);
