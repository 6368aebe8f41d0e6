import type { KMSClientConfig } from '@aws-sdk/client-kms';

/**
 * Nobody reads what the SDK would say about each call. Its middleware (`loggerMiddleware`) copies every answer to take the
 * secrets out before it tells the default logger, which drops it; where `info` and `error` are absent it does neither.
 */
const silent = { debug: () => {}, warn: () => {} } as unknown as NonNullable<KMSClientConfig['logger']>;

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
  logger: silent,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 8_000, throwOnRequestTimeout: true },
} as const;
