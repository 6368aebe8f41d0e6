import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { Signer } from '@aws-sdk/rds-signer';
import * as z from 'zod';
import { MIGRATION_FILES } from '../../service/migrations/manifest';
import { MigrateTenantInput, MigrateTenantOutput } from '../contract/migration';
import { PrepareDatabaseInput, PrepareDatabaseOutput } from '../contract/onboarding';
import { itemKeys } from '../contract/records';
import { COPY_SECONDS } from '../contract/time-limits';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions, EndingWithInvocation, REQUEST_LIMITS, surroundingsOf } from '../shared/clients';
import { env } from '../shared/env';
import { guardForwardWith, recordDatabase } from '../tenants/tenant-store';
import { tenantsTable } from '../tenants/tenants-table';
import { beginRotation, type RotationDeps } from './begin-rotation';
import { CopyDataInput, CopyDataOutput } from './copy-call';
import { copyData } from './copy-data';
import { type MigrateTenantDeps, migrateTenant } from './migrate-tenant';
import { expandTarget } from './migration-plan';
import { contractedIn } from './migration-store';
import { ROLES_REVISION } from './release-facts';
import { setUpAsTenant } from './set-up-as-tenant';

type PrepareDatabaseDeps = MigrateTenantDeps & RotationDeps;

/**
 * One function for a new tenant, for one in service and for one that is restored: tenants' roles trust its role, and
 * nothing else may read a master user's secret.
 */
const Input = z.union([MigrateTenantInput, CopyDataInput, PrepareDatabaseInput]);
const Output = z.union([MigrateTenantOutput, CopyDataOutput, PrepareDatabaseOutput]);

/**
 * Makes the tenant's database ready for the application: roles, schema, migrations. For a
 * tenant in service, as a migration of its cell calls it: see migrate-tenant.ts. For a restore: see copy-data.ts.
 *
 * 1. This execution must own the tenant, and the tenant must be ONBOARDING.
 * 2. Read the master user's secret with the tenant's role, as nobody else may.
 * 3. Call SetUpDatabase of the tenant's cell, which logs in and does the work. No migration runs that
 *    removes what the cell's version of the service may still need.
 * 4. Begin the rotation of the master password, which this function has had, and its schedule.
 * 5. Record the version of the schema, and how long it took.
 *
 * Called again after a crash, it finds its roles and migrations there. Undone by the deletion of the database
 * stack.
 *
 * Throws `ClaimLost`, `MigrationFailed`, and `TransientNotYetVisible` while the tenant's role is too young.
 * "Troubleshoot IAM": "Changes that I make are not always immediately visible".
 */
export const prepareDatabase: Action<typeof Input, typeof Output, PrepareDatabaseDeps> = {
  name: 'PrepareDatabase',
  input: Input,
  output: Output,
  run: async (deps, input) => {
    if ('migration' in input) return await migrateTenant(deps, input);
    if ('restoring' in input) return await copyData(deps, input);
    const { table, now, files } = deps;
    const { tenant, cell, stacks, executionArn } = input;
    const { tenantId, externalId } = tenant;
    const owned = { tenantId, executionArn };
    const { others } = await guardForwardWith(table, 'recordDatabase', owned, [itemKeys.migration(cell.name)]);
    const contracted = contractedIn(cell.name, others[0]);
    const began = now();
    const { SecretArn, EndpointAddress, EndpointPort } = stacks.database.outputs;
    const { version } = await setUpAsTenant(deps, {
      ...{ tenantId, externalId, roleArn: stacks.access.outputs.RoleArn, cell: cell.name, secretId: SecretArn },
      ...{ host: EndpointAddress, port: Number(EndpointPort), to: expandTarget(files, contracted) },
      ...{ living: false, rolesAreMade: false },
    });
    await beginRotation(deps, SecretArn, executionArn);
    const preparedAt = now();
    const database = {
      version,
      preparedAt: preparedAt.toISOString(),
      roles: ROLES_REVISION,
      seconds: (preparedAt.getTime() - began.getTime()) / 1000,
    };
    await recordDatabase(table, owned, database);
    return database;
  },
};

const secrets = new SecretsManagerClient(clientOptions);

const realDeps = (): PrepareDatabaseDeps => ({
  table: tenantsTable(),
  secrets,
  get rotationFunction() {
    return env('ROTATION_FUNCTION');
  },
  files: MIGRATION_FILES,
  sts: new STSClient(clientOptions),
  secretsAs: (credentials) => new SecretsManagerClient({ ...surroundingsOf(secrets), credentials }),
  lambda: new LambdaClient({
    ...clientOptions,
    // The answer comes when the work is done; a second attempt would only wait for the first one's lock.
    maxAttempts: 1,
    requestHandler: new EndingWithInvocation({ ...REQUEST_LIMITS, requestTimeout: (COPY_SECONDS + 10) * 1000 }),
  }),
  signLogin: (login) => new Signer(login).getAuthToken(),
  now: () => new Date(),
});

export const handler = actionHandler(prepareDatabase, realDeps());
