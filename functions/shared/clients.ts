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
 * A client that does not prepare log entries that no logger writes: the SDK copies every answer to take the secrets out of it, for a logger
 * that drops it by default (`loggerMiddleware`). That is felt where answers are long. Warnings get out as before.
 */
export function withoutCallLog<C extends Stacked>(client: C): C {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/** Options by which a client reaches AWS: those it was given, and those it has found in the environment and in files. */
const SURROUNDINGS = [
  'requestHandler',
  'endpoint',
  'region',
  'retryMode',
  'maxAttempts',
  'defaultsMode',
  'useDualstackEndpoint',
  'useFipsEndpoint',
  'userAgentAppId',
  'authSchemePreference',
  'sigv4aSigningRegionSet',
  'requestChecksumCalculation',
  'responseChecksumValidation',
  'useArnRegion',
  'disableS3ExpressSessionAuth',
] as const;

/**
 * Options for another client of the same service that reaches AWS just as this one does: over its connections, without
 * finding out again, which takes as long as a request. Credentials, and what is bound to them, stay behind.
 */
export function surroundingsOf<C extends object>({ config }: { readonly config: C }) {
  type Kept = Pick<C, Extract<keyof C, (typeof SURROUNDINGS)[number]>>;
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => SURROUNDINGS.some((kept) => kept === name)),
  ) as Kept;
}
