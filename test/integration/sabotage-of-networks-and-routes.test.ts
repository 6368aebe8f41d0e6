import { NETWORK_SABOTAGES } from '../sabotage/sabotages/network';
import { ROUTING_SABOTAGES } from '../sabotage/sabotages/routing';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...NETWORK_SABOTAGES, ...ROUTING_SABOTAGES]);
