import { isServed, untilServed } from '../../../functions/compute/tenant-page';

const HOST = 'acme.funnels.example';
const noWait = async () => undefined;

async function served(...statuses: number[]): Promise<number> {
  const left = [...statuses];
  let asked = 0;
  const ask = async () => {
    asked++;
    return { status: left.length > 1 ? (left.shift() ?? 0) : (left[0] ?? 0), body: '' };
  };
  await untilServed(ask, HOST, isServed, { wait: noWait });
  return asked;
}

test.each([200, 302, 404])('a page that answers %d is served', async (status) => {
  expect(await served(status)).toBe(1);
});

test.each([403, 429, 500, 502, 503])('a page that goes on answering %d is not', async (status) => {
  await expect(served(status)).rejects.toMatchObject({
    name: 'TransientServiceUnsteady',
    message: `the page of ${HOST} answers ${status}`,
  });
});

test('the answer of a web ACL says nothing: the page is asked for again', async () => {
  expect(await served(403, 429, 200)).toBe(3);
});
