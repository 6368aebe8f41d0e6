import type { Answered } from '../../../functions/compute/load-balancer-probe';
import { isServed, untilServed } from '../../../functions/compute/tenant-page';

const HOST = 'acme.funnels.example';
const noWait = async () => undefined;

const ofService = (status: number): Answered => ({ status, body: '', version: 'v1' });
const ofSomethingElse = (status: number): Answered => ({ status, body: '' });

async function served(...answers: Answered[]): Promise<number> {
  const left = [...answers];
  let asked = 0;
  const ask = async () => {
    asked++;
    return (left.length > 1 ? left.shift() : left[0]) ?? ofSomethingElse(0);
  };
  await untilServed(ask, HOST, isServed, { wait: noWait });
  return asked;
}

test.each([200, 302, 404])('a page that answers %d is served', async (status) => {
  expect(await served(ofService(status))).toBe(1);
});

test.each([403, 429, 500, 502, 503])('a page that goes on answering %d is not', async (status) => {
  await expect(served(ofService(status))).rejects.toMatchObject({
    name: 'TransientServiceUnsteady',
    message: `the page of ${HOST} answers ${status}`,
  });
});

test('the answer of a web ACL says nothing: the page is asked for again', async () => {
  expect(await served(ofSomethingElse(403), ofSomethingElse(429), ofService(200))).toBe(3);
});

test('the 404 of a node that does not know the rule yet is not the shared service’s', async () => {
  expect(await served(ofSomethingElse(404), ofSomethingElse(404), ofService(404))).toBe(3);
});

test.each([200, 404])('what is not the shared service and answers %d serves nobody', async (status) => {
  await expect(served(ofSomethingElse(status))).rejects.toMatchObject({
    name: 'TransientServiceUnsteady',
    message: expect.stringContaining(`the page of ${HOST} answers ${status}, and not from the shared service`),
  });
});
