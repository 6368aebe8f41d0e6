import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildTenantContext } from '../../infra/tenant-context-package';

const ROOT = join(__dirname, '../..');

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tenant-context-'));
  await buildTenantContext(join(folder, 'package'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (code: string) => spawnSync(process.execPath, ['-e', code], { cwd: folder, encoding: 'utf8' });

test('the package of the tenant context says what is missing in the environment', () => {
  const { stderr } = run(`require('./package').tenantsFromEnvironment({ DOMAIN: 'funnels.example' })`);
  expect(stderr).toContain('TABLE_NAME');
});

test('it finds no tenant for a host outside its domain, and answers the load balancer without asking AWS', () => {
  const { stdout, stderr } = run(`
    const { tenantsFromEnvironment } = require('./package');
    const tenants = tenantsFromEnvironment({ TABLE_NAME: 't', DOMAIN: 'funnels.example', SERVICE_VERSION: 'v7' });
    const never = () => { throw new Error('asked'); };
    Promise.all([tenants.visit('acme.elsewhere.example'), tenants.health(undefined, never)]).then((answers) => {
      console.log(JSON.stringify(answers));
      tenants.close();
    });
  `);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toEqual([
    { state: 'unknown' },
    {
      status: 200,
      headers: expect.objectContaining({
        'x-service-version': 'v7',
        'x-service-migration': expect.stringMatching(/^\d{4}-/),
      }),
      body: 'ok v7\n',
    },
  ]);
});

test('its types describe what it exports, and its dependencies are the packages that it loads', () => {
  writeFileSync(
    join(folder, 'application.ts'),
    `import { tenantsFromEnvironment, type Tenant } from './package';
export const pageOf = async (host: string): Promise<Tenant | undefined> => {
  const visit = await tenantsFromEnvironment(process.env).visit(host);
  return visit.state === 'active' ? visit.tenant : undefined;
};
// @ts-expect-error a tenant that is closed has no sessions
export const wrong = async () => (await tenantsFromEnvironment({}).visit('x')).tenant;
`,
  );
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node'];
  expect(() =>
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), [...options, 'application.ts'], { cwd: folder }),
  ).not.toThrow();
  const bundle = readFileSync(join(folder, 'package/index.js'), 'utf8');
  const loaded = [...bundle.matchAll(/require\("([^":]+)"\)/g)].map(([, name]) => name);
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package/package.json'), 'utf8'));
  expect(new Set([...loaded, '@types/pg'])).toEqual(new Set(Object.keys(dependencies)));
});
