import { LeadSchema } from '../../../service/leads';

const accepted = (email: string) =>
  LeadSchema.safeParse({ id: '0195f000-0000-7000-8000-000000000001', name: 'Jo', email }).success;

test.each([
  "o'brien@acme.example",
  'jo&al@acme.example',
  'a/b=c@acme.example',
  'jo+funnel@acme.example',
  // What browsers make of an internationalized domain, and what others send.
  'info@xn--e1afmkfd.xn--p1ai',
  'info@пример.рф',
  'jörg@müller.example',
])('a visitor with the address %s is not refused', (email) => {
  expect(accepted(email)).toBe(true);
});

test.each([
  'nobody',
  'a@b',
  'a b@acme.example',
  'a@acme.example, b@acme.example',
  'a@acme.example\r\nbcc: b',
  'a\0@acme.example',
])('an address like %j is', (email) => {
  expect(accepted(email)).toBe(false);
});
