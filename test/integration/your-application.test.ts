import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pushImage } from '../../emulator/image-registry';
import { SERVICE_REPOSITORY } from '../../functions/contract/naming';
import { bundleApplication } from '../../infra/build';
import { requestOf, requestPage } from '../../local/page';
import { ReleasedCell } from '../support/released-cell';

const ROOT = join(__dirname, '../..');

let released: ReleasedCell;

beforeAll(async () => {
  released = await ReleasedCell.start(['acme', 'beta']);
});
afterAll(() => released?.stop());

const page = (host: string) => requestPage(released.platform.outputs.loadBalancerUrl, host);

/** Requests of visitors that are answered 5xx: a release would judge the version by them. */
async function oddly(host: string): Promise<unknown[]> {
  const requests = [
    ...['//', '//[', '/%zz', '/healthz?host=a&host=b', '/none'].map((path) => ({ method: 'GET', path })),
    ...['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'].map((method) => ({ method, path: '/' })),
  ];
  const answers = requests.map(async ({ method, path }) => {
    const body = method === 'POST' || method === 'PUT' ? 'x'.repeat(20_000) : '';
    const headers = { host, 'content-length': body.length };
    const { status } = await requestOf(released.platform.outputs.loadBalancerUrl, { method, path, headers }, body);
    return { method, path, status };
  });
  return (await Promise.all(answers)).filter(({ status }) => status >= 500);
}

test.each([
  ['Node, with the tenant context', () => bundleApplication(join(ROOT, 'examples/node/server.ts'))],
  ['Python', () => readFile(join(ROOT, 'examples/python/app.py'))],
])('an application in %s takes the place of the shared service', async (language, image) => {
  const { endpointUrl } = released.platform.emulator;
  const digest = await pushImage(endpointUrl, { repository: SERVICE_REPOSITORY, bundle: Buffer.from(await image()) });
  const visitors = released.visitors(20);
  const releaseId = language.slice(0, 4).toLowerCase();
  const run = await released.client.follow((await released.beginImage(digest, releaseId)).executionArn);
  const visits = await visitors.stop();
  expect([run.status, run.failure]).toEqual(['SUCCEEDED', undefined]);
  expect(visits.failed).toBe(0);
  expect([...visits.answers.keys()]).toContain(`200 ${digest}`);
  for (const [host, company] of [
    ['acme.funnels.localhost', 'acme'],
    ['beta.funnels.localhost', 'beta'],
  ] as const) {
    const { status, body } = await page(host);
    expect([status, body]).toEqual([200, expect.stringMatching(new RegExp(`${company}[\\s\\S]*<!-- 0 leads -->`))]);
  }
  expect(await oddly('acme.funnels.localhost')).toEqual([]);
});
