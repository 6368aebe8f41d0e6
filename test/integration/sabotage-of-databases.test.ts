import { DATABASE_TECHNIQUES } from '../sabotage/techniques/database';
import { SECRETS_TECHNIQUES } from '../sabotage/techniques/secrets';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...DATABASE_TECHNIQUES, ...SECRETS_TECHNIQUES]);
