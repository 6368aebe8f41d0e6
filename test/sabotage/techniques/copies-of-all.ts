import {
  type BackupSelection,
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  CreateBackupVaultCommand,
  DeleteBackupPlanCommand,
  DeleteBackupSelectionCommand,
  DeleteBackupVaultCommand,
} from '@aws-sdk/client-backup';
import { TENANT_TAG, tenantNames } from '../../../functions/contract/naming';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { STRANGER } from '../technique';

const databaseOf = ({ surroundings: { region, accountId, cell } }: SharedScene) =>
  `arn:aws:rds:${region}:${accountId}:db:${tenantNames.database(cell.decoy.tenantId)}`;

/** A plan of its own, with a vault of its own: several stand beside each other. */
const plan = (
  planName: string,
  name: string,
  selection: (scene: SharedScene) => Partial<BackupSelection>,
): SharedTechnique => ({
  name,
  check: 'database.backup-plans',
  detonate: async (scene) => {
    const { backup } = scene.root;
    const { accountId, region } = scene.surroundings;
    const vault = { BackupVaultName: planName };
    await backup.send(new CreateBackupVaultCommand(vault));
    const DestinationBackupVaultArn = `arn:aws:backup:${region}:${STRANGER}:backup-vault:theirs`;
    const rule = { RuleName: 'daily', TargetBackupVaultName: planName, CopyActions: [{ DestinationBackupVaultArn }] };
    const { BackupPlanId } = await backup.send(
      new CreateBackupPlanCommand({ BackupPlan: { BackupPlanName: planName, Rules: [rule] } }),
    );
    const IamRoleArn = `arn:aws:iam::${accountId}:role/support`;
    const { SelectionId } = await backup.send(
      new CreateBackupSelectionCommand({
        BackupPlanId,
        BackupSelection: { SelectionName: 'tenants', IamRoleArn, ...selection(scene) },
      }),
    );
    const revert = async () => {
      await backup.send(new DeleteBackupSelectionCommand({ BackupPlanId, SelectionId }));
      await backup.send(new DeleteBackupPlanCommand({ BackupPlanId }));
      await backup.send(new DeleteBackupVaultCommand(vault));
    };
    return {
      expectedEvidence: `backup plan ${planName} (tenants) copies tenants’ resources to ${DestinationBackupVaultArn}`,
      revert,
    };
  },
});

export const COPIES_OF_ALL_TECHNIQUES: readonly SharedTechnique[] = [
  plan('support-everything', 'back databases and buckets up to another account’s vault, by a plan', () => ({
    Resources: ['*'],
  })),
  plan('support-one-database', 'back one tenant’s database up to another account’s vault', (scene) => ({
    Resources: [databaseOf(scene)],
  })),
  plan(
    'support-one-tenant',
    'back up what has a tenant’s tag to another account’s vault',
    ({ surroundings: { cell } }) => ({
      ListOfTags: [{ ConditionType: 'STRINGEQUALS', ConditionKey: TENANT_TAG, ConditionValue: cell.decoy.tenantId }],
    }),
  ),
  plan('support-tagged', 'back up what somebody tags to another account’s vault', () => ({
    ListOfTags: [{ ConditionType: 'STRINGEQUALS', ConditionKey: 'backup', ConditionValue: 'daily' }],
  })),
  plan(
    'support-table',
    'back the tenants table up to another account’s vault',
    ({ surroundings: { region, accountId, tableName } }) => ({
      Resources: [`arn:aws:dynamodb:${region}:${accountId}:table/${tableName}`],
    }),
  ),
  plan('support-buckets', 'back every bucket up to another account’s vault', () => ({ Resources: ['arn:aws:s3:::*'] })),
];
