import { EventEmitter } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import {
  ReaderSessions,
  type ReaderSessionsOptions,
  type Session,
} from '../../../service/tenant-context/reader-sessions';
import { Turns } from '../../../service/tenant-context/turns';

/** A server's session: its end is an event. */
class ServerSession extends EventEmitter implements Session {
  async end(): Promise<void> {
    this.emit('end');
  }
}

/** A server that counts logins, and sessions that are open. */
function aServer() {
  const open = new Set<ServerSession>();
  const server = {
    logins: 0,
    most: 0,
    open,
    logIn: async () => {
      server.logins += 1;
      const session = new ServerSession();
      open.add(session);
      session.on('end', () => open.delete(session));
      server.most = Math.max(server.most, open.size);
      return session;
    },
  };
  return server;
}

const sessions = (more: Partial<ReaderSessionsOptions> = {}) =>
  new ReaderSessions<ServerSession>({
    turns: new Turns({ most: 3, mostWaiting: 50, waitMs: 60_000 }),
    most: 3,
    refused: () => new Error('refused'),
    ...more,
  });
const ask = async (session: ServerSession) => session;

test('whoever shows the same token again gets the same session, and nobody else', async () => {
  const [server, readers] = [aServer(), sessions()];
  const first = await readers.run('acme', 'token', server.logIn, ask);
  expect(await readers.run('acme', 'token', server.logIn, ask)).toBe(first);
  expect(await readers.run('acme', 'other token', server.logIn, ask)).not.toBe(first);
  expect(await readers.run('beta', 'token', server.logIn, ask)).not.toBe(first);
  expect(server.logins).toBe(3);
});

test('a session at work is nobody else’s, and sessions never exceed the budget, whatever tokens come', async () => {
  const [server, readers] = [aServer(), sessions()];
  const atWork = new Set<ServerSession>();
  const work = async (session: ServerSession) => {
    expect(atWork.has(session)).toBe(false);
    atWork.add(session);
    await pause(1);
    atWork.delete(session);
  };
  const tokens = Array.from({ length: 40 }, (_, n) => `token ${Math.floor(n / 8)}`);
  await Promise.all(tokens.map((token) => readers.run('acme', token, server.logIn, work)));
  expect(server.most).toBe(3);
  expect(server.logins).toBeLessThan(40);
});

test('a session ends soon after its last use, and when its login was long ago', async () => {
  const server = aServer();
  const idle = sessions({ idleMs: 10 });
  await idle.run('acme', 'token', server.logIn, ask);
  expect(server.open.size).toBe(1);
  await pause(30);
  expect(server.open.size).toBe(0);
  await sessions({ keptMs: 0 }).run('acme', 'token', server.logIn, ask);
  expect(server.open.size).toBe(0);
});

test('a session that the server has ended, that is lost when it is used, or whose work failed is not used again', async () => {
  const [server, readers] = [aServer(), sessions()];
  const first = await readers.run('acme', 'token', server.logIn, ask);
  await first.end();
  const second = await readers.run('acme', 'token', server.logIn, ask);
  expect(second).not.toBe(first);
  const lost = Object.assign(new Error('terminating connection'), { code: '57P01' });
  const third = await readers.run('acme', 'token', server.logIn, async (session) => {
    if (session === second) throw lost;
    return session;
  });
  expect(third).not.toBe(second);
  await expect(readers.run('acme', 'token', server.logIn, () => Promise.reject(new Error('of it')))).rejects.toThrow();
  expect(server.open.size).toBe(0);
});

test('sessions of a tenant out of service end', async () => {
  const [server, readers] = [aServer(), sessions()];
  await readers.run('acme', 'token', server.logIn, ask);
  await readers.run('beta', 'token', server.logIn, ask);
  readers.forget('acme');
  expect(server.open.size).toBe(1);
  readers.clear();
  expect(server.open.size).toBe(0);
});
