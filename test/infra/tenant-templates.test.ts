import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsSolutionsChecks } from 'cdk-nag';
import { STACK_KINDS, STACK_PARAMETERS, type StackKind, StackOutputSchemas } from '../../functions/contract/stacks';
import { synthesizeTenantTemplates, TENANT_STACKS, tenantApp } from '../../infra/tenant/synthesize';

interface CfnTemplate {
  Parameters: Record<string, { Default?: unknown }>;
  Outputs: Record<string, { Condition?: string }>;
  Rules?: unknown;
  Resources: Record<
    string,
    { Type: string; Properties: Record<string, unknown>; Condition?: string; DeletionPolicy?: string }
  >;
}

let directory: string;
const synthesize = (name: string) => synthesizeTenantTemplates(join(directory, name));
const templateOf = (kind: StackKind) =>
  JSON.parse(readFileSync(join(directory, 'first', `${kind}.template.json`), 'utf8')) as CfnTemplate;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tenant-templates-test-'));
  synthesize('first');
});
afterAll(() => rmSync(directory, { recursive: true }));

const ofType = (template: CfnTemplate, type: string) =>
  Object.values(template.Resources).filter((resource) => resource.Type === type);

test('F1: the network makes the role of enhanced monitoring, before the database needs it', () => {
  const monitoring = (kind: 'network' | 'database') =>
    ofType(templateOf(kind), 'AWS::IAM::Role').filter(({ Properties }) =>
      JSON.stringify(Properties).includes('monitoring.rds.amazonaws.com'),
    );
  expect(monitoring('network').map(({ Condition }) => Condition)).toEqual([undefined]);
  expect(monitoring('database').map(({ Condition }) => Condition)).toEqual(['NoMonitoringRole']);
  const roles = ofType(templateOf('database'), 'AWS::RDS::DBInstance').map(
    ({ Properties }) => Properties?.MonitoringRoleArn,
  );
  for (const role of roles)
    expect(role).toEqual({
      'Fn::If': ['NoMonitoringRole', { 'Fn::GetAtt': ['MonitoringRole', 'Arn'] }, { Ref: 'MonitoringRoleArn' }],
    });
  expect(roles).toHaveLength(2);
});

describe.each(STACK_KINDS)('the %s template', (kind) => {
  test('declares exactly the parameters of the contract, without defaults', () => {
    const { Parameters } = templateOf(kind);
    expect(Object.keys(Parameters).sort()).toEqual([...STACK_PARAMETERS[kind]].sort());
    expect(Object.values(Parameters).filter((parameter) => parameter.Default !== undefined)).toEqual([]);
  });

  test('has exactly the outputs of the contract; conditional outputs are optional there', () => {
    const { Outputs } = templateOf(kind);
    const { shape } = StackOutputSchemas[kind];
    expect(Object.keys(Outputs).sort()).toEqual(Object.keys(shape).sort());
    // Stacks of earlier releases do not have the last one.
    for (const [name, schema] of Object.entries(shape).filter(([output]) => output !== 'MonitoringRoleArn'))
      expect([name, Outputs[name]?.Condition !== undefined]).toEqual([name, schema.safeParse(undefined).success]);
  });

  test('can be launched anywhere: it needs no assets, no bootstrap stack and no CDK metadata', () => {
    const text = JSON.stringify(templateOf(kind));
    expect(text).not.toMatch(/bootstrap|cdk-hnb659fds|AWS::CDK::Metadata|aws:cdk:path|AssetParameters/i);
    expect(templateOf(kind).Rules).toBeUndefined();
  });

  test('tags every resource that can have tags with the tenant', () => {
    const untaggable = [
      'AWS::EC2::Route',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::S3::BucketPolicy',
      'AWS::SecretsManager::SecretTargetAttachment',
    ];
    for (const [id, { Type, Properties }] of Object.entries(templateOf(kind).Resources))
      if (!untaggable.includes(Type))
        expect([id, Properties.Tags]).toEqual([
          id,
          expect.arrayContaining([{ Key: 'tenantId', Value: { Ref: 'TenantId' } }]),
        ]);
  });

  test('has every role under the tenants’ path and with the boundary', () => {
    for (const role of ofType(templateOf(kind), 'AWS::IAM::Role'))
      expect(role.Properties).toMatchObject({ Path: '/tenants/', PermissionsBoundary: { Ref: 'BoundaryArn' } });
  });

  test('has no resource that is retained on deletion', () => {
    const snapshotByDefault = ['AWS::RDS::DBInstance'];
    for (const [id, { Type, DeletionPolicy }] of Object.entries(templateOf(kind).Resources)) {
      expect([id, DeletionPolicy ?? 'Delete']).toEqual([id, 'Delete']);
      if (snapshotByDefault.includes(Type)) expect([id, DeletionPolicy]).toEqual([id, 'Delete']);
    }
  });
});

test('the same source gives the same template and version, also with the CDK command line', () => {
  const first = synthesize('first');
  process.env.CDK_CONTEXT_JSON = JSON.stringify({
    'aws:cdk:enable-path-metadata': true,
    'aws:cdk:version-reporting': true,
  });
  const second = synthesize('second');
  delete process.env.CDK_CONTEXT_JSON;
  for (const kind of STACK_KINDS) {
    expect(readFileSync(second[kind].file, 'utf8')).toBe(readFileSync(first[kind].file, 'utf8'));
    expect(second[kind].version).toBe(first[kind].version);
    expect(first[kind].version).toMatch(/^[0-9a-f]{12}$/);
  }
  expect(new Set(STACK_KINDS.map((kind) => first[kind].version)).size).toBe(STACK_KINDS.length);
});

test('cdk-nag finds nothing that is not suppressed with a reason', () => {
  const app = tenantApp(join(directory, 'nag'));
  for (const kind of STACK_KINDS) TENANT_STACKS[kind](app);
  const findings = new AwsSolutionsChecks()
    .validateScope(app)
    .violations.map((found) => [found.ruleName, found.violatingResources.map((resource) => resource.constructPath)]);
  expect(findings).toEqual([]);
});
