import type * as z from 'zod';
import type { MigrationFile } from '../../service/migrations/manifest';
import { PlatformError } from '../contract/errors';
import type { MigrateTenantInput, MigrateTenantOutput } from '../contract/migration';
import { tenantNames } from '../contract/naming';
import { logger } from '../shared/logger';
import { findRoute } from '../tenants/routes';
import { recordMigrated } from '../tenants/service-store';
import { findTenant } from '../tenants/tenant-store';
import type { TenantsTable } from '../tenants/tenants-table';
import { ownMigration } from './migration-store';
import { ROLES_REVISION } from './release-facts';
import { type SetUpAsTenantDeps, setUpAsTenant } from './set-up-as-tenant';

export interface MigrateTenantDeps extends SetUpAsTenantDeps {
  readonly table: TenantsTable;
  readonly files: readonly MigrationFile[];
  readonly now: () => Date;
}

type Input = z.output<typeof MigrateTenantInput>;

const withoutDatabase = (tenantId: string) =>
  new PlatformError('ConfigurationInvalid', `the route of tenant ${tenantId} tells no database`);

/**
 * Brings the database of one tenant in service to the target of its cell's migration.
 *
 * 1. The execution must have the cell. After the first failure of another tenant nothing is begun.
 * 2. The tenant must be ACTIVE or SUSPENDED, and of the cell; one that has left is left alone.
 * 3. Call SetUpDatabase of the cell, with limits for a database that an application uses. Roles that are on record
 *    as this release's are not made again.
 * 4. Write what the database has now to the tenant's record and to its route, in one transaction. The
 *    shared service serves the tenant by what the route says.
 *
 * Called again, it finds its migrations there.
 *
 * Throws `ClaimLost`, `MigrationFailed`, `ConfigurationInvalid`; `TransientConflict` when a lock of the
 * application was not had in time.
 */
export async function migrateTenant(
  deps: MigrateTenantDeps,
  { migration, executionArn, tenantId }: Input,
): Promise<z.input<typeof MigrateTenantOutput>> {
  const { table, now } = deps;
  const { cell, target } = migration;
  const claim = await ownMigration(table, cell, executionArn);
  if (claim.failure) return { tenantId, outcome: 'left' };
  const record = await findTenant(table, tenantId);
  const isThere = record?.status === 'ACTIVE' || record?.status === 'SUSPENDED';
  if (!record || !isThere || record.slot?.cell !== cell) return { tenantId, outcome: 'left' };
  const route = await findRoute(table, record.host);
  if (!route?.database) throw withoutDatabase(tenantId);
  const { externalId, roleArn } = route;
  const { host, port } = route.database;
  const began = now();
  const secretId = tenantNames.secret(tenantId);
  const setUp = { tenantId, externalId, roleArn, cell, secretId, host, port, to: target, living: true };
  const rolesAreMade = record.database?.roles === ROLES_REVISION;
  const { version } = await setUpAsTenant(deps, { ...setUp, rolesAreMade });
  const ended = now();
  const seconds = (ended.getTime() - began.getTime()) / 1000;
  const at = ended.toISOString();
  const outcome = { by: executionArn, at, outcome: 'migrated', target, seconds } as const;
  await recordMigrated(table, record, { version, seconds, roles: ROLES_REVISION, migration: outcome });
  logger.info('tenant.migrated', { tenantId, version, seconds });
  return { tenantId, outcome: 'migrated', version, seconds };
}
