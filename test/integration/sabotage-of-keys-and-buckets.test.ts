import { KEY_TECHNIQUES } from '../sabotage/techniques/key';
import { STORAGE_TECHNIQUES } from '../sabotage/techniques/storage';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...KEY_TECHNIQUES, ...STORAGE_TECHNIQUES]);
