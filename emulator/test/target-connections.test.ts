import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { request as send } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { CreateSubnetCommand, CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  CreateListenerCommand,
  CreateLoadBalancerCommand,
  CreateTargetGroupCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Emulator, startEmulator } from '../emulator';
import { access, eventually } from './aws';

/** What the target writes, by path; it ends the connection where `ends` says so. */
const ANSWERS: Readonly<Record<string, { text: string; ends?: true }>> = {
  '/kept': { text: 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\nkept' },
  '/last': { text: 'HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast', ends: true },
  '/none': { text: '', ends: true },
  '/cut': { text: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', ends: true },
  '/empty': { text: 'HTTP/1.1 204 No Content\r\n\r\n' },
  '/unknown': { text: 'HTTP/1.1 200 OK\r\n\r\nup to the end', ends: true },
  '/chunked': { text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nin\r\n6\r\n parts\r\n0\r\n\r\n' },
  '/interim': { text: 'HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' },
  // The rest follows when the request's last words have arrived.
  '/begun': { text: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n' },
  '/large': { text: `HTTP/1.1 200 OK\r\ncontent-length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}` },
};

let emulator: Emulator;
let connections = 0;
const sockets = new Set<Socket>();
const target = createServer((socket) => {
  connections += 1;
  sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  socket.on('data', (data) => {
    if (data.toString().endsWith('last words')) socket.write('4\r\nlast\r\n0\r\n\r\n');
    const [, method, path = ''] = /^(\S+) (\S+)/.exec(data.toString()) ?? [];
    const { text = '', ends } = ANSWERS[path] ?? {};
    socket.write(method === 'HEAD' ? text.slice(0, text.indexOf('\r\n\r\n') + 4) : text);
    if (ends) socket.end();
  });
});

beforeAll(async () => {
  await once(target.listen(0, '127.0.0.1'), 'listening');
  const { port } = target.address() as AddressInfo;
  emulator = await startEmulator({ patience: 0 });
  const [elb, ec2] = [new ElasticLoadBalancingV2Client(access(emulator)), new EC2Client(access(emulator))];
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: '10.1.0.0/16' }));
  const VpcId = Vpc?.VpcId ?? '';
  const { Subnet } = await ec2.send(new CreateSubnetCommand({ VpcId, CidrBlock: '10.1.0.0/24' }));
  const { LoadBalancers } = await elb.send(
    new CreateLoadBalancerCommand({ Name: 'one', Subnets: [Subnet?.SubnetId ?? ''] }),
  );
  const group = { Name: 'raw', Protocol: 'HTTP', Port: port, VpcId, TargetType: 'ip' } as const;
  const { TargetGroups } = await elb.send(new CreateTargetGroupCommand(group));
  const TargetGroupArn = TargetGroups?.[0]?.TargetGroupArn ?? '';
  await elb.send(new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: '127.0.0.1', Port: port }] }));
  await elb.send(
    new CreateListenerCommand({
      LoadBalancerArn: LoadBalancers?.[0]?.LoadBalancerArn,
      ...{ Protocol: 'HTTP', Port: 80, DefaultActions: [{ Type: 'forward', TargetGroupArn }] },
    }),
  );
}, 60_000);
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  target.close();
  await emulator.stop();
});

const ask = (path: string, method = 'GET', content = '') =>
  new Promise<{ status?: number; body: string; cookies?: string[] }>((resolve, reject) => {
    const headers = { host: 'any.example', 'content-length': content.length };
    send(`${emulator.loadBalancerUrl}${path}`, { method, headers }, (answer) => {
      let body = '';
      answer
        .on('data', (chunk) => {
          body += chunk;
        })
        .on('error', reject)
        .on('end', () =>
          resolve({
            body,
            ...(answer.statusCode && { status: answer.statusCode }),
            ...(answer.headers['set-cookie'] && { cookies: answer.headers['set-cookie'] }),
          }),
        );
    })
      .on('error', reject)
      .end(content);
  });

test('requests in a row reach a target over one connection, and another one when it has closed that', async () => {
  for (let n = 0; n < 3; n += 1) {
    expect(await ask('/kept')).toEqual({ status: 200, body: 'kept', cookies: ['a=1', 'b=2'] });
    expect(await ask('/kept', 'POST', 'a form')).toMatchObject({ status: 200 });
  }
  expect(connections).toBe(1);
  for (const path of ['/last', '/kept', '/last', '/kept']) expect(await ask(path)).toMatchObject({ status: 200 });
  expect(connections).toBe(3);
});

test('a target that ends the connection instead of an answer is a 502, and a cut answer stays cut', async () => {
  expect(await ask('/none')).toMatchObject({ status: 502 });
  expect(await ask('/none', 'POST', 'a form')).toMatchObject({ status: 502 });
  await expect(ask('/cut')).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(await ask('/kept')).toMatchObject({ status: 200 });
});

test('answers without a body, of unknown length and after an interim one arrive as they are', async () => {
  expect(await ask('/empty')).toEqual({ status: 204, body: '' });
  expect(await ask('/kept', 'HEAD')).toMatchObject({ status: 200, body: '' });
  expect(await ask('/unknown')).toEqual({ status: 200, body: 'up to the end' });
  expect(await ask('/chunked')).toEqual({ status: 200, body: 'in parts' });
  expect(await ask('/interim')).toEqual({ status: 200, body: 'ok' });
  expect((await ask('/large')).body).toHaveLength(5_000_000);
});

test('what arrives of a body is passed on at once, in both directions', async () => {
  const request = send(`${emulator.loadBalancerUrl}/begun`, { method: 'POST', headers: { 'content-length': 16 } });
  request.write('first ');
  const [answer] = await once(request, 'response');
  const parts: string[] = [];
  for await (const part of answer) {
    if (parts.push(String(part)) === 1) request.end('last words');
  }
  expect(parts).toEqual(['first', 'last']);
});

test('requests that a client sends together are answered in turn', async () => {
  const client = connect(Number(new URL(emulator.loadBalancerUrl).port), '127.0.0.1');
  let answered = '';
  client.setEncoding('utf8').on('data', (text) => {
    answered += text;
  });
  client.write(['/chunked', '/kept', '/last'].map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  await eventually(async () => answered.includes('last') || undefined);
  expect(answered.match(/^in|parts|kept|last/gm)).toEqual(['in', 'parts', 'kept', 'last']);
  client.destroy();
});

test('what is no HTTP is refused', async () => {
  const client = connect(Number(new URL(emulator.loadBalancerUrl).port), '127.0.0.1');
  client.write('what is this\r\n\r\n');
  expect(String((await once(client, 'data'))[0])).toMatch(/^HTTP\/1.1 400 Bad Request\r\n/);
  await once(client, 'close');
});

test('the load balancers end with the emulator, whatever ends it', async () => {
  const processes = () => execFileSync('ps', ['-A', '-ww', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  const own = processes().find((line) => new RegExp(`^ *\\d+ +${emulator.pid} .*load_balancers\\.py`).test(line));
  const [pid] = own?.trim().split(' ') ?? [];
  expect(pid).toBeDefined();
  process.kill(emulator.pid, 'SIGKILL');
  await eventually(async () => !processes().some((line) => line.trim().startsWith(`${pid} `)) || undefined);
});
