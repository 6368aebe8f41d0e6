import { subdomainIn } from '../../../operations/client/subdomain-in';

it.each([
  ['https://acme.funnels.example/', 'acme'],
  ['https://acme.funnels.example:8443/pricing?from=mail#top', 'acme'],
  ['http://ACME.Funnels.example', 'acme'],
  ['acme.funnels.example', 'acme'],
  ['acme.funnels.example:4566', 'acme'],
  [' acme.funnels.example. ', 'acme'],
])('%s gives the subdomain %s', (typed, subdomain) => {
  expect(subdomainIn(typed, 'funnels.example')).toBe(subdomain);
});

it.each(['acme', 'sub_1Qx', 'https://acme.funnels.other', 'funnels.example', 'acme.notfunnels.example', 'a b', ''])(
  '%j is not a host of the stage',
  (typed) => {
    expect(subdomainIn(typed, 'funnels.example')).toBeUndefined();
  },
);
