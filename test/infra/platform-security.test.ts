import { Stack } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { STAGES, stages } from '../../infra/config/stages';
import { policyOf } from '../../infra/constructs/grant';
import { inScratchApp } from '../support/scratch-app';
import { isDynamicReference, SECRET_NAME, secretsIn } from '../support/secrets-in-templates';
import { listed, resourcesOf, stageSynthesis, stageTemplates, statementsIn } from '../support/stage-templates';
import { nagFindings } from '../support/validated';

test('cdk-nag reports a resource that breaks its rules', () => {
  const found = inScratchApp((app) => {
    new Bucket(new Stack(app, 'Careless'), 'Bucket');
    return nagFindings(app);
  });
  expect(found.map(([rule]) => rule)).toContain('AwsSolutions-S1');
});

describe.each(STAGES)('stage %s', (stage) => {
  const { all, controlPlane } = stageTemplates(stage);

  test('satisfies cdk-nag AwsSolutions; each suppression has a reason', () => {
    const { nagFindings: found, acknowledged } = stageSynthesis(stage);
    expect(found).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(0);
    for (const reason of acknowledged) expect(reason.length).toBeGreaterThan(20);
  });

  test('allows no wildcard action in any identity policy', () => {
    const identities = ['AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'];
    const allowed = all
      .flatMap((template) => resourcesOf(template))
      .filter(([, { Type }]) => identities.includes(Type))
      .flatMap(([id, { Properties }]) =>
        statementsIn(Properties)
          .filter(({ Effect }) => Effect === 'Allow')
          .flatMap(({ Action }) => listed(Action).map((action) => `${id} ${action}`)),
      );
    expect(allowed.length).toBeGreaterThan(100);
    expect(allowed.filter((action) => action.includes('*'))).toEqual([]);
  });

  test('K7: lets no role, reader or operator read a log group of a tenant, or send it elsewhere', () => {
    const reading =
      /^logs:(?:Get(?:LogEvents|LogRecord|LogObject|LogFields)|FilterLogEvents|StartQuery|DescribeQueries|StartLiveTail|Unmask|CreateExportTask|PutSubscriptionFilter|PutAccountPolicy)$/i;
    const statements = all.flatMap((template) =>
      resourcesOf(template)
        .filter(([, { Type }]) => Type.startsWith('AWS::IAM::'))
        .flatMap(([id, { Properties }]) => statementsIn(Properties).map((each) => ({ id, ...each }))),
    );
    // Groups of the platform's functions and state machines, which log no text of a tenant's. Results of a query are for who
    // knows its id: nobody may list queries.
    const ofPlatform = /:log-group:(?:\/tenant-onboarding\/\*|\/aws\/vendedlogs\/states\/\w+):\*/;
    const reachesTenants = (resources: unknown[]) => !resources.every((each) => ofPlatform.test(JSON.stringify(each)));
    const readers = statements.filter(
      ({ Effect, Action, Resource }) =>
        Effect === 'Allow' &&
        listed(Action).some((action) => reading.test(action)) &&
        reachesTenants([Resource].flat()),
    );
    // The boundary of tenants' roles: enhanced monitoring reads its own group again. It has no text of a tenant's.
    expect(readers.map(({ id, Resource }) => [id, JSON.stringify(Resource)])).toEqual([
      [expect.stringContaining('TenantBoundary'), expect.stringMatching(/log-group:RDSOSMetrics\*:log-stream:\*"/)],
    ]);
  });

  test('attaches no AWS managed policy to a role, and never AdministratorAccess', () => {
    expect(JSON.stringify(all.map((template) => template.toJSON()))).not.toMatch(/AdministratorAccess|PowerUserAccess/);
    for (const template of all)
      for (const [id, { Properties }] of resourcesOf(template, 'AWS::IAM::Role'))
        expect([id, Properties.ManagedPolicyArns]).toEqual([id, undefined]);
  });

  test('lets only the billing account put events on its bus, with source billing', () => {
    const [[, bus] = []] = resourcesOf(controlPlane, 'AWS::Events::EventBus');
    expect(statementsIn(bus?.Properties)).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Action: 'events:PutEvents',
        Condition: { StringEquals: { 'events:source': 'billing' } },
      }),
    ]);
    expect(JSON.stringify(bus?.Properties.Policy.Statement[0].Principal)).toContain(
      `:iam::${stages[stage].billingAccountId}:root`,
    );
    controlPlane.resourceCountIs('AWS::Events::EventBusPolicy', 0);
  });

  test('puts no secret into an output, gives none to a function, and logs no event or execution data', () => {
    const written = all.flatMap((template) => secretsIn(template.toJSON().Resources));
    expect(written.filter((value) => !isDynamicReference(value))).toEqual([]);
    const functions = resourcesOf(controlPlane, 'AWS::Lambda::Function');
    expect(functions.length).toBeGreaterThan(10);
    for (const [id, { Properties }] of functions) {
      const names = Object.keys(Properties.Environment?.Variables ?? {});
      expect([id, names.filter((name) => SECRET_NAME.test(name) || name.startsWith('POWERTOOLS_LOG'))]).toEqual([
        id,
        [],
      ]);
    }
    for (const [id, { Properties }] of resourcesOf(controlPlane, 'AWS::StepFunctions::StateMachine'))
      expect([id, Properties.LoggingConfiguration.IncludeExecutionData]).toEqual([id, false]);
  });

  test('K4: each use of the break-glass role is kept, and it reaches no instance but restored ones', () => {
    const kept = resourcesOf(controlPlane, 'AWS::Events::Rule').filter(([id]) => id.startsWith('BreakGlass'));
    expect(kept).toHaveLength(2);
    for (const [, { Properties }] of kept) {
      expect(Properties.State).toBe('ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS');
      expect(JSON.stringify(Properties.EventPattern)).toContain(':role/tenant-onboarding-break-glass');
    }
    controlPlane.hasResourceProperties('AWS::IAM::Role', { RoleName: 'tenant-onboarding-break-glass' });
    const [[, role] = []] = resourcesOf(controlPlane, 'AWS::IAM::Role').filter(
      ([, { Properties }]) => Properties.RoleName === 'tenant-onboarding-break-glass',
    );
    const changing = statementsIn(role?.Properties.Policies).filter(({ Action }) =>
      listed(Action).some((action) => /rds:(?:Modify|Delete)/.test(action)),
    );
    expect(changing.map(({ Resource }) => JSON.stringify(Resource))).toEqual([
      expect.stringMatching(/:db:tenant-\*-restored"/),
    ]);
    const onKeys = statementsIn(role?.Properties.Policies).filter(({ Action }) =>
      listed(Action).some((action) => action.startsWith('kms:')),
    );
    expect(onKeys.map(({ Condition }) => Condition)).toEqual([
      expect.objectContaining({ StringEquals: { 'kms:ViaService': expect.anything() } }),
    ]);
  });

  test('has encrypted queues that require TLS', () => {
    const queues = resourcesOf(controlPlane, 'AWS::SQS::Queue');
    expect(queues).toHaveLength(9);
    for (const [, { Properties }] of queues) expect(Properties.SqsManagedSseEnabled).toBe(true);
    const policies = resourcesOf(controlPlane, 'AWS::SQS::QueuePolicy').map(([, { Properties }]) => Properties);
    for (const policy of policies)
      expect(statementsIn(policy)).toContainEqual(
        expect.objectContaining({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
      );
    expect(policies).toHaveLength(queues.length);
  });
});

describe('the role of tenant stacks', () => {
  const { controlPlane } = stageTemplates('prod');
  const [[, role] = []] = resourcesOf(controlPlane, 'AWS::IAM::Role').filter(
    ([, { Properties }]) => Properties.RoleName === 'tenant-onboarding-stacks',
  );
  const statements = statementsIn(role?.Properties.Policies);
  const allowing = (action: string) => statements.filter(({ Action }) => listed(Action).includes(action));

  test.each(['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary'])(
    '%s: only under the tenants’ path and with the boundary',
    (action) => {
      const found = allowing(action);
      expect(found).toHaveLength(1);
      expect(JSON.stringify(found[0]?.Resource)).toMatch(/:role\/tenants\/tenant-\*"/);
      const boundary = found[0]?.Condition?.StringEquals?.['iam:PermissionsBoundary'];
      expect(JSON.stringify(boundary)).toContain('TenantBoundary');
    },
  );

  test('cannot remove or change the boundary, or attach another policy', () => {
    for (const action of [
      'iam:DeleteRolePermissionsBoundary',
      'iam:CreatePolicyVersion',
      'iam:SetDefaultPolicyVersion',
      'iam:CreatePolicy',
      'iam:AttachRolePolicy',
    ])
      expect([action, allowing(action)]).toEqual([action, []]);
  });

  test('passes tenants’ roles to the two services that need one, and no others', () => {
    expect(allowing('iam:PassRole').map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'iam:PassedToService': ['vpc-flow-logs.amazonaws.com', 'monitoring.rds.amazonaws.com'] } },
    ]);
  });

  test('deletes no EC2 resource without a tenant tag', () => {
    const deleting = statements.filter(({ Action }) =>
      listed(Action).some((action) => action.startsWith('ec2:Delete')),
    );
    expect(deleting.length).toBeGreaterThan(0);
    for (const { Condition } of deleting)
      expect(['aws:ResourceTag/tenantId', 'aws:ResourceTag/cell']).toEqual(
        expect.arrayContaining(Object.keys(Condition?.Null ?? { 'no condition': '' })),
      );
  });

  test('can be assumed by CloudFormation only, acting for this account', () => {
    controlPlane.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'tenant-onboarding-stacks',
      AssumeRolePolicyDocument: {
        Statement: [
          Match.objectLike({
            Principal: { Service: 'cloudformation.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': stages.prod.env.account } },
          }),
        ],
      },
    });
  });
});

describe('grants', () => {
  const granting = (grant: Parameters<typeof policyOf>[1][number]) =>
    inScratchApp((app) => policyOf(new Stack(app, 'Stack'), [grant]));

  test('refuse a wildcard action, whatever the reason', () => {
    const grant = { actions: ['s3:Get*'], resources: ['arn:aws:s3:::one'], wildcardBecause: 'it is handy' };
    expect(() => granting(grant)).toThrow('wildcard action');
  });

  test('refuse a wildcard resource without a reason', () => {
    expect(() => granting({ actions: ['s3:GetObject'], resources: ['arn:aws:s3:::one/*'] })).toThrow('needs a reason');
  });
});
