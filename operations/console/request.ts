import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import { Refused } from './refused';

const BODY_MAX_BYTES = 64 * 1024;

/** @throws Refused `InvalidRequest` that names the first bad field */
function parsed<S extends z.ZodType>(schema: S, given: unknown): z.output<S> {
  const { success, data, error } = schema.safeParse(given);
  if (success) return data;
  const [issue] = error.issues;
  const path = [...(issue?.path ?? []), ...(issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])];
  throw new Refused('InvalidRequest', issue?.message ?? 'invalid', path.map(String).join('.') || 'body');
}

/** Parameters that may be repeated. */
const REPEATED = ['status', 'topic'];

/** The parameters of an address, parsed by a schema. @throws Refused `InvalidRequest` */
export function query<S extends z.ZodType>(schema: S, parameters: URLSearchParams): z.output<S> {
  const given: Record<string, string | string[]> = {};
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name);
    if (!REPEATED.includes(name) && values.length > 1)
      throw new Refused('InvalidRequest', 'expected this parameter once', name);
    given[name] = REPEATED.includes(name) ? values : (values[0] ?? '');
  }
  return parsed(schema, given);
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) throw new Refused('BodyTooLarge', `expected at most ${BODY_MAX_BYTES} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString();
}

/** The JSON body of a request, parsed by a schema. @throws Refused `NotJson`, `BodyTooLarge`, `InvalidRequest` */
export async function body<S extends z.ZodType>(schema: S, request: IncomingMessage): Promise<z.output<S>> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new Refused('NotJson', 'expected Content-Type: application/json');
  const text = await textOf(request);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Refused('InvalidRequest', 'the body is not JSON', 'body');
  }
  return parsed(schema, json);
}
