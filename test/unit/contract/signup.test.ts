import fc from 'fast-check';
import { RESERVED_SUBDOMAINS, readableSignupId, SignupSchema, signupDetail } from '../../../functions/contract/signup';

const valid = {
  version: 1,
  signupId: 'sub_1QxAcme',
  companyName: 'Acme GmbH',
  subdomain: 'acme',
  contactEmail: 'ops@acme.example',
  plan: 'enterprise',
};

const badFields = (input: object) =>
  SignupSchema.safeParse(input).error?.issues.map((issue) => String(issue.path[0])) ?? [];

test.each([
  ['unknown version', { version: 2 }, 'version'],
  ['missing signup id', { signupId: undefined }, 'signupId'],
  ['signup id with a slash', { signupId: 'a/b' }, 'signupId'],
  ['oversized signup id', { signupId: 'a'.repeat(129) }, 'signupId'],
  ['empty company', { companyName: '' }, 'companyName'],
  ['blank company', { companyName: ' \t ' }, 'companyName'],
  ['oversized company', { companyName: 'a'.repeat(201) }, 'companyName'],
  ['company with NUL', { companyName: 'Acme\u0000' }, 'companyName'],
  ['company of two lines', { companyName: 'Acme\nGmbH' }, 'companyName'],
  ['company with a line separator', { companyName: 'Acme\u2028GmbH' }, 'companyName'],
  ['company that clears a terminal', { companyName: 'Acme\u001b[2J' }, 'companyName'],
  ['company that clears a terminal, in one character', { companyName: 'Acme\u009b2J' }, 'companyName'],
  ['company that turns the text around it', { companyName: 'Acme\u202egnp.' }, 'companyName'],
  ['company of zero-width characters', { companyName: '\u200b\u200d\ufeff' }, 'companyName'],
  ['company of fillers', { companyName: '\u3164\u115f' }, 'companyName'],
  ['company of a blank that is a symbol', { companyName: '\u2800' }, 'companyName'],
  ['company of an accent without a letter', { companyName: '\u0301' }, 'companyName'],
  ['broken Unicode', { companyName: 'a\ud800' }, 'companyName'],
  ['empty subdomain', { subdomain: '' }, 'subdomain'],
  ['upper-case subdomain', { subdomain: 'Acme' }, 'subdomain'],
  ['subdomain with a dot', { subdomain: 'a.b' }, 'subdomain'],
  ['leading hyphen', { subdomain: '-acme' }, 'subdomain'],
  ['trailing hyphen', { subdomain: 'acme-' }, 'subdomain'],
  ['wildcard', { subdomain: '*' }, 'subdomain'],
  ['internationalized label', { subdomain: 'xn--mller-kva' }, 'subdomain'],
  ['too long a subdomain', { subdomain: 'a'.repeat(41) }, 'subdomain'],
  ['unknown plan', { plan: 'free' }, 'plan'],
  ['no e-mail', { contactEmail: 'acme' }, 'contactEmail'],
  ['e-mail with a line break', { contactEmail: 'a@acme.example\nBcc:b@acme.example' }, 'contactEmail'],
  ['e-mail with NUL', { contactEmail: 'a\u0000@acme.example' }, 'contactEmail'],
  ['e-mail of two addresses', { contactEmail: 'a@acme.example,b@acme.example' }, 'contactEmail'],
  ['e-mail without a domain', { contactEmail: 'a@' }, 'contactEmail'],
  ['e-mail in an impossible domain', { contactEmail: 'a@acme..example' }, 'contactEmail'],
  ['e-mail with a character that nobody sees', { contactEmail: 'a\u200b@acme.example' }, 'contactEmail'],
  ['e-mail in a domain with such a character', { contactEmail: 'a@ac\u00adme.example' }, 'contactEmail'],
  ['e-mail in a domain that begins with a hyphen', { contactEmail: 'a@-acme.example' }, 'contactEmail'],
  ['e-mail in a domain without its letters', { contactEmail: 'a@xn--.example' }, 'contactEmail'],
  ['e-mail in angle brackets', { contactEmail: '<ops@acme.example>' }, 'contactEmail'],
  ['e-mail that begins a list', { contactEmail: ',ops@acme.example' }, 'contactEmail'],
  ['e-mail with a comment', { contactEmail: 'ops(x)@acme.example' }, 'contactEmail'],
  ['e-mail with a scheme', { contactEmail: 'mailto:ops@acme.example' }, 'contactEmail'],
  ['oversized e-mail', { contactEmail: `${'a'.repeat(250)}@acme.example` }, 'contactEmail'],
])('refuses %s and names the field', (_, change, field) => {
  expect(badFields({ ...valid, ...change })).toContain(field);
});

test.each(RESERVED_SUBDOMAINS)('refuses the reserved subdomain %s', (subdomain) => {
  expect(badFields({ ...valid, subdomain })).toEqual(['subdomain']);
});

test('names every bad field at once', () => {
  expect(new Set(badFields({}))).toEqual(
    new Set(['version', 'signupId', 'companyName', 'subdomain', 'contactEmail', 'plan']),
  );
});

test.each([
  'billing&ops@acme.example',
  'sales/emea@acme.example',
  'x=y@acme.example',
  'jörg@acme.example',
  'o’hara@acme.example',
  "o'hara@acme.example",
  'a..b.@acme.example',
  '!#$%*?^`{|}~@acme.example',
])('accepts %s', (contactEmail) => expect(badFields({ ...valid, contactEmail })).toEqual([]));
test.each(['ops@müller.example', 'info@xn--e1afmkfd.xn--p1ai', 'info@пример.рф', 'a.b+c@sub.acme.co.uk'])(
  'accepts %s',
  (contactEmail) => expect(badFields({ ...valid, contactEmail })).toEqual([]),
);

test('accepts any visible one-line Unicode company name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (name) => {
      fc.pre(
        /[\p{L}\p{N}\p{S}]/u.test(name) &&
          !/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069\u3164\u115f\u1160\uffa0\u2800]/u.test(name),
      );
      fc.pre(name.length <= 200);
      expect(SignupSchema.parse({ ...valid, companyName: name }).companyName).toBe(name);
    }),
  );
});

test('drops unknown fields, which a later producer may send', () => {
  expect(SignupSchema.parse({ ...valid, coupon: 'X' })).not.toHaveProperty('coupon');
});

test('accepts the whole event or its detail alone', () => {
  expect(signupDetail({ 'detail-type': 'TenantSignedUp', source: 'billing', detail: valid })).toEqual(valid);
  expect(signupDetail(valid)).toEqual(valid);
});

test('reads the signup id of an otherwise malformed signup, and no malformed signup id', () => {
  expect(readableSignupId({ signupId: 'sub_1', plan: 7 })).toBe('sub_1');
  expect(readableSignupId({ signupId: '' })).toBeUndefined();
  expect(readableSignupId('nonsense')).toBeUndefined();
});

test('reads no signup id from an event of something else', () => {
  const event = { 'detail-type': 'TenantSignedUp', source: 'billing', detail: { signupId: 'sub_1' } };
  expect(readableSignupId(event)).toBe('sub_1');
  expect(readableSignupId({ ...event, 'detail-type': 'TenantCancelled' })).toBeUndefined();
  expect(readableSignupId({ ...event, source: 'crm' })).toBeUndefined();
});
