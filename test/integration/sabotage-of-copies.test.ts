import { COPIES_TECHNIQUES } from '../sabotage/techniques/copies';
import { testTechniques } from '../support/sabotage-tests';

testTechniques(COPIES_TECHNIQUES);
