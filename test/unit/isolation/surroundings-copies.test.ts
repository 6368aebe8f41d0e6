import { aBackup } from '../../support/healthy-surroundings';
import { type Breach, first, type Harmless, stranger, testRoom } from '../../support/surroundings-tests';

const BREACHES: Breach[] = [
  [
    'database.backup-plans',
    'to another account',
    ({ copies }) => copies.backups.push(aBackup('theirs', 'arn:aws:backup:r:999999999999:backup-vault:theirs')),
    'backup plan theirs (all) copies tenants’ resources to arn:aws:backup:r:999999999999:backup-vault:theirs',
  ],
  [
    'database.backup-plans',
    'of one tenant',
    ({ copies }) =>
      copies.backups.push(
        aBackup('theirs', 'arn:aws:backup:r:999999999999:backup-vault:v', `arn:aws:rds:*:*:db:tenant-t1`),
      ),
    'backup plan theirs',
  ],
  [
    'database.backup-plans',
    'by tag',
    ({ copies }) => first(first(copies.backups.slice(1)).selections).ListOfTags.push({ ConditionKey: 'tenantId' }),
    'backup plan others (all) copies',
  ],
  [
    'database.backup-plans',
    'by a tag that somebody may have put on a tenant’s database',
    ({ copies }) => first(first(copies.backups.slice(1)).selections).ListOfTags.push({ ConditionKey: 'backup' }),
    'backup plan others (all) copies',
  ],
  [
    'database.backup-plans',
    'the table with the names of all tenants',
    ({ copies }) =>
      copies.backups.push(
        aBackup('theirs', 'arn:aws:backup:r:999999999999:backup-vault:v', 'arn:aws:dynamodb:*:*:table/*'),
      ),
    'backup plan theirs',
  ],
  [
    'database.backup-plans',
    'a vault for others',
    ({ copies }) => copies.vaultPolicy.push(...stranger('backup:CopyIntoBackupVault')),
    'vault local of backup plan organization',
  ],
];

const HARMLESS: Harmless[] = [
  [
    'database.backup-plans',
    'another team’s plan of all that has its tag, in this account',
    ({ copies }) => {
      const plan = aBackup('team', 'arn:aws:backup:eu-central-1:555555555555:backup-vault:central');
      const Conditions = { StringEquals: [{ ConditionKey: 'aws:ResourceTag/team', ConditionValue: 'data' }] };
      Object.assign(first(plan.selections), { Conditions });
      copies.backups.splice(0, copies.backups.length, plan);
    },
  ],
];

testRoom('copies', BREACHES, HARMLESS);
