import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { serviceApp } from './app';
import { knownTo, MIGRATION_FILES, neededBy } from './migrations/manifest';
import { RouteDirectory } from './route-directory';
import { TenantDatabases } from './tenant-databases';
import { TenantSessions } from './tenant-sessions';

const EnvironmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** All addresses of the container. The security group decides who may connect. */
  HOST: z.string().default('0.0.0.0'),
  TABLE_NAME: z.string().min(1),
  DOMAIN: z.string().min(1),
  SERVICE_VERSION: z.string().default('unknown'),
  LOG_LEVEL: z.string().default('info'),
});

/** ECS kills a task after 30 s. */
const DRAIN_MS = 25_000;

/** A browser waits for the answer, so a slow call is abandoned soon. */
const CLIENT_OPTIONS = { maxAttempts: 3, requestHandler: { connectionTimeout: 1_000, requestTimeout: 5_000 } } as const;

async function main(): Promise<void> {
  const { PORT, HOST, TABLE_NAME, DOMAIN, SERVICE_VERSION, LOG_LEVEL } = EnvironmentSchema.parse(process.env);
  // All tenants' clients share the connections of this client, and nothing else.
  const { requestHandler } = new S3Client(CLIENT_OPTIONS).config;
  const sessions = new TenantSessions({
    sts: new STSClient(CLIENT_OPTIONS),
    s3As: (credentials) => new S3Client({ maxAttempts: CLIENT_OPTIONS.maxAttempts, requestHandler, credentials }),
  });
  const app = serviceApp({
    domain: DOMAIN,
    version: SERVICE_VERSION,
    logger: { level: LOG_LEVEL },
    routes: new RouteDirectory({
      client: DynamoDBDocumentClient.from(new DynamoDBClient(CLIENT_OPTIONS)),
      tableName: TABLE_NAME,
    }),
    sessions,
    databases: new TenantDatabases({ sessions }),
    needs: neededBy(MIGRATION_FILES),
    knows: knownTo(MIGRATION_FILES),
  });

  /** Accepts no new connection, answers the requests under way, and exits. */
  const drain = (signal: NodeJS.Signals) => {
    app.log.info({ signal }, 'service.draining');
    setTimeout(() => process.exit(1), DRAIN_MS).unref();
    app.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', drain).once('SIGINT', drain);
  await app.listen({ port: PORT, host: HOST });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
