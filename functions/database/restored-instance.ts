import { randomBytes } from 'node:crypto';
import {
  type DBInstance,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
  RestoreDBInstanceToPointInTimeCommand,
} from '@aws-sdk/client-rds';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG, tenantNames } from '../contract/naming';
import { isNamed } from '../shared/is-named';
import { isRdsError, refusedChange } from '../shared/rds-errors';
import type { RestoreSource } from './restore-source';

type Databases = Pick<RDSClient, 'send'>;

/** Tag of a restored instance: the time whose data it has. */
export const RESTORED_TO = 'restoredTo';

/** Milliseconds. RDS applies a new master password within a minute or two. */
const PAUSES = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 30_000, 30_000, 30_000] as const;

const DAY = 24 * 60 * 60_000;

/** @returns undefined when RDS has no such instance */
export async function instanceCalled(rds: Databases, DBInstanceIdentifier: string): Promise<DBInstance | undefined> {
  try {
    const { DBInstances: [instance] = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
    return instance;
  } catch (thrown) {
    if (isRdsError(thrown, 'DBInstanceNotFound')) return undefined;
    throw thrown;
  }
}

/**
 * @param now for the days of the instance's backups
 * @throws PlatformError `InvalidRequest` for a time of which the instance has no backup
 */
export function requireBackup(own: DBInstance, to: Date, now: Date): void {
  const { BackupRetentionPeriod: days = 0, InstanceCreateTime: made = now, LatestRestorableTime: latest } = own;
  const earliest = new Date(Math.max(made.getTime(), now.getTime() - days * DAY));
  if (!latest || days === 0) throw new PlatformError('InvalidRequest', 'to: the database has no backup yet');
  if (to > latest)
    throw new PlatformError('InvalidRequest', `to: the last time that can be restored now is ${latest.toISOString()}`);
  if (to < earliest)
    throw new PlatformError('InvalidRequest', `to: the first time that can be restored is ${earliest.toISOString()}`);
}

/**
 * Asks RDS for an instance with the data of that time, beside the tenant's own and as closed: of a restored instance,
 * RDS takes over key and size, and no groups, authentication or tags ("RestoreDBInstanceToPointInTime"). It has no
 * standby and no backups, as it lives for minutes.
 *
 * Tolerates that there is one already.
 *
 * @throws PlatformError `InvalidRequest` when RDS has no backup of that time
 */
export async function beginRestore(rds: Databases, tenantId: string, source: RestoreSource, to: Date): Promise<void> {
  try {
    await rds.send(
      new RestoreDBInstanceToPointInTimeCommand({
        ...source.from,
        TargetDBInstanceIdentifier: tenantNames.restored(tenantId),
        RestoreTime: to,
        DBSubnetGroupName: source.subnetGroup,
        VpcSecurityGroupIds: source.securityGroups,
        DBParameterGroupName: source.parameterGroup,
        PubliclyAccessible: false,
        MultiAZ: false,
        EnableIAMDatabaseAuthentication: true,
        BackupRetentionPeriod: 0,
        CopyTagsToSnapshot: true,
        Tags: [
          { Key: TENANT_TAG, Value: tenantId },
          { Key: RESTORED_TO, Value: to.toISOString() },
        ],
      }),
    );
  } catch (thrown) {
    if (isRdsError(thrown, 'DBInstanceAlreadyExists')) return;
    if (isNamed(thrown, 'InvalidParameterValue') && /restored to a time/.test(thrown.message))
      throw new PlatformError('InvalidRequest', `to: ${thrown.message}`, { cause: thrown });
    throw thrown;
  }
}

/**
 * Gives the master user of a restored instance a password that nobody else has: 240 random bits. The one of the data is
 * that of the restored time, which may have been rotated since.
 *
 * @returns the password, when RDS has applied it
 * @throws PlatformError `TransientConflict` while RDS changes the instance, or when it does not within two minutes
 */
export async function newPassword(
  rds: Databases,
  id: string,
  pause: (ms: number) => Promise<unknown>,
): Promise<{ readonly host: string; readonly port: number; readonly password: string }> {
  const password = randomBytes(30).toString('base64url');
  try {
    await rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: id, MasterUserPassword: password }));
  } catch (thrown) {
    throw refusedChange(id, thrown);
  }
  for (const ms of [...PAUSES, 0]) {
    const { DBInstanceStatus, PendingModifiedValues, Endpoint } = (await instanceCalled(rds, id)) ?? {};
    if (DBInstanceStatus === 'available' && PendingModifiedValues?.MasterUserPassword === undefined)
      return { host: Endpoint?.Address ?? '', port: Endpoint?.Port ?? 0, password };
    await pause(ms);
  }
  throw new PlatformError('TransientConflict', `${id} has not its new password`);
}

/** Deletes the restored instance, of which nothing is to stay. Tolerates that it is gone, or about to be. */
export async function discard(rds: Databases, id: string): Promise<void> {
  try {
    await rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: id, SkipFinalSnapshot: true }));
  } catch (thrown) {
    if (!isRdsError(thrown, 'DBInstanceNotFound') && !isRdsError(thrown, 'InvalidDBInstanceState')) throw thrown;
  }
}
