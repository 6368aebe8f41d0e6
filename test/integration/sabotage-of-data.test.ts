import { COPIES_TECHNIQUES } from '../sabotage/techniques/copies';
import { COPIES_ELSEWHERE_TECHNIQUES } from '../sabotage/techniques/copies-elsewhere';
import { DATABASE_TECHNIQUES } from '../sabotage/techniques/database';
import { DATABASE_DOOR_TECHNIQUES } from '../sabotage/techniques/database-door';
import { DATABASE_NETWORK_TECHNIQUES } from '../sabotage/techniques/database-network';
import { DATABASE_SETTINGS_TECHNIQUES } from '../sabotage/techniques/database-settings';
import { KEY_TECHNIQUES } from '../sabotage/techniques/key';
import { KEY_POLICY_TECHNIQUES } from '../sabotage/techniques/key-policies';
import { LOG_POLICY_TECHNIQUES } from '../sabotage/techniques/log-policies';
import { MEMBER_TECHNIQUES } from '../sabotage/techniques/members';
import { PRINCIPAL_TECHNIQUES } from '../sabotage/techniques/principals';
import { SECRETS_TECHNIQUES } from '../sabotage/techniques/secrets';
import { SHUT_DOOR_TECHNIQUES } from '../sabotage/techniques/shut-doors';
import { STORAGE_TECHNIQUES } from '../sabotage/techniques/storage';
import { STORAGE_POLICY_TECHNIQUES } from '../sabotage/techniques/storage-policy';
import { STORAGE_REPORT_TECHNIQUES } from '../sabotage/techniques/storage-reports';
import { STORAGE_SETTINGS_TECHNIQUES } from '../sabotage/techniques/storage-settings';
import { testTechniques } from '../support/sabotage-tests';

testTechniques([
  // A password that is set is looked for beside each new version of the secret: it comes first.
  ...COPIES_TECHNIQUES,
  ...COPIES_ELSEWHERE_TECHNIQUES,
  ...LOG_POLICY_TECHNIQUES,
  ...DATABASE_TECHNIQUES,
  ...DATABASE_DOOR_TECHNIQUES,
  ...DATABASE_NETWORK_TECHNIQUES,
  ...DATABASE_SETTINGS_TECHNIQUES,
  ...SECRETS_TECHNIQUES,
  ...KEY_TECHNIQUES,
  ...KEY_POLICY_TECHNIQUES,
  ...STORAGE_TECHNIQUES,
  ...STORAGE_POLICY_TECHNIQUES,
  ...STORAGE_SETTINGS_TECHNIQUES,
  ...STORAGE_REPORT_TECHNIQUES,
  ...MEMBER_TECHNIQUES,
  ...PRINCIPAL_TECHNIQUES,
  ...SHUT_DOOR_TECHNIQUES,
]);
