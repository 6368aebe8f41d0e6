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

/** What a client has found out about its surroundings, from the environment and from files, under the names of its options. */
const FOUND_OUT = [
  'region',
  'defaultsMode',
  'maxAttempts',
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
 * Options for another client of the same service that reaches AWS just as this one does: over its connections, with what
 * it has found out already, which takes as long as a request. Credentials, and what is bound to them, stay behind.
 */
export function surroundingsOf<C extends { readonly requestHandler: unknown }>({ config }: { readonly config: C }) {
  type Kept = Pick<C, 'requestHandler' | Extract<keyof C, (typeof FOUND_OUT)[number]>>;
  const names = ['requestHandler', ...FOUND_OUT].filter((name) => name in config) as (keyof Kept)[];
  return Object.fromEntries(names.map((name) => [name, config[name]])) as Kept;
}
