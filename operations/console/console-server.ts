import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { StageClient } from '../client/stage-client';
import { listening } from '../listening';
import { EXIT, failureOf } from '../ops/exit';
import type { ApiError } from './api/error';
import type { PageFile } from './bundle-page';
import { EventStreams } from './event-streams';
import { EvidenceTickets } from './evidence-tickets';
import { type Door, LOOPBACK, requireOwnOrigin, requireToken } from './guard';
import { bodyFor, type ServedFile, servedFiles } from './page-files';
import { API_HEADERS, EVIDENCE_HEADERS, PAGE_HEADERS } from './page-headers';
import { probesOn } from './probes';
import { REFUSALS, Refused } from './refused';
import { type Desk, ROUTES, STREAMED } from './routes';
import { RunHistories } from './run-histories';
import { StageAnswers } from './stage-answers';
import { TenantDirectory } from './tenant-directory';

export interface ConsoleOptions {
  readonly client: StageClient;
  /** Name of the stage. */
  readonly stage: string;
  /** The page's files by their paths; `/` is the page. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** A free one by default. */
  readonly port?: number | undefined;
}

export interface RunningConsole {
  /** The address to open, with the token in its fragment, which a browser sends to nobody. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The requests that a browser may make; a body comes with POST only. */
const METHODS = ['GET', 'POST'];
const HTTP_STATUS: Readonly<Record<number, number>> = { [EXIT.notFound]: 404, [EXIT.refused]: 409 };

function errorOf(thrown: unknown): readonly [status: number, error: ApiError] {
  if (thrown instanceof Refused) {
    const { name: error, message, field } = thrown;
    return [REFUSALS[thrown.name], { error, message, ...(field && { field }) }];
  }
  const { code, error, message, advice } = failureOf(thrown);
  return [HTTP_STATUS[code] ?? 502, { error, message, ...(advice && { advice }) }];
}

function sendJson(response: ServerResponse, status: number, answer: unknown): void {
  response.writeHead(status, { ...API_HEADERS, 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(answer));
}

function sendFile({ headers }: IncomingMessage, response: ServerResponse, file: ServedFile): void {
  const [encoding, body] = bodyFor(file, headers['accept-encoding']?.toString() ?? '');
  response.writeHead(200, {
    ...PAGE_HEADERS,
    'Content-Type': file.contentType,
    'Content-Length': body.length,
    'Cache-Control': file.isNamedByContent ? 'private, max-age=31536000, immutable' : 'no-store',
    Vary: 'Accept-Encoding',
    ...(encoding && { 'Content-Encoding': encoding }),
  });
  response.end(body);
}

/** Name of the route, and the part of the path that is a name. @throws Refused `InvalidRequest` */
function routeOf(method: string, path: string): readonly [route: string, name: string] {
  const parts = path.split('/');
  if (parts[2] !== 'tenants' || !parts[3]) return [`${method} ${path}`, ''];
  try {
    const name = decodeURIComponent(parts[3]);
    return [`${method} ${parts.with(3, '*').join('/')}`, name];
  } catch {
    throw new Refused('InvalidRequest', 'the path is not well encoded', 'path');
  }
}

async function answer(desk: Desk, door: Door, files: ReadonlyMap<string, ServedFile>, ...exchange: Exchange) {
  const [request, response] = exchange;
  const { method = '', headers, url = '' } = request;
  requireOwnOrigin(headers, door);
  if (!METHODS.includes(method)) throw new Refused('MethodNotAllowed', `expected ${METHODS.join(' or ')}`);
  // The target is split by hand: URL would read `//host/` as another host, and resolve `..`.
  const [path = ''] = url.split('?', 1);
  const file = method === 'GET' ? files.get(path) : undefined;
  if (file) sendFile(request, response, file);
  else if (method === 'GET' && path.startsWith('/evidence/')) sendEvidence(desk, response, path);
  else {
    requireToken(headers, door);
    const [route, name] = routeOf(method, path);
    const handle = Object.hasOwn(ROUTES, route) ? ROUTES[route] : undefined;
    if (!handle) throw new Refused('NotFound', 'the console has no such path');
    const parameters = new URLSearchParams(url.slice(path.length));
    const given = await handle(desk, { request, response, name, parameters });
    if (given !== STREAMED) sendJson(response, 200, given);
  }
}

function sendEvidence({ tickets }: Desk, response: ServerResponse, path: string): void {
  const html = tickets.redeem(path.slice('/evidence/'.length));
  if (html === undefined) throw new Refused('NotFound', 'the address of an evidence page works once');
  response.writeHead(200, { ...EVIDENCE_HEADERS, 'Content-Type': 'text/html; charset=utf-8' });
  response.end(html);
}

type Exchange = readonly [request: IncomingMessage, response: ServerResponse];

function deskFor({ client, stage }: ConsoleOptions): Desk {
  const answers = new StageAnswers(client, stage);
  const directory = new TenantDirectory(client.table, (tenantId) => client.find(tenantId));
  const histories = new RunHistories(client.sfn);
  const events = new EventStreams(probesOn({ client, directory, histories, answers }));
  return { client, answers, directory, histories, tickets: new EvidenceTickets(), events };
}

/** Starts the console on loopback. It prints nothing and logs nothing. */
export async function startConsole(options: ConsoleOptions): Promise<RunningConsole> {
  const desk = deskFor(options);
  const files = await servedFiles(options.files);
  const door = { port: options.port ?? 0, token: randomBytes(32).toString('base64url') };
  const server = createServer((request, response) => {
    answer(desk, door, files, request, response).catch((thrown: unknown) => {
      if (response.headersSent) {
        response.destroy();
        return;
      }
      const [status, error] = errorOf(thrown);
      // What is left of a body that is too large is not read.
      if (!request.complete) response.setHeader('Connection', 'close');
      sendJson(response, status, error);
    });
  });
  door.port = await listening(server, LOOPBACK, door.port);
  return {
    url: `http://${LOOPBACK}:${door.port}/#token=${door.token}`,
    stop: async () => {
      desk.events.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
