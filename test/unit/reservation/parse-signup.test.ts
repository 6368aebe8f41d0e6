import { PlatformError } from '../../../functions/contract/errors';
import { parseSignup } from '../../../functions/reservation/parse-signup';
import { aSignup, aSignupEvent } from '../../support/builders';

const refusal = (input: unknown): PlatformError => {
  try {
    parseSignup(input);
  } catch (thrown) {
    if (thrown instanceof PlatformError) return thrown;
  }
  throw new Error('the signup was accepted');
};

test('accepts the whole event or its detail alone', () => {
  expect(parseSignup(aSignupEvent())).toEqual(aSignup());
  expect(parseSignup(aSignup())).toEqual(aSignup());
});

test('names each bad field and what was expected of it', () => {
  const { name, message } = refusal(aSignupEvent({ ...aSignup(), subdomain: 'www', plan: 'free', contactEmail: 'x' }));
  expect(name).toBe('InvalidSignup');
  expect(message).toContain('subdomain: expected a subdomain that the platform has not reserved');
  expect(message).toContain('plan: expected one of growth, enterprise');
  expect(message).toContain('contactEmail: expected an e-mail address');
});

test('names a violation once, however many rules it breaks', () => {
  expect(refusal({ ...aSignup(), contactEmail: 'none' }).message).toBe('contactEmail: expected an e-mail address');
});

test.each([undefined, null, 7, 'sub_1', [], {}, { 'detail-type': 'TenantSignedUp' }])('refuses %j', (input) => {
  expect(refusal(input).name).toBe('InvalidSignup');
});

test('accepts long fields that it does not know', () => {
  expect(parseSignup({ ...aSignup(), note: 'x'.repeat(200_000) })).toEqual(aSignup());
});

test('explains a detail that was JSON-encoded twice', () => {
  const { name, message } = refusal(aSignupEvent(JSON.stringify(aSignup())));
  expect(name).toBe('InvalidSignup');
  expect(message).toContain('encoded as JSON twice');
});

test.each([
  ['null', null, 'null'],
  ['a list', [aSignup()], '[{'],
  ['a number', 7, '7'],
])('names the detail and its fields when it is %s', (_what, detail, got) => {
  for (const input of [{ 'detail-type': 'TenantSignedUp', detail }, detail]) {
    const { name, message } = refusal(input);
    expect([name, message]).toEqual([
      'InvalidSignup',
      expect.stringContaining('detail: expected an object with version, '),
    ]);
    expect(message).toContain(`got ${got}`);
  }
});

test.each([
  ['an entry for PutEvents', { Source: 'billing', DetailType: 'TenantSignedUp', Detail: JSON.stringify(aSignup()) }],
  ['an event without its type', { source: 'billing', detail: aSignup() }],
  ['the input of a function', { executionArn: 'arn:run', input: aSignup() }],
  ['nothing', {}],
])('says which shapes it takes when the input is %s', (_what, input) => {
  expect(refusal(input).message).toContain('expected the event of a signup');
  expect(refusal(input).message).not.toContain('plan');
});

test('names the missing fields of an event whose detail is empty', () => {
  expect(refusal(aSignupEvent({})).message).toContain('plan: expected');
});

test('refuses a much too long input without parsing it', () => {
  const { name, message } = refusal({ ...aSignup(), companyName: 'x'.repeat(300_000) });
  expect(name).toBe('InvalidSignup');
  expect(message.length).toBeLessThan(200);
});

test.each([
  ['another type', { 'detail-type': 'TenantCancelled' }, 'detail-type: expected TenantSignedUp'],
  ['a misspelled type', { 'detail-type': 'TenantSignedup' }, 'detail-type: expected TenantSignedUp'],
  ['another source', { source: 'tenant-onboarding' }, 'source: expected billing'],
])('refuses an event of %s, whose detail looks like a signup', (_what, envelope, message) => {
  expect(refusal({ ...aSignupEvent(), ...envelope })).toMatchObject({ name: 'InvalidSignup', message });
});

test('accepts an event that a person has written without its source', () => {
  const { source: _, ...written } = aSignupEvent();
  expect(parseSignup(written)).toEqual(aSignup());
});
