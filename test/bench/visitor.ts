import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Answered, SentLead } from './lead-load';

const HEAD_ENDS = '\r\n\r\n';

/**
 * One visitor, who keeps one connection to the load balancer and sends one request at a time. Node's HTTP client takes as long
 * for its part of a request as a script's INSERT takes in all; a visitor's browser is no part of the platform.
 */
export class Visitor {
  private answer = '';
  private heard: (answered: Omit<Answered, 'ms'>) => void = () => undefined;

  private constructor(private readonly socket: Socket) {
    const lost = () => this.heard({ status: 0 });
    socket.setEncoding('latin1').on('data', (text: string) => this.hear(text));
    socket.on('error', lost).on('close', lost);
  }

  static async at(loadBalancerUrl: string): Promise<Visitor> {
    const { hostname, port } = new URL(loadBalancerUrl);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Visitor(socket);
  }

  send(host: string, lead: SentLead): Promise<Answered> {
    const body = new URLSearchParams({ ...lead }).toString();
    const form = [`origin: http://${host}`, 'content-type: application/x-www-form-urlencoded'];
    return this.ask('POST /leads', [`host: ${host}`, ...form, `content-length: ${body.length}`], body);
  }

  /** The way through load balancer and service, without a database. */
  form(host: string): Promise<Answered> {
    return this.ask('GET /contact', [`host: ${host}`]);
  }

  leave(): void {
    this.socket.destroy();
  }

  private async ask(what: string, headers: readonly string[], body = ''): Promise<Answered> {
    const began = performance.now();
    const { status } = await new Promise<Omit<Answered, 'ms'>>((resolve) => {
      this.heard = resolve;
      this.socket.write(`${[`${what} HTTP/1.1`, ...headers].join('\r\n')}${HEAD_ENDS}${body}`);
    });
    return { status, ms: performance.now() - began };
  }

  /** The service tells the length of each answer that is asked for here. */
  private hear(text: string): void {
    this.answer += text;
    const end = this.answer.indexOf(HEAD_ENDS);
    if (end < 0) return;
    const [, length = '0'] = /^content-length: (\d+)/im.exec(this.answer) ?? [];
    if (this.answer.length < end + HEAD_ENDS.length + Number(length)) return;
    const status = Number(this.answer.slice('HTTP/1.1 '.length, 'HTTP/1.1 200'.length));
    this.answer = '';
    this.heard({ status });
  }
}
