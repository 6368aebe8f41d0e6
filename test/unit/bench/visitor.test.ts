import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newLead } from '../../bench/lead-load';
import { Visitor } from '../../bench/visitor';

let server: Server;
let visitor: Visitor;
const asked: string[] = [];
let connections = 0;
beforeAll(async () => {
  server = createServer(async (request, answer) => {
    let body = '';
    for await (const part of request.setEncoding('utf8')) body += part;
    asked.push(`${request.method} ${request.url} ${request.headers.host} ${new URLSearchParams(body).get('name')}`);
    answer.statusCode = request.method === 'POST' ? 201 : 200;
    answer.setHeader('content-length', 70_000).write('x'.repeat(30_000));
    setTimeout(() => answer.end('x'.repeat(40_000)), 20);
  });
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  visitor = await Visitor.at(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(() => server.close());

test('sends requests in turn over one connection, and waits for the whole answer of each', async () => {
  expect(await visitor.send('a.example', newLead())).toMatchObject({ status: 201 });
  const { status, ms } = await visitor.form('a.example');
  expect(status).toBe(200);
  expect(ms).toBeGreaterThan(15);
  expect(asked).toEqual(['POST /leads a.example A visitor', 'GET /contact a.example null']);
  expect(connections).toBe(1);
});

test('no answer has the status 0', async () => {
  const answered = visitor.form('a.example');
  server.closeAllConnections();
  expect(await answered).toMatchObject({ status: 0 });
});
