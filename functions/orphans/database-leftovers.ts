import {
  DeleteDBInstanceAutomatedBackupCommand,
  DeleteDBSnapshotCommand,
  DescribeDBInstanceAutomatedBackupsCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { tenantIdIn } from '../contract/naming';
import { pages } from '../shared/paging';
import { unlessNamed } from '../shared/unless';
import type { Leftover, LeftoverKind } from './leftovers';

/** A tenant's databases have this prefix, also in names that RDS derives (`rds:tenant-...`). */
const tenantOf = (name = '') => (/^(?:rds:)?tenant-/.test(name) ? tenantIdIn(name) : undefined);

/** All instances whose names have a tenant's id. */
export async function* databaseInstances(rds: Pick<RDSClient, 'send'>): AsyncGenerator<Leftover> {
  const ask = (Marker?: string) => rds.send(new DescribeDBInstancesCommand({ Marker }));
  for await (const { DBInstances = [] } of pages(ask, 'Marker')) {
    for (const { DBInstanceIdentifier: id = '' } of DBInstances) {
      const tenantId = tenantOf(id);
      if (tenantId) yield { tenantId, id };
    }
  }
}

/**
 * Databases, and what RDS keeps of deleted ones: automated backups that were retained, for as long as their retention says,
 * and snapshots that somebody took ("Deleting a DB instance").
 */
export function databaseLeftovers(rds: Pick<RDSClient, 'send'>): LeftoverKind[] {
  const database: LeftoverKind = { kind: 'database', list: () => databaseInstances(rds) };
  const backup: LeftoverKind = {
    kind: 'automated backup',
    list: async function* () {
      const Filters = [{ Name: 'status', Values: ['retained'] }];
      const ask = (Marker?: string) => rds.send(new DescribeDBInstanceAutomatedBackupsCommand({ Filters, Marker }));
      for await (const { DBInstanceAutomatedBackups = [] } of pages(ask, 'Marker')) {
        for (const { DBInstanceIdentifier, DbiResourceId } of DBInstanceAutomatedBackups) {
          const tenantId = tenantOf(DBInstanceIdentifier);
          if (tenantId && DbiResourceId) yield { tenantId, id: DbiResourceId };
        }
      }
    },
    remove: ({ id }) =>
      unlessNamed(
        rds.send(new DeleteDBInstanceAutomatedBackupCommand({ DbiResourceId: id })),
        'DBInstanceAutomatedBackupNotFoundFault',
      ),
  };
  const snapshot: LeftoverKind = {
    kind: 'snapshot',
    list: async function* () {
      const ask = (Marker?: string) => rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual', Marker }));
      for await (const { DBSnapshots = [] } of pages(ask, 'Marker')) {
        for (const { DBInstanceIdentifier, DBSnapshotIdentifier } of DBSnapshots) {
          const tenantId = tenantOf(DBInstanceIdentifier);
          if (tenantId && DBSnapshotIdentifier) yield { tenantId, id: DBSnapshotIdentifier };
        }
      }
    },
    remove: ({ id }) =>
      unlessNamed(rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: id })), 'DBSnapshotNotFoundFault'),
  };
  return [database, backup, snapshot];
}
