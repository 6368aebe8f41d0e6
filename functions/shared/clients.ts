/**
 * Options for every AWS client. The SDK's own retries (standard mode, three attempts) take care of a passing fault
 * within a call; what outlasts them is the state machine's to retry.
 *
 * Timeouts are in milliseconds, well below the functions' own: a connection that hangs must end as an error the
 * translator knows, not as a killed function. `requestTimeout` alone only warns ("NodeHttpHandlerOptions").
 */
export const clientOptions = {
  retryMode: 'standard',
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
} as const;

interface Stacked {
  readonly middlewareStack: { remove(middleware: string): boolean };
}

/**
 * A client that does not prepare what nobody reads: the SDK copies every answer to take the secrets out of it, for a logger
 * that drops it by default (`loggerMiddleware`). That is felt where answers are long. Warnings get out as before.
 */
export function withoutCallLog<C extends Stacked>(client: C): C {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}
