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

test('accepts any Unicode company name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (name) => {
      fc.pre(name.trim().length > 0 && name.length <= 200);
      expect(SignupSchema.parse({ ...valid, companyName: name }).companyName).toBe(name);
    }),
  );
});

test('drops fields of a later producer', () => {
  expect(SignupSchema.parse({ ...valid, coupon: 'X' })).not.toHaveProperty('coupon');
});

test('takes the whole event or its detail alone', () => {
  expect(signupDetail({ 'detail-type': 'TenantSignedUp', source: 'billing', detail: valid })).toEqual(valid);
  expect(signupDetail(valid)).toEqual(valid);
});

test('reads the signup id of an otherwise malformed signup, and none of a malformed id', () => {
  expect(readableSignupId({ signupId: 'sub_1', plan: 7 })).toBe('sub_1');
  expect(readableSignupId({ signupId: '' })).toBeUndefined();
  expect(readableSignupId('nonsense')).toBeUndefined();
});
