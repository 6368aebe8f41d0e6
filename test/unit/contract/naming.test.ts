import fc from 'fast-check';
import { externalIdOf, TENANT_ID_PATTERN, tenantIdOf, tenantNames } from '../../../functions/contract/naming';
import { STACK_KINDS } from '../../../functions/contract/stacks';

const signupId = fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/);

test('derives the tenant id from the signup id: equal signups get the same id, others another', () => {
  fc.assert(
    fc.property(signupId, signupId, (one, other) => {
      expect(tenantIdOf(one)).toMatch(TENANT_ID_PATTERN);
      expect(tenantIdOf(one) === tenantIdOf(other)).toBe(one === other);
    }),
  );
});

test('the tenant id of a published signup never changes, as its resources would be made twice', () => {
  expect(tenantIdOf('sub_1QxAcme')).toBe(tenantIdOf(`sub_1Qx${'Acme'}`));
  expect(tenantIdOf('sub_1QxAcme')).toMatchInlineSnapshot(`"t26cc0enzqvvaky2"`);
});

test('the external id differs from the tenant id and fits STS (2 to 1,224 of [\\w+=,.@:/-])', () => {
  fc.assert(
    fc.property(signupId, (signup) => {
      const tenantId = tenantIdOf(signup);
      expect(externalIdOf(tenantId)).toMatch(/^x[0-9a-z]{26}$/);
    }),
  );
});

test('names stay within the length limits of their services', () => {
  const tenantId = tenantIdOf('sub_1QxAcme');
  expect(tenantNames.bucket(tenantId, '111122223333', 'ap-southeast-2').length).toBeLessThanOrEqual(63);
  expect(tenantNames.role(tenantId).length).toBeLessThanOrEqual(64);
  expect(tenantNames.database(tenantId)).toMatch(/^[a-z](?:-?[a-z0-9])*$/);
  expect(tenantNames.replica(tenantId).length).toBeLessThanOrEqual(63);
  expect(tenantNames.databaseUser(tenantId).length).toBeLessThanOrEqual(63);
  for (const kind of STACK_KINDS) expect(tenantNames.stack(tenantId, kind)).toMatch(/^[a-zA-Z][a-zA-Z0-9-]{0,127}$/);
});
