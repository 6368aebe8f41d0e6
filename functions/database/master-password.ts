import type { LambdaClient } from '@aws-sdk/client-lambda';
import {
  type DBInstance,
  DescribeDBInstancesCommand,
  ModifyDBInstanceCommand,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { PlatformError } from '../contract/errors';
import { DATABASE_NAME, tenantNames } from '../contract/naming';
import { refusedChange } from '../shared/rds-errors';
import { callAsk } from './cell-door';
import type { LoginOutcome } from './door-call';
import type { MasterLogin } from './secret-versions';

/** A tenant's primary, and the way to its door. */
export interface MasterOf {
  readonly rds: Pick<RDSClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly tenantId: string;
  readonly cell: string;
}

/** Milliseconds. RDS applies a new master password within a minute or two. */
const PAUSES = [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 30_000, 30_000, 30_000, 30_000, 30_000] as const;

async function instanceOf({ rds, tenantId }: MasterOf): Promise<DBInstance> {
  const DBInstanceIdentifier = tenantNames.database(tenantId);
  const { DBInstances: [instance] = [] } = await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }));
  if (!instance) throw new PlatformError('TransientNotYetVisible', `RDS knows no instance ${DBInstanceIdentifier}`);
  return instance;
}

async function outcomeOf(database: MasterOf, instance: DBInstance, { username, password }: MasterLogin) {
  const { Address: host = '', Port: port = 0 } = instance.Endpoint ?? {};
  const login = { name: 'master', user: username, password, database: DATABASE_NAME, encrypted: true };
  const input = { tenantId: database.tenantId, host, port, others: [login] };
  return (await callAsk(database.lambda, database.cell, input)).others.master;
}

/**
 * Whether the database has this password. An RDS that counts the master user among the members of rds_iam
 * refuses every password of it, and asks for a token: then it counts that RDS has nothing left to apply.
 */
function isInForce(instance: DBInstance, outcome: LoginOutcome | undefined): boolean {
  if (outcome?.outcome === 'accepted') return true;
  const asksForToken = outcome?.outcome === 'refused' && outcome.code === '28000';
  return asksForToken && instance.PendingModifiedValues?.MasterUserPassword === undefined;
}

/** Whether the database has this password already. */
async function isSet(database: MasterOf, login: MasterLogin): Promise<boolean> {
  return (await outcomeOf(database, await instanceOf(database), login))?.outcome === 'accepted';
}

/**
 * Sets the password of the master user, unless the database has it. RDS applies it as soon as it can, whatever
 * `ApplyImmediately` says, and without an outage. That flag would apply other changes, too, that wait for the
 * maintenance window. "Settings for DB instances" (Amazon RDS User Guide): New master password.
 *
 * @param isNew whether the password was made a moment ago: then no database has it, and none is asked
 * @throws PlatformError `TransientConflict` while RDS changes the instance
 */
export async function setPassword(
  database: MasterOf,
  login: MasterLogin,
  { isNew }: { isNew: boolean },
): Promise<void> {
  if (!isNew && (await isSet(database, login))) return;
  const DBInstanceIdentifier = tenantNames.database(database.tenantId);
  try {
    await database.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier, MasterUserPassword: login.password }));
  } catch (thrown) {
    throw refusedChange(DBInstanceIdentifier, thrown);
  }
}

/**
 * Waits until the database accepts the password.
 *
 * @throws PlatformError `TransientConflict` when it does not within some three minutes
 */
export async function awaitPassword(
  database: MasterOf,
  login: MasterLogin,
  pause: (ms: number) => Promise<unknown>,
): Promise<void> {
  for (const ms of [...PAUSES, 0]) {
    const instance = await instanceOf(database);
    if (isInForce(instance, await outcomeOf(database, instance, login))) return;
    await pause(ms);
  }
  throw new PlatformError('TransientConflict', `the database of tenant ${database.tenantId} has not its new password`);
}
