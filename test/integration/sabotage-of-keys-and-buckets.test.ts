import { KEY_TECHNIQUES } from '../sabotage/techniques/key';
import { KEY_POLICY_TECHNIQUES } from '../sabotage/techniques/key-policies';
import { STORAGE_TECHNIQUES } from '../sabotage/techniques/storage';
import { STORAGE_POLICY_TECHNIQUES } from '../sabotage/techniques/storage-policy';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...KEY_TECHNIQUES, ...KEY_POLICY_TECHNIQUES, ...STORAGE_TECHNIQUES, ...STORAGE_POLICY_TECHNIQUES]);
