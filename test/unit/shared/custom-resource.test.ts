import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { PlatformError } from '../../../functions/contract/errors';
import { answeringCloudFormation } from '../../../functions/shared/custom-resource';
import { aContext } from '../../support/lambda-context';

/** CloudFormation's address for the answer: keeps what is put there. */
async function address(status = 200) {
  const answers: { readonly method: string | undefined; readonly type: string | undefined; readonly body: unknown }[] =
    [];
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(await text(request));
    answers.push({ method: request.method, type: request.headers['content-type'], body });
    response.writeHead(status).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise((closed) => server.close(closed));
  return { answers, close, ResponseURL: `http://127.0.0.1:${port}/answer?signature=x` };
}

const ids = { StackId: 'arn:stack', RequestId: 'r1', LogicalResourceId: 'Seeding' };

test('sends the answer of the action to CloudFormation, under the physical id of the resource', async () => {
  const { answers, close, ResponseURL } = await address();
  const handler = answeringCloudFormation(async () => ({ Colour: 'blue' }));
  await handler({ ...ids, ResponseURL, RequestType: 'Create' }, aContext());
  await handler({ ...ids, ResponseURL, RequestType: 'Update', PhysicalResourceId: 'as made' }, aContext());
  await close();
  const success = { ...ids, Status: 'SUCCESS', Data: { Colour: 'blue' } };
  expect(answers).toEqual([
    { method: 'PUT', type: undefined, body: { ...success, PhysicalResourceId: 'Seeding' } },
    { method: 'PUT', type: undefined, body: { ...success, PhysicalResourceId: 'as made' } },
  ]);
});

test('sends a failure of the action with its reason, so that CloudFormation need not wait an hour', async () => {
  const { answers, close, ResponseURL } = await address();
  const failing = answeringCloudFormation(async () => {
    throw new PlatformError('ConfigurationInvalid', `no service ${'x'.repeat(5_000)}`);
  });
  await failing({ ...ids, ResponseURL, RequestType: 'Create' }, aContext());
  await close();
  expect(answers).toMatchObject([{ body: { Status: 'FAILED', PhysicalResourceId: 'Seeding' } }]);
  const [{ Reason } = { Reason: '' }] = answers.map(({ body }) => body as { Reason: string });
  expect(Reason).toMatch(/^ConfigurationInvalid: no service/);
  expect(Reason.length).toBeLessThanOrEqual(1_000);
});

test('throws when the answer cannot be sent, so that Lambda calls the function again', async () => {
  const { close, ResponseURL } = await address(503);
  const handler = answeringCloudFormation(async () => undefined);
  await expect(handler({ ...ids, ResponseURL, RequestType: 'Delete' }, aContext())).rejects.toThrow('503');
  await close();
});
