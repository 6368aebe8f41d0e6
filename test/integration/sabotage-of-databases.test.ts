import { DATABASE_SABOTAGES } from '../sabotage/sabotages/database';
import { SECRETS_SABOTAGES } from '../sabotage/sabotages/secrets';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...DATABASE_SABOTAGES, ...SECRETS_SABOTAGES]);
