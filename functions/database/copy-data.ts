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
 * Replaces the rows of a tenant's database by those of a restored instance.
 *
 * 1. The tenant must be SUSPENDED: nobody writes what would be lost.
 * 2. Bring the restored instance to the migration that the tenant's own database has: it may be older.
 * 3. Copy, as the owner of the tables, in one transaction of the tenant's database (copy-rows.ts).
 *
 * A call that is killed has copied everything or nothing, and may be repeated: what it has copied is not copied again.
 *
 * @throws PlatformError `InvalidRequest` for a tenant that is not SUSPENDED; `ConfigurationInvalid` when its database is of
 * a release before migrations, or its cell is; and as `setUpAsTenant`
 */
export async function copyData(
  deps: CopyDataDeps,
  { copyTo: { tenantId }, from }: z.output<typeof CopyDataInput>,
): Promise<z.input<typeof CopyDataOutput>> {
  const { table, lambda, signLogin } = deps;
  const record = await findTenant(table, tenantId);
  if (record?.status !== 'SUSPENDED')
    throw new PlatformError('InvalidRequest', `tenant ${tenantId} is ${record?.status}: suspend it first`);
  const route = await findRoute(table, record.host);
  const { slot, database } = record;
  if (!route?.database || !slot || !database)
    throw new PlatformError('ConfigurationInvalid', `the record of tenant ${tenantId} tells no database`);
  const login = { hostname: from.host, port: from.port, username: DATABASE_MASTER };
  const restored = { ...from, user: DATABASE_MASTER, token: await signLogin(login) };
  const common = { tenantId, to: database.version, living: false };
  await callSetUp(lambda, slot.cell, {
    ...{ ...common, ...restored, rolesAreMade: false },
    applicationUser: tenantNames.databaseUser(tenantId),
    readerUser: tenantNames.databaseReader(tenantId),
  });
  const { externalId, roleArn } = route;
  const { host, port } = route.database;
  const { rows } = await setUpAsTenant(deps, {
    ...{ ...common, externalId, roleArn, cell: slot.cell, secretId: tenantNames.secret(tenantId) },
    ...{ host, port, rolesAreMade: true, copyFrom: restored },
  });
  if (rows === undefined)
    throw new PlatformError('ConfigurationInvalid', `cell ${slot.cell} cannot copy a database; deploy the cell`);
  logger.warn('tenant.restored', { tenantId, rows });
  return { tenantId, rows };
}
