import { NETWORK_SABOTAGES } from '../../sabotage/sabotages/network';
import { testSabotages } from '../support/sabotage-tests';

testSabotages(NETWORK_SABOTAGES);
