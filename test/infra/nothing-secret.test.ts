import { STACK_KINDS } from '../../functions/contract/stacks';
import { isDynamicReference, SECRET_NAME, secretsIn } from '../support/secrets-in-templates';
import { tenantTemplate } from '../support/tenant-template';

test('the search finds a secret in plain text', () => {
  const careless = { Database: { Properties: { MasterUserPassword: 'hunter2' } } };
  expect(secretsIn(careless)).toEqual(['hunter2']);
  expect(isDynamicReference('hunter2')).toBe(false);
});

describe.each(STACK_KINDS)('the %s template of a tenant', (kind) => {
  const template = tenantTemplate(kind).toJSON();

  test('has secrets only as dynamic references', () => {
    const secrets = secretsIn(template.Resources);
    expect(secrets.filter((value) => !isDynamicReference(value))).toEqual([]);
    expect(secrets.length > 0).toBe(kind === 'database');
  });

  test('has no secret among parameters and outputs', () => {
    expect(Object.keys(template.Parameters).filter((name) => SECRET_NAME.test(name))).toEqual([]);
    expect(JSON.stringify(template.Parameters)).not.toContain('NoEcho');
    expect(JSON.stringify(template.Outputs)).not.toContain('{{resolve:');
  });
});
