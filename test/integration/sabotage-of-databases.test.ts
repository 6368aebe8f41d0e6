import { DATABASE_TECHNIQUES } from '../sabotage/techniques/database';
import { DATABASE_NETWORK_TECHNIQUES } from '../sabotage/techniques/database-network';
import { SECRETS_TECHNIQUES } from '../sabotage/techniques/secrets';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([...DATABASE_TECHNIQUES, ...DATABASE_NETWORK_TECHNIQUES, ...SECRETS_TECHNIQUES]);
