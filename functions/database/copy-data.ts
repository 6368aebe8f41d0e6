import type * as z from 'zod';
import { PlatformError } from '../contract/errors';
import { DATABASE_MASTER, tenantNames } from '../contract/naming';
import { logger } from '../shared/logger';
import { findRoute } from '../tenants/routes';
import { findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { callSetUp } from './cell-database';
import type { CopyDataInput, CopyDataOutput } from './copy-call';
import { type SetUpAsTenantDeps, setUpAsTenant } from './set-up-as-tenant';

export interface CopyDataDeps extends SetUpAsTenantDeps {
  readonly table: TenantsTable;
}

/**
 * Takes a step of a restore of a tenant's database.
 *
 * 1. The tenant must be in service; its rows are replaced only while it is SUSPENDED, so that nobody writes what would be
 *    lost.
 * 2. To stage rows: bring the restored instance to the migration that the tenant's own database has on record. It may be older.
 * 3. The step itself, as the owner of the tables (copy-step.ts).
 *
 * A call that is killed may be repeated: it goes on with what is staged, and what was put in place is not again.
 *
 * @throws PlatformError `InvalidRequest` for a tenant that has not the status; `ConfigurationInvalid` when its database is of
 * a release before migrations, or its cell is; and as `setUpAsTenant`
 */
export async function copyData(
  deps: CopyDataDeps,
  { restoring: { tenantId }, step }: z.output<typeof CopyDataInput>,
): Promise<z.input<typeof CopyDataOutput>> {
  const { table, lambda, signLogin } = deps;
  const record = await findTenant(table, tenantId);
  if (record?.status !== 'SUSPENDED' && (record?.status !== 'ACTIVE' || step.is === 'switch'))
    throw new PlatformError('InvalidRequest', `tenant ${tenantId} is ${record?.status}: suspend it first`);
  const route = await findRoute(table, record.host);
  const { slot, database, status } = record;
  if (!route?.database || !slot || !database)
    throw new PlatformError('ConfigurationInvalid', `the record of tenant ${tenantId} tells no database`);
  const common = { tenantId, to: database.version };
  const restoredLogin = async (from: { readonly host: string; readonly port: number; readonly password: string }) => {
    const login = { hostname: from.host, port: from.port, username: DATABASE_MASTER };
    return { ...from, user: DATABASE_MASTER, token: await signLogin(login) };
  };
  const restore = step.is === 'stage' ? { ...step, from: await restoredLogin(step.from) } : step;
  if (restore.is === 'stage')
    await callSetUp(lambda, slot.cell, {
      ...{ ...common, ...restore.from, living: false, rolesAreMade: false },
      applicationUser: tenantNames.databaseUser(tenantId),
      readerUser: tenantNames.databaseReader(tenantId),
    });
  const { externalId, roleArn } = route;
  const { host, port } = route.database;
  const { restore: taken } = await setUpAsTenant(deps, {
    ...{ ...common, externalId, roleArn, cell: slot.cell, secretId: tenantNames.secret(tenantId) },
    ...{ host, port, living: status === 'ACTIVE', rolesAreMade: true, restore },
  });
  if (!taken)
    throw new PlatformError('ConfigurationInvalid', `cell ${slot.cell} cannot copy a database; deploy the cell`);
  logger.info('restore.copied', { tenantId, step: step.is, ...taken });
  return { tenantId, ...taken };
}
