import { NodeHttpHandler } from '@smithy/node-http-handler';
import { MAX_ATTEMPTS, REQUEST_TIMEOUT_MS } from '../contract/call-limits';
import { invocationSignal } from './invocation';

/**
 * Sends every request under the signal of the invocation that makes it: at the deadline a request
 * under way is aborted, and no further one is sent.
 */
export class EndingWithInvocation extends NodeHttpHandler {
  override handle(...[request, options]: Parameters<NodeHttpHandler['handle']>) {
    const abortSignal = options?.abortSignal ?? invocationSignal();
    return super.handle(request, { ...options, ...(abortSignal && { abortSignal }) });
  }
}

/**
 * Milliseconds. A connection that hangs must end as an error that the translator knows, not as a
 * killed function: contract/time-limits.ts derives the functions' timeouts from these.
 * `requestTimeout` alone only warns ("NodeHttpHandlerOptions").
 */
export const REQUEST_LIMITS = {
  connectionTimeout: 2_000,
  requestTimeout: REQUEST_TIMEOUT_MS,
  throwOnRequestTimeout: true,
} as const;

/**
 * Options for every AWS client. The SDK retries a short fault itself (standard mode). The state
 * machine retries a longer one. All clients of a process share their connections.
 */
export const clientOptions = {
  retryMode: 'standard',
  maxAttempts: MAX_ATTEMPTS,
  requestHandler: new EndingWithInvocation(REQUEST_LIMITS),
} as const;

interface Stacked {
  readonly middlewareStack: { remove(middleware: string): boolean };
}

/**
 * Removes the SDK's call log from a client. For this log `loggerMiddleware` copies every answer
 * without its secrets, and the default logger discards the copy. Long answers make this slow.
 * Warnings are logged as before.
 */
export function withoutCallLog<C extends Stacked>(client: C): C {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

/**
 * The options that determine how a client reaches AWS, given or read from environment and files.
 */
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
 * Options for a second client of the same service that reaches AWS as the first one does, over the
 * same connections. Resolving these options again takes as long as a request. Credentials, and
 * options that depend on them, are left out.
 */
export function surroundingsOf<C extends object>({ config }: { readonly config: C }) {
  type Kept = Pick<C, Extract<keyof C, (typeof SURROUNDINGS)[number]>>;
  return Object.fromEntries(
    Object.entries(config).filter(([name]) => SURROUNDINGS.some((kept) => kept === name)),
  ) as Kept;
}
