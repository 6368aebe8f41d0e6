import { NETWORK_TECHNIQUES } from '../sabotage/techniques/network';
import { ROUTING_TECHNIQUES } from '../sabotage/techniques/routing';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...NETWORK_TECHNIQUES, ...ROUTING_TECHNIQUES]);
