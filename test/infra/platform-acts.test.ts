import { STAGES } from '../../infra/config/stages';
import { listed, resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

describe.each(STAGES)('the record of acts of stage %s', (stage) => {
  const { foundation, controlPlane, all } = stageTemplates(stage);
  const tables = resourcesOf(foundation, 'AWS::DynamoDB::Table');
  const [[, acts] = []] = tables.filter(([, { Properties }]) => Properties.ResourcePolicy);
  const denied = statementsIn(acts?.Properties.ResourcePolicy);

  test('cannot be changed or deleted by anybody', () => {
    const [statement] = denied.filter(({ Condition }) => !Condition);
    expect(statement).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' }, Resource: '*' });
    expect(listed(statement?.Action)).toEqual(
      expect.arrayContaining([
        'dynamodb:UpdateItem',
        'dynamodb:DeleteItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:PartiQLDelete',
      ]),
    );
  });

  test('gets new items from PerformAct alone', () => {
    const [statement] = denied.filter(({ Condition }) => Condition);
    expect(statement).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'dynamodb:PutItem' });
    expect(JSON.stringify(statement?.Condition)).toMatch(
      /ArnNotEquals.*aws:PrincipalArn.*role\/tenant-onboarding-PerformAct/,
    );
  });

  test('is not written by any other role', () => {
    const roles = all.flatMap((template) => resourcesOf(template, 'AWS::IAM::Role'));
    const [[actsId = ''] = []] = tables.filter(([, { Properties }]) => Properties.ResourcePolicy);
    const rights = roles.flatMap(([, { Properties }]) => {
      const naming = statementsIn(Properties.Policies ?? []).filter((each) => JSON.stringify(each).includes(actsId));
      return naming.flatMap(({ Action }) => listed(Action)).map((action) => `${Properties.RoleName} ${action}`);
    });
    // AuditSurroundings reads the policy that keeps everybody else out, and no act.
    expect(rights.filter((each) => !each.startsWith('tenant-onboarding-PerformAct '))).toEqual([
      'tenant-onboarding-AuditSurroundings dynamodb:GetResourcePolicy',
    ]);
    expect(rights).toContain('tenant-onboarding-PerformAct dynamodb:PutItem');
  });

  test('people have two policies: the reader’s changes nothing, the operator’s only invokes PerformAct', () => {
    const policies = resourcesOf(controlPlane, 'AWS::IAM::ManagedPolicy');
    const actionsOf = (name: string) => {
      const [[, policy] = []] = policies.filter(([, { Properties }]) => Properties.ManagedPolicyName === name);
      return statementsIn(policy?.Properties).flatMap(({ Action }) => listed(Action));
    };
    const reader = actionsOf('tenant-onboarding-reader');
    expect(reader.length).toBeGreaterThan(10);
    expect(reader.filter((action) => !/:(?:Get|List|Describe|Query|StartQuery|Decrypt)/.test(action))).toEqual([]);
    const more = actionsOf('tenant-onboarding-operator').filter((action) => !reader.includes(action));
    expect(more).toEqual(['lambda:InvokeFunction']);
  });

  test('the policies of people stay below the size limit of a managed policy, 6,144 characters', () => {
    for (const [, { Properties }] of resourcesOf(controlPlane, 'AWS::IAM::ManagedPolicy')) {
      // A reference becomes an ARN of about 100 characters at most. The parts of a join stay as they are.
      const text = JSON.stringify(Properties.PolicyDocument)
        .replaceAll(/\{"Ref":"AWS::Partition"\}/g, 'aws')
        .replaceAll(/\{"(?:Ref|Fn::GetAtt|Fn::ImportValue)":[^{}]+\}/g, 'x'.repeat(100));
      expect([Properties.ManagedPolicyName, text.length < 6_144]).toEqual([Properties.ManagedPolicyName, true]);
    }
  });
});
