import {
  type BackupClient,
  type BackupPlan,
  type BackupSelection,
  GetBackupPlanCommand,
  GetBackupSelectionCommand,
  GetBackupVaultAccessPolicyCommand,
  paginateListBackupPlans,
  paginateListBackupSelections,
} from '@aws-sdk/client-backup';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import { readOnce } from '../facts/reading';
import { policyIfAny, type Statement } from '../policy-document';

export interface PlannedBackup {
  readonly plan: BackupPlan;
  readonly selections: readonly BackupSelection[];
}

/** What may copy the data of any tenant: lists of the account, whatever the number of tenants. */
export interface CopiesFacts {
  readonly backups: () => Promise<readonly PlannedBackup[]>;
  /** Empty when the vault has no policy. */
  readonly vaultPolicy: (vault: string) => Promise<readonly Statement[]>;
}

export interface CopiesFactClients {
  readonly backup: BackupClient;
}

async function readBackup(client: BackupClient, BackupPlanId: string): Promise<PlannedBackup> {
  const [{ BackupPlan }, listed] = await settled([
    client.send(new GetBackupPlanCommand({ BackupPlanId })),
    everyItem(paginateListBackupSelections({ client }, { BackupPlanId }), (page) => page.BackupSelectionsList),
  ]);
  const selections = await settled(
    listed.map(({ SelectionId }) => client.send(new GetBackupSelectionCommand({ BackupPlanId, SelectionId }))),
  );
  return {
    plan: BackupPlan ?? { BackupPlanName: BackupPlanId, Rules: [] },
    selections: selections.flatMap(({ BackupSelection }) => BackupSelection ?? []),
  };
}

export function copiesFacts({ backup }: CopiesFactClients): CopiesFacts {
  return {
    backups: readOnce(async () => {
      const plans = await everyItem(paginateListBackupPlans({ client: backup }, {}), (page) => page.BackupPlansList);
      return await settled(plans.map(({ BackupPlanId = '' }) => readBackup(backup, BackupPlanId)));
    }),
    vaultPolicy: async (BackupVaultName) => {
      const policy = backup.send(new GetBackupVaultAccessPolicyCommand({ BackupVaultName }));
      return policyIfAny((await unlessNamed(policy, 'ResourceNotFoundException'))?.Policy);
    },
  };
}
