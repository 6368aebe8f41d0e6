import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadBalancerProbe } from '../../../functions/compute/load-balancer-probe';

let server: Server | undefined;

async function listening(answer: RequestListener): Promise<string> {
  const made = createServer(answer);
  server = made;
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`;
}

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

test('sends the request to the load balancer with the requested Host header', async () => {
  const url = await listening((request, response) => {
    response.writeHead(request.headers.host === 'acme.funnels.example' ? 503 : 404).end(`for ${request.headers.host}`);
  });
  expect(await loadBalancerProbe(url, 'acme.funnels.example')('acme.funnels.example')).toEqual({
    status: 503,
    body: 'for acme.funnels.example',
    ms: expect.any(Number),
  });
  expect(await loadBalancerProbe(url, 'acme.funnels.example')('other.example')).toMatchObject({ status: 404 });
});

test('returns redirects as answers, and reads an endless page up to a limit', async () => {
  const url = await listening((_, response) => {
    response.writeHead(301, { location: 'https://elsewhere.example' }).end('x'.repeat(1_000_000));
  });
  const { status, body } = await loadBalancerProbe(url, 'acme.funnels.example')('acme.funnels.example');
  expect(status).toBe(301);
  expect(body.length).toBeLessThan(200_000);
});

test('a load balancer that does not answer is an error, and not a denial', async () => {
  const url = await listening((request) => request.socket.destroy());
  await expect(loadBalancerProbe(url, 'acme.funnels.example')('acme.funnels.example')).rejects.toThrow();
});
