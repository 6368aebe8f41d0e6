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
