import { STACK_KINDS } from '../../functions/contract/stacks';
import { HANDLER_PERMISSIONS } from '../support/handler-permissions';
import { listed, resourcesOf, type Statement, stageTemplates, statementsIn } from '../support/stage-templates';
import { tenantTemplate } from '../support/tenant-template';

const { controlPlane, cells } = stageTemplates('prod');
const [[, role] = []] = resourcesOf(controlPlane, 'AWS::IAM::Role').filter(
  ([, { Properties }]) => Properties.RoleName === 'tenant-onboarding-stacks',
);
const statements = statementsIn(role?.Properties.Policies);
const allowing = (action: string) => statements.filter(({ Action }) => listed(Action).includes(action));

const typesInUse = [
  ...new Set(STACK_KINDS.flatMap((kind) => resourcesOf(tenantTemplate(kind))).map(([, { Type }]) => Type)),
].sort();

describe('the role of tenant stacks', () => {
  test('K6: has a list of handler permissions for every resource type in the tenants’ templates', () => {
    expect(Object.keys(HANDLER_PERMISSIONS).sort()).toEqual(typesInUse);
  });

  test.each(Object.entries(HANDLER_PERMISSIONS))(
    'has every permission that CloudFormation needs for %s',
    (_, permissions) => {
      expect(permissions.filter((action) => allowing(action).length === 0)).toEqual([]);
    },
  );

  const TENANTS = { Null: { 'aws:ResourceTag/tenantId': 'false' } };
  const CELLS = { Null: { 'aws:ResourceTag/cell': 'false' } };
  const typesOf = ({ Resource }: Statement) =>
    listed(Resource).map((arn) => /:([a-z-]+)\/\*"/.exec(JSON.stringify(arn))?.[1] ?? 'all');
  const conditionsOf = (action: string, type: string) =>
    allowing(action)
      .filter((statement) => typesOf(statement).includes(type))
      .map(({ Condition }) => Condition);

  test('tags resources as it creates them, and later only tenants’ resources and security groups of no cell', () => {
    const taggable = ['subnet', 'route-table', 'vpc', 'vpc-endpoint', 'vpc-flow-log', 'vpc-peering-connection'];
    for (const type of taggable) {
      const [made, ...others] = conditionsOf('ec2:CreateTags', type);
      expect([type, made?.StringEquals?.['ec2:CreateAction']]).toEqual([type, expect.arrayContaining(['CreateVpc'])]);
      const afterwards = others.filter((condition) => condition?.ArnLike);
      expect([type, others.filter((condition) => !condition?.ArnLike)]).toEqual([type, [TENANTS]]);
      expect([type, afterwards.length]).toEqual([type, type === 'vpc-peering-connection' ? 1 : 0]);
    }
    expect(conditionsOf('ec2:CreateTags', 'security-group')).toHaveLength(3);
    expect(conditionsOf('ec2:CreateTags', 'security-group')).toContainEqual({
      Null: { 'aws:ResourceTag/cell': 'true', 'aws:RequestTag/tenantId': 'false' },
    });
  });

  test.each([
    'ec2:CreateSubnet',
    'ec2:CreateRouteTable',
    'ec2:CreateSecurityGroup',
    'ec2:CreateVpcEndpoint',
    'ec2:CreateVpcPeeringConnection',
    'ec2:CreateFlowLogs',
    'ec2:ModifyVpcAttribute',
  ])('%s in a tenant’s VPC only', (action) => {
    expect(conditionsOf(action, 'vpc')).toEqual([TENANTS]);
  });

  test('K6: deletes a security group without tags in a rollback, and none of a cell', () => {
    expect(conditionsOf('ec2:DeleteSecurityGroup', 'security-group')).toContainEqual({
      Null: { 'aws:ResourceTag/cell': 'true' },
    });
  });

  test('associates route tables with tenants’ subnets only', () => {
    for (const action of ['ec2:AssociateRouteTable', 'ec2:ReplaceRouteTableAssociation'])
      for (const type of ['subnet', 'route-table']) expect(conditionsOf(action, type)).toEqual([TENANTS]);
  });

  test('peers a tenant’s VPC with a cell’s VPC of this account only', () => {
    expect(conditionsOf('ec2:AcceptVpcPeeringConnection', 'vpc')).toEqual([CELLS]);
    for (const action of ['ec2:CreateVpcPeeringConnection', 'ec2:AcceptVpcPeeringConnection']) {
      const [condition, ...others] = conditionsOf(action, 'vpc-peering-connection');
      expect(others).toEqual([]);
      expect(JSON.stringify(condition?.ArnLike)).toMatch(/"ec2:AccepterVpc":.*444455556666:vpc\/\*/);
    }
  });

  test('changes no security group of a cell: each carries a tag that the role is denied', () => {
    for (const action of ['ec2:AuthorizeSecurityGroupIngress', 'ec2:AuthorizeSecurityGroupEgress'])
      expect(conditionsOf(action, 'security-group')).toEqual([{ Null: { 'aws:ResourceTag/cell': 'true' } }]);
    const groups = cells.flatMap((cell) => resourcesOf(cell, 'AWS::EC2::SecurityGroup'));
    expect(groups.length).toBeGreaterThan(0);
    for (const [id, { Properties }] of groups)
      expect([id, Properties.Tags]).toEqual([id, expect.arrayContaining([{ Key: 'cell', Value: 'c1' }])]);
  });
});
