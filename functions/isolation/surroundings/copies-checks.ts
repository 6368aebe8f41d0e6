import type { BackupRule, BackupSelection } from '@aws-sdk/client-backup';
import { TENANT_TAG, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { checksOf, finding } from '../check';
import { areDisjoint } from '../comparison/patterns';
import type { PlannedBackup } from './copies-facts';
import { COPIES_OF_ALL_METADATA } from './copies-metadata';
import { strangersIn } from './statements';
import type { Surroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

/** The ARNs of any tenant's databases and buckets. */
const ofTenants = ({ region, accountId }: Surroundings) => [
  `arn:aws:rds:${region}:${accountId}:db:${tenantNames.database('*')}`,
  `arn:aws:s3:::${tenantNames.bucket('*', accountId, region)}`,
];
/** Tags that the resources of every tenant have. */
const TENANTS_TAGS = [TENANT_TAG, 'service'];

/**
 * Whether a selection may contain a tenant's database or bucket: by a pattern of its ARN, or by a tag
 * ("BackupSelection"). A selection without resources takes what has one of the tags.
 */
function selects({ Resources = [], ListOfTags = [] }: BackupSelection, surroundings: Surroundings): boolean {
  const byArn = ofTenants(surroundings).some((arn) => Resources.some((pattern) => !areDisjoint(pattern, arn)));
  const byTag = ListOfTags.some(({ ConditionKey = '' }) => TENANTS_TAGS.includes(ConditionKey));
  return byArn || byTag;
}

const vaultsOf = ({ Rules = [] }: PlannedBackup['plan']) => [
  ...new Set(Rules.flatMap(({ TargetBackupVaultName }) => TargetBackupVaultName ?? [])),
];
const copiesOf = (rules: readonly BackupRule[] = []) =>
  rules.flatMap(({ CopyActions = [] }) =>
    CopyActions.flatMap(({ DestinationBackupVaultArn }) => DestinationBackupVaultArn ?? []),
  );

async function planViolations(
  { plan, selections }: PlannedBackup,
  surroundings: Surroundings,
  { copies }: SurroundingsFacts,
): Promise<string[]> {
  const { accountId, placed } = surroundings;
  const selecting = selections.filter((each) => selects(each, surroundings)).map(({ SelectionName }) => SelectionName);
  if (selecting.length === 0) return [];
  const name = `backup plan ${plan.BackupPlanName} (${selecting.join(', ')})`;
  const accounts = [accountId, ...placed.backupAccounts];
  const policies = await settled(
    vaultsOf(plan).map(async (vault) => ({ vault, policy: await copies.vaultPolicy(vault) })),
  );
  const isPlaced = placed.keyUsers.some((role) => role.startsWith('backup.amazonaws.com/'));
  return [
    ...(isPlaced ? [] : [`${name} selects tenants’ resources, and the stage has no backup of the organization`]),
    ...copiesOf(plan.Rules)
      .filter((arn) => !accounts.includes(arn.split(':')[4] ?? ''))
      .map((arn) => `${name} copies tenants’ resources to ${arn}`),
    ...policies.flatMap(({ vault, policy }) =>
      strangersIn(policy, accounts).map((each) => `vault ${vault} of ${name}: ${each}`),
    ),
  ];
}

/** Questions about what may copy the data of any tenant. They are lists of the account. */
export const COPIES_OF_ALL_CHECKS = checksOf<
  (typeof COPIES_OF_ALL_METADATA)[number]['id'],
  Surroundings,
  SurroundingsFacts
>(COPIES_OF_ALL_METADATA, {
  'database.backup-plans': async (surroundings, facts) => {
    const backups = await facts.copies.backups();
    const violations = await settled(backups.map((each) => planViolations(each, surroundings, facts)));
    return finding(violations.flat(), `${backups.length} backup plans, none leads tenants’ data elsewhere`);
  },
});
