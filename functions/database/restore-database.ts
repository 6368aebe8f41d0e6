import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { type DBInstance, RDSClient } from '@aws-sdk/client-rds';
import { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { tenantNames } from '../contract/naming';
import type { TenantRecord } from '../contract/records';
import { RestoreDatabaseInput, RestoreDatabaseOutput, type RestorePhase } from '../contract/restore';
import { functionSeconds } from '../contract/time-limits';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, EndingWithInvocation, REQUEST_LIMITS } from '../shared/clients';
import { env } from '../shared/env';
import { pause } from '../shared/invocation';
import { logger } from '../shared/logger';
import { endRestoring, recordRestoration, recordRestoring } from '../tenants/service-store';
import { tenantCalled } from '../tenants/tenant-lookup';
import type { SessionCredentials } from '../tenants/tenant-session';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { callCopy } from './cell-database';
import type { CopyDataInput, StepTaken } from './copy-call';
import { outOfService } from './instance-status';
import { type RestoreSource, retainedSource, sourceOf } from './restore-source';
import { beginRestore, discard, instanceCalled, newPassword, RESTORED_TO, requireBackup } from './restored-instance';
import { restoringSession } from './restoring-session';

export interface RestoreDatabaseDeps {
  readonly table: TenantsTable;
  readonly accountId: string;
  readonly region: string;
  readonly sts: Pick<STSClient, 'send'>;
  readonly rdsAs: (credentials: SessionCredentials) => Pick<RDSClient, 'send'>;
  readonly cloudformation: Pick<CloudFormationClient, 'send'>;
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly prepareDatabaseFunction: string;
  readonly pause: (ms: number) => Promise<unknown>;
  readonly now: () => Date;
}

interface Scene {
  readonly deps: RestoreDatabaseDeps;
  readonly rds: Pick<RDSClient, 'send'>;
  readonly record: TenantRecord;
  /** Name of the restored instance. */
  readonly id: string;
  readonly restored: DBInstance | undefined;
}

interface Step {
  readonly phase: RestorePhase;
  readonly rows?: number | undefined;
  /** Whether RDS has no restored instance any more. */
  readonly isGone?: boolean;
}

/** Deletes the restored instance, and tells whether it is gone, or RDS still deletes it. */
async function deleted({ rds, id }: Scene): Promise<boolean> {
  await discard(rds, id);
  return (await instanceCalled(rds, id)) === undefined;
}

async function finish(scene: Scene, rows: number): Promise<Step> {
  const isGone = await deleted(scene);
  return { phase: isGone ? 'done' : 'copied', rows, isGone };
}

const TimeSchema = z.iso.datetime({ offset: true });

/** RDS restores to a second. @throws PlatformError `InvalidRequest` */
function timeOf(to: string, now: Date): Date {
  if (!TimeSchema.safeParse(to).success)
    throw new PlatformError(
      'InvalidRequest',
      `to: expected a time with its offset, such as 2030-01-01T12:00:00Z or 2030-01-01T13:00:00+01:00, not ${to}`,
    );
  const time = new Date(Math.floor(Date.parse(to) / 1000) * 1000);
  if (time > now) throw new PlatformError('InvalidRequest', `to: ${time.toISOString()} is still to come`);
  return time;
}

/** Asks PrepareDatabase for a step in the tenant's database. */
async function step({ deps, record }: Scene, taken: z.input<typeof CopyDataInput>['step']): Promise<StepTaken> {
  const { tenantId, slot } = record;
  const called = { cell: slot?.cell ?? '', functionName: deps.prepareDatabaseFunction };
  return await callCopy(deps.lambda, called, { restoring: { tenantId }, step: taken });
}

/** Records that the tenant's data is replaced, before the restored instance goes. */
async function switched(scene: Scene, to: string, instance: string, rows: number): Promise<Step> {
  const { deps, record } = scene;
  await recordRestoration(deps.table, record, { to, at: deps.now().toISOString(), rows, from: instance });
  return await finish(scene, rows);
}

/** Brings more of the data beside the tenant's; when all of it is there, the tenant is to be SUSPENDED. */
async function stage(scene: Scene, instance: string, gib: number): Promise<Step> {
  const { deps, rds, id } = scene;
  const from = await newPassword(rds, id, deps.pause);
  const { is, rows } = await step(scene, { is: 'stage', instance, from, gib });
  return { phase: is === 'staging' ? 'copying' : 'restored', rows };
}

/** Whether the data was put into this instance: one that was lost meanwhile, or made anew, has not got it. */
const isOf = ({ at }: NonNullable<TenantRecord['restoration']>, own: DBInstance | undefined) =>
  own !== undefined && (own.InstanceCreateTime?.getTime() ?? 0) <= Date.parse(at);

/** The tenant's own instance, or the backups that RDS has kept of one that it had before. */
async function sourceFor({ deps, rds, record }: Scene, own: DBInstance | undefined, to: Date): Promise<RestoreSource> {
  const { tenantId } = record;
  const made = own?.InstanceCreateTime;
  if (own && (made === undefined || made <= to)) {
    requireBackup(own, to, deps.now());
    return sourceOf(own);
  }
  const id = tenantNames.database(tenantId);
  const first = made && `the first time that can be restored is ${made.toISOString()}, when ${id} was made`;
  const why = first ?? outOfService(id, undefined) ?? '';
  return await retainedSource({ rds, cloudformation: deps.cloudformation }, { tenantId, to, why });
}

async function take(scene: Scene, to: Date): Promise<Step> {
  const { deps, rds, record, id, restored } = scene;
  const { tenantId, status, restoration } = record;
  const time = to.toISOString();
  const ownId = tenantNames.database(tenantId);
  const own = await instanceCalled(rds, ownId);
  if (!restored) {
    if (restoration?.to === time && isOf(restoration, own))
      return { phase: status === 'SUSPENDED' ? 'done' : 'nothing', rows: restoration.rows, isGone: true };
    const source = await sourceFor(scene, own, to);
    await recordRestoring(deps.table, record, { to: time, at: deps.now().toISOString() });
    await beginRestore(rds, tenantId, source, to);
    return { phase: 'restoring' };
  }
  const other = restored.TagList?.find(({ Key }) => Key === RESTORED_TO)?.Value;
  if (other !== time) {
    const has = `${id} has the data of ${other ?? 'another time'}`;
    throw new PlatformError('InvalidRequest', `to: ${has}: go on with that, or discard it`);
  }
  const resourceId = restored.DbiResourceId ?? '';
  if (restoration?.from === resourceId && isOf(restoration, own)) return await finish(scene, restoration.rows);
  const { DBInstanceStatus: has } = restored;
  // Nobody waits for what does not come by itself. One that was discarded goes, and is made anew.
  if (has !== 'deleting' && outOfService(id, has) !== undefined)
    throw new PlatformError('InvalidRequest', `${id} is ${has}, and cannot be copied: mend that, or discard it`);
  if (has !== 'available') return { phase: 'restoring' };
  const why = outOfService(ownId, own?.DBInstanceStatus);
  if (why !== undefined)
    throw new PlatformError(
      'InvalidRequest',
      `${id} has the data of ${time} and keeps it, and ${why}. Then the same command`,
    );
  if (status === 'SUSPENDED') {
    const { is, rows } = await step(scene, { is: 'switch', instance: resourceId });
    if (is === 'switched') return await switched(scene, time, resourceId, rows);
    if (is === 'switching') return { phase: 'switching' };
  }
  return await stage(scene, resourceId, own?.AllocatedStorage ?? 0);
}

async function giveUp(scene: Scene): Promise<Step> {
  const ownId = tenantNames.database(scene.record.tenantId);
  const own = await instanceCalled(scene.rds, ownId);
  // Of an instance that is gone, or that serves nobody, what was copied is not asked about.
  const serves = outOfService(ownId, own?.DBInstanceStatus) === undefined;
  const { is } = serves ? await step(scene, { is: 'drop' }) : { is: 'nothing' };
  if (scene.restored) return { phase: 'done', isGone: await deleted(scene) };
  return { phase: is === 'dropped' ? 'done' : 'nothing', isGone: true };
}

/**
 * Restores the data of a tenant's database to a time. Each call does what can be done now; whoever wants the restore calls
 * again until it is done. What there is says how far it is, so that a call that is killed is taken up by the next one.
 *
 * 1. The tenant must be in service, and the time one of which its database has a backup. Otherwise nothing is made. Of an
 *    instance that is gone, RDS may have kept its automated backups.
 * 2. Record that a restore is under way: the audit suspends nobody for the second instance (brake.ts). RDS makes it, with
 *    the data of that time, beside the tenant's own.
 *    An instance that is gone or failed is made anew by a person, and then these steps go on.
 * 3. PrepareDatabase brings the rows of the restored instance into a schema beside the tenant's, some minutes of them at a
 *    call. The tenant may be in service.
 * 4. While the tenant is SUSPENDED, PrepareDatabase replaces its rows by these, in one transaction. The instance of the
 *    tenant stays the same: id, address, key, roles, replica and stack are as they were.
 * 5. Record that it is done. The data is not replaced again, also when the call was killed before it could record that.
 * 6. Delete the restored instance, and record that nothing is under way when it is gone.
 *
 * What the database had before can be restored in the same way, for as long as its backups are kept.
 *
 * All requests to RDS are by a session of the break-glass role that is limited to this tenant. Each use of it rings.
 *
 * Undone, until 4, by a call without a time, which drops the rows beside the tenant's and deletes the restored instance.
 *
 * Throws `InvalidRequest`, `TransientConflict`, and what PrepareDatabase throws, under its name.
 */
export const restoreDatabase: Action<typeof RestoreDatabaseInput, typeof RestoreDatabaseOutput, RestoreDatabaseDeps> = {
  name: 'RestoreDatabase',
  input: RestoreDatabaseInput,
  output: RestoreDatabaseOutput,
  run: async (deps, { tenant, to }) => {
    const time = to === undefined ? undefined : timeOf(to, deps.now());
    const record = await tenantCalled(deps.table, tenant);
    const { tenantId, host, status, keyArn, suspension } = record;
    if ((status !== 'ACTIVE' && status !== 'SUSPENDED') || !keyArn)
      throw new PlatformError('InvalidRequest', `tenant ${tenantId} is ${status}: it has no database in service`);
    const rds = deps.rdsAs(await restoringSession(deps, { tenantId, keyArn }));
    const id = tenantNames.restored(tenantId);
    const scene = { deps, rds, record, id, restored: await instanceCalled(rds, id) };
    const { isGone, ...step } = await (time ? take(scene, time) : giveUp(scene));
    if (record.restoring && isGone) await endRestoring(deps.table, record, deps.now().toISOString());
    logger.info('restore.step', { tenantId, phase: step.phase, to });
    return { tenantId, host, instanceId: id, suspension: suspension?.reason, ...step };
  },
};

export const handler = actionHandler(restoreDatabase, {
  table: tenantsTable(),
  get accountId() {
    return env('ACCOUNT_ID');
  },
  get region() {
    return env('AWS_REGION');
  },
  sts: new STSClient(clientOptions),
  rdsAs: (credentials) => new RDSClient({ ...clientOptions, credentials }),
  cloudformation: new CloudFormationClient(clientOptions),
  lambda: new LambdaClient({
    ...clientOptions,
    // A copy is not repeated unasked.
    maxAttempts: 1,
    requestHandler: new EndingWithInvocation({
      ...REQUEST_LIMITS,
      requestTimeout: functionSeconds('PrepareDatabase') * 1000,
    }),
  }),
  get prepareDatabaseFunction() {
    return env('PREPARE_DATABASE_FUNCTION');
  },
  pause,
  now: () => new Date(),
});
