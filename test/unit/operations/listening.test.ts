import { createServer, type Server } from 'node:net';
import { listening } from '../../../operations/listening';

const servers: Server[] = [];
const aServer = () => {
  const server = createServer();
  servers.push(server);
  return server;
};
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

test('servers that listen at once have ports of their own', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => listening(aServer(), '127.0.0.1')));
  expect(new Set(ports).size).toBe(20);
  expect(servers.map((server) => server.address())).toEqual(ports.map((port) => expect.objectContaining({ port })));
});

test('a port that another one has is refused', async () => {
  const port = await listening(aServer(), '127.0.0.1');
  await expect(listening(aServer(), '127.0.0.1', port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
