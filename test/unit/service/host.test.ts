import fc from 'fast-check';
import { tenantHost } from '../../../service/tenant-context/host';

const DOMAIN = 'funnels.example';

test.each([
  ['acme.funnels.example'],
  ['ACME.Funnels.Example'],
  ['acme.funnels.example:8080'],
  ['acme.funnels.example.'],
  ['acme.funnels.example.:443'],
])('host %s belongs to acme', (header) => {
  expect(tenantHost(header, DOMAIN)).toBe('acme.funnels.example');
});

test.each([
  undefined,
  '',
  'funnels.example',
  '.funnels.example',
  'acmefunnels.example',
  'acme.other.example',
  'beta.acme.funnels.example',
  'acme.funnels.example.evil.example',
  'acme.funnels.example@evil.example',
  'acme.funnels.example:80:80',
  'acme .funnels.example',
  '-acme.funnels.example',
  'acme_1.funnels.example',
  'acme.funnels.example..',
  'acme%00.funnels.example',
  'acme\u0000.funnels.example',
  'âcme.funnels.example',
])('host %p belongs to no tenant', (header) => {
  expect(tenantHost(header, DOMAIN)).toBeUndefined();
});

test('a list of hosts, as a query with two of them is parsed, belongs to no tenant', () => {
  const query: { host: string } = JSON.parse('{ "host": ["acme.funnels.example", "acme.funnels.example"] }');
  expect(tenantHost(query.host, DOMAIN)).toBeUndefined();
});

test('any accepted host is one plain label under the domain', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (prefix) => {
      const host = tenantHost(`${prefix}.${DOMAIN}`, DOMAIN);
      if (host !== undefined) expect(host).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?\.funnels\.example$/);
    }),
  );
});
