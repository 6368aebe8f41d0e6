import { aws_iam as iam, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { externalIdOf, TENANT_ID_PATTERN } from '../../functions/contract/naming';
import { DecoyTenant } from '../../infra/cell/decoy-tenant';
import { TenantBoundary } from '../../infra/foundation/tenant-boundary';
import { inScratchApp } from '../support/scratch-app';
import { tenantTemplate } from '../support/tenant-template';

const { decoy, cell, violations } = inScratchApp((app) => {
  const stack = new Stack(app, 'Cell');
  const made = new DecoyTenant(stack, 'Decoy', {
    cellName: 'alpha',
    taskRole: iam.Role.fromRoleArn(stack, 'TaskRole', 'arn:aws:iam::111122223333:role/cell-alpha-task'),
    trustedRoleArns: ['arn:aws:iam::111122223333:role/verify-isolation'],
    boundary: new TenantBoundary(stack, 'TenantBoundary').policy,
  });
  const found = new AwsSolutionsChecks().validateScope(app).violations;
  return { decoy: made, cell: Template.fromStack(stack), violations: found };
});

const statements = (template: Template, type: string, read: (properties: never) => unknown) =>
  Object.values(template.findResources(type)).map((found) => read(found.Properties as never));

test('the decoy has an id of its own, the same in every deployment', () => {
  expect(decoy.tenantId).toMatch(TENANT_ID_PATTERN);
  expect(decoy.externalId).toBe(externalIdOf(decoy.tenantId));
  cell.hasResourceProperties('AWS::IAM::Role', {
    RoleName: `tenant-${decoy.tenantId}`,
    Path: '/tenants/',
    PermissionsBoundary: { Ref: Match.stringLikeRegexp('^TenantBoundary') },
  });
  cell.resourceCountIs('AWS::RDS::DBInstance', 0);
});

test('the decoy’s bucket has the protection of a tenant’s', () => {
  const sids = (policy: { PolicyDocument: { Statement: { Sid: string; Action: unknown }[] } }) =>
    policy.PolicyDocument.Statement.map(({ Sid, Action }) => ({ Sid, Action }));
  const ofTenant = tenantTemplate('storage');
  expect(statements(cell, 'AWS::S3::BucketPolicy', sids)).toEqual(statements(ofTenant, 'AWS::S3::BucketPolicy', sids));
});

test('the decoy’s role has a tenant’s permissions, except for the database', () => {
  const granted = (role: { Policies: { PolicyDocument: { Statement: { Sid: string; Action: unknown }[] } }[] }) =>
    role.Policies.flatMap((policy) => policy.PolicyDocument.Statement.map(({ Sid, Action }) => ({ Sid, Action })));
  const ofTenant = tenantTemplate('access');
  const tenants = statements(ofTenant, 'AWS::IAM::Role', granted).flat();
  expect(statements(cell, 'AWS::IAM::Role', granted).flat()).toEqual(
    tenants.filter((grant) => JSON.stringify(grant).includes('rds-db') === false),
  );
});

test('the account administers the decoy’s key, and can neither use it nor grant its use', () => {
  const [policy] = statements(cell, 'AWS::KMS::Key', (key: { KeyPolicy: { Statement: unknown } }) => key.KeyPolicy) as {
    Statement: { Sid: string; Action: string[]; Condition?: unknown }[];
  }[];
  const unconditional = policy?.Statement.filter((statement) => statement.Condition === undefined);
  expect(unconditional?.map((statement) => statement.Sid)).toEqual(['AccountAdministers']);
  for (const use of ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:CreateGrant'])
    for (const action of unconditional?.flatMap((statement) => statement.Action) ?? [])
      expect([use, action, new RegExp(`^${action.replace('*', '.*')}$`).test(use)]).toEqual([use, action, false]);
});

test('the boundary limits each role to the tenant of its tag', () => {
  const [document] = statements(
    cell,
    'AWS::IAM::ManagedPolicy',
    (policy: { PolicyDocument: unknown }) => policy.PolicyDocument,
  ) as {
    Statement: { Sid: string; Action: string | string[] }[];
  }[];
  for (const statement of document?.Statement ?? [])
    if (!statement.Sid.startsWith('OsMetrics'))
      // biome-ignore lint/suspicious/noTemplateCurlyInString: an IAM policy variable
      expect(JSON.stringify(statement)).toContain('${aws:PrincipalTag/tenantId}');
  expect(JSON.stringify(document?.Statement.flatMap((statement) => statement.Action))).not.toContain('*');
});

test('the boundary has the name and the path by which other stacks refer to it', () => {
  cell.hasResourceProperties('AWS::IAM::ManagedPolicy', { ManagedPolicyName: 'TenantBoundary', Path: '/tenants/' });
});

test('cdk-nag finds nothing that is not suppressed with a reason', () => {
  expect(violations.map((found) => [found.ruleName, found.violatingResources.map((at) => at.constructPath)])).toEqual(
    [],
  );
});
