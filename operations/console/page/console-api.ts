import { createContext, useContext } from 'react';
import type * as z from 'zod';
import { ApiErrorSchema } from '../api/error';

/** The console's answer when it did not do what was asked. */
export class ConsoleError extends Error {
  override readonly name = 'ConsoleError';

  constructor(
    readonly status: number,
    /** Error name of the platform, of AWS or of the console. */
    readonly error: string,
    message: string,
    /** The runbook's advice. */
    readonly advice: string | undefined,
    /** The field of the request that is wrong. */
    readonly field: string | undefined,
  ) {
    super(message);
  }
}

/** Asks the console on this machine, with the token of the session. */
export class ConsoleApi {
  constructor(
    private readonly token: string,
    /** Called when the console no longer knows the token, as after its restart. */
    private readonly onRefused: () => void,
  ) {}

  async get<S extends z.ZodType>(path: string, schema: S, signal?: AbortSignal): Promise<z.output<S>> {
    return schema.parse(await this.json(path, { ...(signal && { signal }) }));
  }

  async post<S extends z.ZodType>(path: string, body: unknown, schema: S): Promise<z.output<S>> {
    const headers = { 'content-type': 'application/json' };
    return schema.parse(await this.json(path, { method: 'POST', headers, body: JSON.stringify(body) }));
  }

  /** @throws TypeError when the console does not answer at all */
  async open(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.token}` };
    const response = await fetch(path, { ...init, headers, cache: 'no-store' });
    if (response.status === 401) this.onRefused();
    return response;
  }

  private async json(path: string, init: RequestInit): Promise<unknown> {
    const response = await this.open(path, init);
    const body: unknown = await response.json().catch(() => undefined);
    if (response.ok) return body;
    const { data } = ApiErrorSchema.safeParse(body);
    const { error = 'UnexpectedAnswer', message = `the console answered ${response.status}` } = data ?? {};
    throw new ConsoleError(response.status, error, message, data?.advice, data?.field);
  }
}

export const ApiContext = createContext<ConsoleApi | undefined>(undefined);

/** @throws Error outside a session */
export function useApi(): ConsoleApi {
  const api = useContext(ApiContext);
  if (!api) throw new Error('there is no session');
  return api;
}
