import { DATABASE_SETTINGS_TECHNIQUES } from '../sabotage/techniques/database-settings';
import { MEMBER_TECHNIQUES } from '../sabotage/techniques/members';
import { STORAGE_SETTINGS_TECHNIQUES } from '../sabotage/techniques/storage-settings';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...DATABASE_SETTINGS_TECHNIQUES, ...STORAGE_SETTINGS_TECHNIQUES, ...MEMBER_TECHNIQUES]);
