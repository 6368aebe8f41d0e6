import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { listening } from '../operations/listening';
import { type AwsCall, awsCallOf } from './aws-call';

/**
 * What a listener may do with a call before it is passed on, and with the answer before it is
 * returned.
 */
export interface Intervention {
  /** Answer instead of AWS's; the call does not reach AWS. */
  readonly answer?: { readonly status: number; readonly headers: Record<string, string>; readonly body: string };
  /** The call takes effect and its answer is lost: the proxy closes the connection. */
  readonly loseAnswer?: boolean;
  /** Called after the effect and before the answer. */
  readonly afterEffect?: () => void | Promise<void>;
}

export type Listener = (call: AwsCall) => Intervention | undefined | Promise<Intervention | undefined>;

export interface AwsProxy {
  readonly url: string;
  /** Replaces the listener; without one, calls pass. */
  listen(listener: Listener | undefined): void;
  close(): Promise<void>;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/**
 * A proxy on loopback in front of an AWS endpoint. It passes requests on unchanged, signatures
 * included (the Host header stays), and shows each call to a listener.
 *
 * @param endpointUrl is asked for each request: the endpoint may be about to start
 */
export async function startAwsProxy(endpointUrl: () => string): Promise<AwsProxy> {
  const agent = new Agent({ keepAlive: true });
  let listener: Listener | undefined;

  const forward = (request: IncomingMessage, body: Buffer) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const { method, headers, url: path } = request;
      const upstream = new URL(endpointUrl());
      const outgoing = httpRequest(
        { agent, host: upstream.hostname, port: upstream.port, method, headers, path },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request);
    const call = awsCallOf(request, body);
    const intervention = call && (await listener?.(call));
    if (intervention?.answer) {
      const { status, headers, body: text } = intervention.answer;
      response.writeHead(status, headers).end(text);
      return;
    }
    const answer = await forward(request, body);
    const answerBody = await bodyOf(answer);
    await intervention?.afterEffect?.();
    if (intervention?.loseAnswer) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers).end(answerBody);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  const port = await listening(server, '127.0.0.1');
  return {
    url: `http://127.0.0.1:${port}`,
    listen: (next) => {
      listener = next;
    },
    close: async () => {
      server.closeAllConnections();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
