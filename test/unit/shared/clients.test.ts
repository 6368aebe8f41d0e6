import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  clientOptions,
  EndingWithInvocation,
  REQUEST_LIMITS,
  surroundingsOf,
  withoutCallLog,
} from '../../../functions/shared/clients';
import { translateError } from '../../../functions/shared/error-translation';

let silent: Server;
beforeEach(async () => {
  silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterEach(() => silent.close());

test('a request without an answer ends in a transient error', async () => {
  const sockets: { destroy: () => void }[] = [];
  silent.on('connection', (socket) => sockets.push(socket));
  const client = new KMSClient({
    ...clientOptions,
    requestHandler: new EndingWithInvocation({ ...REQUEST_LIMITS, requestTimeout: 50 }),
    maxAttempts: 1,
    endpoint: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
  const thrown = await client.send(new DescribeKeyCommand({ KeyId: 'k' })).catch((error: unknown) => error);
  for (const socket of sockets) socket.destroy();
  client.destroy();
  expect(translateError(thrown).name).toBe('TransientServiceFault');
});

test('a client without call log has all middleware of the SDK’s client except that of the log', () => {
  const stackOf = (client: KMSClient) => client.middlewareStack.identify().map((one) => one.split(' ')[0]);
  const usual = stackOf(new KMSClient({ ...clientOptions, region: 'eu-central-1' }));
  const quiet = stackOf(withoutCallLog(new KMSClient({ ...clientOptions, region: 'eu-central-1' })));
  expect(usual.filter((name) => !quiet.includes(name))).toEqual(['loggerMiddleware']);
  expect(quiet.length).toBe(usual.length - 1);
});

test('a second client has the same configuration and other credentials', async () => {
  const credentials = { accessKeyId: 'AKIAFIRST', secretAccessKey: 'secret' };
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const first = new KMSClient({
    ...clientOptions,
    region: 'eu-central-1',
    userAgentAppId: 'probes',
    credentials,
    endpoint,
  });
  const second = new KMSClient({
    ...surroundingsOf(first),
    credentials: { ...credentials, accessKeyId: 'AKIASECOND' },
  });
  expect(await second.config.region()).toBe('eu-central-1');
  expect(second.config.requestHandler).toBe(first.config.requestHandler);
  const heard = new Promise<string>((resolve) => {
    silent.on('connection', (socket) =>
      socket.once('data', (request) => {
        resolve(`${request}`);
        socket.destroy();
      }),
    );
  });
  await second.send(new DescribeKeyCommand({ KeyId: 'k' })).catch(() => undefined);
  expect(await heard).toMatch(/app\/probes/);
  expect(await heard).toContain('Credential=AKIASECOND/');
});
