import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { INVOCATION } from '../../../operations/client/perform';
import { requestLimits } from '../../../service/tenant-context/from-environment';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function accessTo(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  return { endpoint: `http://127.0.0.1:${port}`, region: 'eu-central-1', credentials, maxAttempts: 1 };
}
const silence: RequestListener = () => undefined;
const PAGE = new GetObjectCommand({ Bucket: 'pages', Key: 'index.html' });

test('a request of the shared service that nobody answers ends', async () => {
  const s3 = new S3Client({ ...(await accessTo(silence)), forcePathStyle: true, requestHandler: requestLimits(50) });
  await expect(s3.send(PAGE)).rejects.toMatchObject({ name: 'TimeoutError' });
});

test('a page that a visitor takes slowly is not cut off', async () => {
  let end = () => {};
  const access = await accessTo((_, response) => {
    response.writeHead(200, { 'content-length': '8' }).write('half');
    end = () => response.end('half');
  });
  const s3 = new S3Client({ ...access, forcePathStyle: true, requestHandler: requestLimits(200) });
  const { Body } = await s3.send(PAGE);
  setTimeout(() => end(), 400);
  await expect(Body?.transformToString()).resolves.toBe('halfhalf');
});

test('an act of an operator whose answer is lost ends', async () => {
  const requestHandler = { ...INVOCATION.requestHandler, requestTimeout: 50 };
  const lambda = new LambdaClient({ ...(await accessTo(silence)), requestHandler });
  await expect(lambda.send(new InvokeCommand({ FunctionName: 'PerformAct' }))).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});
