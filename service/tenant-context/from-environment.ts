import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { knownTo, MIGRATION_FILES, neededBy } from '../migrations/manifest';
import { RouteDirectory } from './route-directory';
import type { Tenants } from './tenant';
import { TenantContext } from './tenant-context';
import { TenantDatabases } from './tenant-databases';
import { TenantSessions } from './tenant-sessions';

/** What a cell's task definition says, and each release. */
const EnvironmentSchema = z.object({
  TABLE_NAME: z.string().min(1),
  DOMAIN: z.string().min(1),
  SERVICE_VERSION: z.string().default('unknown'),
});

/**
 * A browser waits for the answer, so a slow call is abandoned soon. `requestTimeout` alone only warns
 * ("NodeHttpHandlerOptions"). What has begun to answer may take its time: a visitor may be slow to take it.
 *
 * @param requestTimeout until an answer begins, milliseconds
 */
export const requestLimits = (requestTimeout: number) =>
  ({ connectionTimeout: 1_000, requestTimeout, throwOnRequestTimeout: true }) as const;
const CLIENT_OPTIONS = { maxAttempts: 3, requestHandler: requestLimits(5_000) } as const;

/**
 * The tenants of the cell whose task this process is.
 *
 * @param environment `TABLE_NAME`, `DOMAIN` and `SERVICE_VERSION`, as ECS gives them to a task of the cell
 * @throws ZodError that names the variable that is missing
 */
export function tenantsFromEnvironment(environment: Readonly<Record<string, string | undefined>>): Tenants {
  const { TABLE_NAME, DOMAIN, SERVICE_VERSION } = EnvironmentSchema.parse(environment);
  // All tenants' clients share the connections of this client, and nothing else.
  const { requestHandler } = new S3Client(CLIENT_OPTIONS).config;
  const sessions = new TenantSessions({
    sts: new STSClient(CLIENT_OPTIONS),
    s3As: (credentials) => new S3Client({ maxAttempts: CLIENT_OPTIONS.maxAttempts, requestHandler, credentials }),
  });
  return new TenantContext({
    domain: DOMAIN,
    version: SERVICE_VERSION,
    routes: new RouteDirectory({
      client: DynamoDBDocumentClient.from(new DynamoDBClient(CLIENT_OPTIONS)),
      tableName: TABLE_NAME,
    }),
    sessions,
    databases: new TenantDatabases({ sessions }),
    needs: neededBy(MIGRATION_FILES),
    knows: knownTo(MIGRATION_FILES),
  });
}
