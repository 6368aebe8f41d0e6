import { DATABASE_SABOTAGES } from '../../sabotage/sabotages/database';
import { KEY_SABOTAGES } from '../../sabotage/sabotages/key';
import { SECRETS_SABOTAGES } from '../../sabotage/sabotages/secrets';
import { STORAGE_SABOTAGES } from '../../sabotage/sabotages/storage';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...KEY_SABOTAGES, ...DATABASE_SABOTAGES, ...STORAGE_SABOTAGES, ...SECRETS_SABOTAGES]);
