import { ModifyDBInstanceCommand, type RDSClient } from '@aws-sdk/client-rds';
import { isRdsError, refusedChange } from '../shared/rds-errors';
import { settled } from '../shared/settled';

export type Databases = Pick<RDSClient, 'send'>;

async function setProtection(rds: Databases, id: string, DeletionProtection: boolean): Promise<void> {
  try {
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, DeletionProtection }));
  } catch (thrown) {
    throw refusedChange(`the database ${id}`, thrown);
  }
}

/**
 * Protects a tenant's databases from deletion. The protection of the stack does not stop a person who
 * deletes the instance itself ("Deleting a DB instance"). RDS applies this change at once and without
 * an outage, also without `ApplyImmediately` ("Settings for DB instances"). That flag would apply other
 * changes, too, that wait for the maintenance window.
 *
 * @throws PlatformError `TransientConflict` while RDS is changing an instance
 */
export async function protectDatabases(rds: Databases, ids: readonly string[]): Promise<void> {
  await settled(ids.map((id) => setProtection(rds, id, true)));
}

/** Takes the protection off. Tolerates that an instance is gone, or that the plan has no replica. */
export async function releaseDatabases(rds: Databases, ids: readonly string[]): Promise<void> {
  await settled(
    ids.map(async (id) => {
      try {
        await setProtection(rds, id, false);
      } catch (thrown) {
        if (!isRdsError(thrown, 'DBInstanceNotFound')) throw thrown;
      }
    }),
  );
}
