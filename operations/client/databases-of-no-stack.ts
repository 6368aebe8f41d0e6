import { setTimeout as pause } from 'node:timers/promises';
import type { RDSClient } from '@aws-sdk/client-rds';
import { discard, instanceCalled } from '../../functions/database/restored-instance';
import { databaseInstances } from '../../functions/orphans/database-leftovers';
import { unlessNamed } from '../../functions/shared/unless';
import { releaseDatabases } from '../../functions/stacks/database-protection';

const EVERY_MS = 500;

/**
 * Deletes tenants' database instances that no stack has: those of a restore under way, and others that somebody has
 * restored by hand. They are in the subnets, groups and key of a tenant's stacks, which CloudFormation cannot delete before.
 *
 * An instance that RDS is still making or changing cannot be deleted yet ("DeleteDBInstance": InvalidDBInstanceState): it is
 * asked again until it is gone.
 *
 * @param ofStacks names of the instances that stacks delete
 */
export async function deleteDatabasesOfNoStack(
  rds: Pick<RDSClient, 'send'>,
  ofStacks: ReadonlySet<string>,
  log: (line: string) => void,
): Promise<void> {
  const found: string[] = [];
  for await (const { id } of databaseInstances(rds)) if (!ofStacks.has(id)) found.push(id);
  for (const id of found) {
    for (let left = await instanceCalled(rds, id); left; left = await instanceCalled(rds, id)) {
      if (left.DeletionProtection) await unlessNamed(releaseDatabases(rds, [id]), 'TransientConflict');
      await discard(rds, id);
      await pause(EVERY_MS);
    }
    log(`database ${id} of no stack deleted`);
  }
}
