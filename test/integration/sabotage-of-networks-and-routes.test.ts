import { NETWORK_TECHNIQUES } from '../sabotage/techniques/network';
import { NETWORK_ROUTE_TECHNIQUES } from '../sabotage/techniques/network-routes';
import { ROUTING_TECHNIQUES } from '../sabotage/techniques/routing';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...NETWORK_TECHNIQUES, ...NETWORK_ROUTE_TECHNIQUES, ...ROUTING_TECHNIQUES]);
