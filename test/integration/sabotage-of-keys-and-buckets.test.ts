import { KEY_SABOTAGES } from '../sabotage/sabotages/key';
import { STORAGE_SABOTAGES } from '../sabotage/sabotages/storage';
import { testSabotages } from '../support/sabotage-tests';

testSabotages([...KEY_SABOTAGES, ...STORAGE_SABOTAGES]);
