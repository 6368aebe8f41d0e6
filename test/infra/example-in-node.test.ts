import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createListener, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { bundleApplication } from '../../infra/build';

const LOOPBACK = '127.0.0.1';
const portOf = (server: Pick<Server, 'address'>) => (server.address() as AddressInfo).port;

async function freePort(): Promise<number> {
  const listener = createListener().listen(0, LOOPBACK);
  await once(listener, 'listening');
  const port = portOf(listener);
  listener.close();
  return port;
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const attempt = connect(port, LOOPBACK, () => resolve(true)).on('error', () => resolve(false));
    attempt.on('connect', () => attempt.destroy());
  });

test('the example ends on SIGTERM once it has answered, though the load balancer keeps its connection', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'example-'));
  const file = join(folder, 'server.cjs');
  writeFileSync(file, await bundleApplication(join(__dirname, '../../examples/node/server.ts')));
  let answer = () => {};
  const table = createServer((_, response) => {
    answer = () => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
    table.emit('asked');
  }).listen(0, LOOPBACK);
  await once(table, 'listening');
  const port = await freePort();
  const env = {
    ...{ PATH: process.env.PATH, HOST: LOOPBACK, PORT: String(port), TABLE_NAME: 'tenants', DOMAIN: 'funnels.example' },
    ...{ AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
    AWS_ENDPOINT_URL: `http://${LOOPBACK}:${portOf(table)}`,
  };
  const task = spawn(process.execPath, [file], { env, stdio: 'ignore' });
  try {
    const ended = once(task, 'exit');
    while (!(await listens(port))) await pause(50);
    const kept = connect(port, LOOPBACK);
    const asked = once(table, 'asked');
    kept.write('GET / HTTP/1.1\r\nhost: acme.funnels.example\r\n\r\n');
    await asked;
    task.kill('SIGTERM');
    while (await listens(port)) await pause(50);
    const answered = once(kept, 'data');
    answer();
    expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 404 [\s\S]*\nconnection: close/i);
    expect(await ended).toEqual([0, null]);
  } finally {
    task.kill('SIGKILL');
    table.closeAllConnections();
    table.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
