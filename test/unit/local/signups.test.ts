import { SignupSchema } from '../../../functions/contract/signup';
import { newSignup } from '../../../local/signups';

const blamed = (subdomain: string) => {
  const { error } = SignupSchema.safeParse(newSignup({ companyName: 'Acme GmbH', subdomain }));
  return [...new Set(error?.issues.map(({ path }) => path.join('.')))];
};

it.each(['-acme', 'Acme Inc', 'acme_', 'a..b', '', 'acme@home'])(
  'of the subdomain %j only the field subdomain is refused',
  (subdomain) => {
    expect(blamed(subdomain)).toEqual(['subdomain']);
  },
);

it('invents signups that the platform accepts', () => {
  expect(blamed('acme')).toEqual([]);
  expect(newSignup({ companyName: 'Acme GmbH', subdomain: 'acme' }).contactEmail).toBe('ops@acme.example');
});
