import * as z from 'zod';
import { serviceApp } from './app';
import { logLines } from './log-lines';
import { tenantsFromEnvironment } from './tenant-context/from-environment';

const EnvironmentSchema = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** All addresses of the container. The security group decides who may connect. */
  HOST: z.string().default('0.0.0.0'),
  LOG_LEVEL: z.string().default('info'),
});

/** ECS kills a task after 30 s. */
const DRAIN_MS = 25_000;

async function main(): Promise<void> {
  const { PORT, HOST, LOG_LEVEL } = EnvironmentSchema.parse(process.env);
  const app = serviceApp({
    tenants: tenantsFromEnvironment(process.env),
    logger: { level: LOG_LEVEL, stream: logLines() },
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
