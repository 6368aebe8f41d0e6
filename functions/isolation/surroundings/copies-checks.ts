import type { BackupRule, BackupSelection } from '@aws-sdk/client-backup';
import { TENANT_TAG, tenantNames } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { checksOf, finding } from '../check';
import { areDisjoint } from '../comparison/patterns';
import { isBackupPlaced } from '../placed';
import type { PlannedBackup } from './copies-facts';
import { COPIES_OF_ALL_METADATA } from './copies-metadata';
import { strangersIn } from './statements';
import type { Surroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';

/** The ARNs of any tenant's databases and buckets, and of the table with the names of all. */
const ofTenants = ({ region, accountId, tableName }: Surroundings) => [
  `arn:aws:rds:${region}:${accountId}:db:${tenantNames.database('*')}`,
  `arn:aws:s3:::${tenantNames.bucket('*', accountId, region)}`,
  `arn:aws:dynamodb:${region}:${accountId}:table/${tableName}`,
];
/** Tags that the resources of every tenant have. */
const TENANTS_TAGS = [TENANT_TAG, 'service'];

/** Tags that a selected resource must have, all of them ("BackupSelection": Conditions). */
const required = ({ Conditions: { StringEquals = [], StringLike = [] } = {} }: BackupSelection) =>
  [...StringEquals, ...StringLike].map(({ ConditionKey = '' }) => ConditionKey.replace(/^aws:ResourceTag\//, ''));

/**
 * Whether a selection contains tenants' resources: by a pattern of their ARNs, or by a tag that the release gives
 * them. A selection without resources takes what has one of the tags.
 */
function selects(selection: BackupSelection, surroundings: Surroundings): boolean {
  const { Resources = [], ListOfTags = [] } = selection;
  const byArn = ofTenants(surroundings).some((arn) => Resources.some((pattern) => !areDisjoint(pattern, arn)));
  const isOpen = required(selection).every((tag) => TENANTS_TAGS.includes(tag));
  const byTag = ListOfTags.some(({ ConditionKey = '' }) => TENANTS_TAGS.includes(ConditionKey));
  return (byArn && isOpen) || byTag;
}

/** Whether a tag brings a tenant's resource into it: anybody may have tagged one, and a tag is no breach by itself. */
const mayBeTagged = (selection: BackupSelection) =>
  (selection.ListOfTags ?? []).length + required(selection).length > 0;

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
  const selecting = selections.filter((each) => selects(each, surroundings));
  const reaching = selections.filter((each) => selecting.includes(each) || mayBeTagged(each));
  if (reaching.length === 0) return [];
  const name = `backup plan ${plan.BackupPlanName} (${reaching.map(({ SelectionName }) => SelectionName).join(', ')})`;
  const accounts = [accountId, ...placed.backupAccounts];
  const policies = await settled(
    vaultsOf(plan).map(async (vault) => ({ vault, policy: await copies.vaultPolicy(vault) })),
  );
  return [
    ...(isBackupPlaced(placed) || selecting.length === 0
      ? []
      : [`${name} selects tenants’ resources, and the stage has no backup of the organization`]),
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
