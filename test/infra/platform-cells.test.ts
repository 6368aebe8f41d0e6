import { BlockList } from 'node:net';
import { Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { CellDescriptorSchema } from '../../functions/contract/cell';
import { CELLS_PARAMETER_PATH, ringZeroHost } from '../../functions/contract/naming';
import { cellCapacity } from '../../infra/config/cell-capacity';
import { requireCopyTime } from '../../infra/config/copy-time';
import { STAGES, stages } from '../../infra/config/stages';
import { requireWayOut } from '../../infra/config/way-out';
import { resourcesOf, stageTemplates, statementsIn } from '../support/stage-templates';

function blockOf(cidr: string): BlockList {
  const [address = '', prefix = ''] = cidr.split('/');
  const block = new BlockList();
  block.addSubnet(address, Number(prefix));
  return block;
}
const first = (cidr: string) => cidr.split('/')[0] ?? '';

/** A template's JSON text with every reference replaced by a name that looks like what it stands for. */
function resolved(value: { 'Fn::Join': [string, (string | Record<string, unknown>)[]] }): string {
  return value['Fn::Join'][1]
    .map((part) => (typeof part === 'string' ? part : JSON.stringify(part).replace(/[^A-Za-z0-9]/g, '')))
    .join('');
}

interface Managed {
  readonly ManagedRuleGroupStatement: { readonly Name: string };
}

test('D8: a cell on AWS without a NAT gateway is refused: its tasks could not start', () => {
  const cells = [
    { name: 'c1', natGateways: 1 },
    { name: 'c2', natGateways: 0 },
  ];
  expect(() => requireWayOut({ credentials: 'bootstrap-roles', cells })).toThrow('no NAT gateway in cell c2');
  requireWayOut({ credentials: 'cli', cells });
  for (const stage of STAGES) requireWayOut(stages[stage]);
});

test('a call of a restore that copies for so long that its last chunk could be killed is refused', () => {
  expect(() => requireCopyTime({ copyFor: Duration.seconds(241) })).toThrow('may copy for 240 s at most');
  for (const stage of STAGES) requireCopyTime(stages[stage]);
});

describe.each(
  STAGES.flatMap((stage) => stages[stage].cells.map((cell, index) => ({ stage, cell, index, name: cell.name }))),
)('cell $name of stage $stage', ({ stage, cell, index }) => {
  const template = stageTemplates(stage).cells[index];
  if (!template) throw new Error('the stage has no such cell');
  const subnets = (group: string) =>
    resourcesOf(template, 'AWS::EC2::Subnet')
      .map(([, { Properties }]) => Properties)
      .filter(({ Tags }) =>
        Tags.some((tag: { Key: string; Value: string }) => tag.Key === 'aws-cdk:subnet-name' && tag.Value === group),
      );

  test('has application subnets in three zones, inside the block that tenants admit, and no other subnet in it', () => {
    const app = blockOf(cell.appCidr);
    expect(subnets('App')).toHaveLength(3);
    expect(new Set(subnets('App').map(({ AvailabilityZone }) => AvailabilityZone)).size).toBe(3);
    for (const { CidrBlock } of subnets('App')) expect(app.check(first(CidrBlock))).toBe(true);
    for (const { CidrBlock } of subnets('Public')) expect(app.check(first(CidrBlock))).toBe(false);
    expect(subnets('Public')).toHaveLength(3);
  });

  test("keeps its tenants' blocks apart from its own", () => {
    expect(blockOf(cell.vpcCidr).check(first(cell.tenantRange))).toBe(false);
    expect(blockOf(cell.tenantRange).check(first(cell.vpcCidr))).toBe(false);
  });

  test('has the configured NAT gateways, and flow logs', () => {
    template.resourceCountIs('AWS::EC2::NatGateway', cell.natGateways);
    template.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL' });
  });

  test('D8: reaches S3 and DynamoDB from its application subnets through endpoints', () => {
    const endpoints = resourcesOf(template, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) => Properties);
    expect(endpoints.map(({ ServiceName }) => resolved(ServiceName).split('.').at(-1)).sort()).toEqual([
      'dynamodb',
      's3',
    ]);
    for (const { VpcEndpointType, RouteTableIds } of endpoints) {
      expect(VpcEndpointType).toBe('Gateway');
      expect(RouteTableIds).toHaveLength(3);
    }
  });

  test('D8: lets the shared service connect to HTTPS and to tenants’ databases only', () => {
    const groups = resourcesOf(template, 'AWS::EC2::SecurityGroup').map(([, { Properties }]) => Properties);
    const [service] = groups.filter(({ GroupDescription }) => /to the shared service/.test(GroupDescription));
    expect(service?.SecurityGroupEgress).toEqual([
      expect.objectContaining({ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp', FromPort: 443, ToPort: 443 }),
      expect.objectContaining({ CidrIp: cell.tenantRange, IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432 }),
    ]);
  });

  test('D12: has the configured web ACL, with managed rules and a limit for each address', () => {
    const { webAcl } = stages[stage];
    template.resourceCountIs('AWS::WAFv2::WebACLAssociation', webAcl ? 1 : 0);
    const [[id, acl] = []] = resourcesOf(template, 'AWS::WAFv2::WebACL');
    if (!webAcl || !id) return;
    const [rate, ...managed] = acl?.Properties.Rules ?? [];
    expect(rate).toMatchObject({
      Action: { Block: {} },
      Statement: { RateBasedStatement: { Limit: webAcl.requestsPerFiveMinutes, AggregateKeyType: 'IP' } },
    });
    expect(managed.map(({ Statement }: never) => (Statement as Managed).ManagedRuleGroupStatement.Name)).toEqual([
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
    ]);
    template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', { WebACLArn: { 'Fn::GetAtt': [id, 'Arn'] } });
  });

  test('publishes a descriptor that the contract accepts', () => {
    const parameter = resourcesOf(template, 'AWS::SSM::Parameter')
      .map(([, each]) => each)
      .find(({ Properties }) => Properties.Name.startsWith(CELLS_PARAMETER_PATH));
    expect(parameter?.Properties.Name).toBe(`/tenant-onboarding/cells/${cell.name}`);
    const descriptor = CellDescriptorSchema.parse(JSON.parse(resolved(parameter?.Properties.Value)));
    expect(descriptor).toMatchObject({
      name: cell.name,
      capacity: cellCapacity(cell, stages[stage]),
      maxRules: cell.quotas.rulesPerLoadBalancer,
      appCidr: cell.appCidr,
      tenantRange: cell.tenantRange,
    });
    expect(descriptor.availabilityZones).toEqual(stages[stage].availabilityZones);
    expect(new Set(descriptor.routeTableIds).size).toBe(3);
    expect(descriptor.targetGroupArns.blue).not.toBe(descriptor.targetGroupArns.green);
  });

  test('answers 404 for an unknown host, over TLS if there is a certificate', () => {
    const { certificateArn } = stages[stage];
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Protocol: certificateArn ? 'HTTPS' : 'HTTP',
      ...(certificateArn && { Certificates: [{ CertificateArn: certificateArn }] }),
      DefaultActions: [
        Match.objectLike({ Type: 'fixed-response', FixedResponseConfig: Match.objectLike({ StatusCode: '404' }) }),
      ],
    });
    if (certificateArn)
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
        Protocol: 'HTTP',
        DefaultActions: [
          Match.objectLike({ Type: 'redirect', RedirectConfig: Match.objectLike({ Protocol: 'HTTPS' }) }),
        ],
      });
  });

  test('drops invalid headers, logs access, and is protected if the stage says so', () => {
    const attribute = (Key: string, Value: unknown) => Match.objectLike({ Key, Value });
    for (const expected of [
      attribute('routing.http.drop_invalid_header_fields.enabled', 'true'),
      attribute('access_logs.s3.enabled', 'true'),
      attribute('deletion_protection.enabled', String(stages[stage].deletionProtection)),
    ])
      template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
        LoadBalancerAttributes: Match.arrayWith([expected]),
      });
  });

  test('has two equal colours, each with rollback and its own target group', () => {
    /** A colour's resources, with the colour taken out of names and references. */
    const ofColour = (type: string, colour: string) =>
      resourcesOf(template, type)
        .filter(([id]) => id.includes(colour))
        .map(([, { Properties }]) =>
          JSON.stringify(Properties)
            .replaceAll(/(?:blue|green)/gi, 'COLOUR')
            .replaceAll(/(COLOUR[A-Za-z]*)[0-9A-F]{8}/g, '$1')
            .replaceAll(/"Priority":\d/g, ''),
        );
    const types = ['AWS::ECS::Service', 'AWS::ElasticLoadBalancingV2::TargetGroup'];
    for (const type of [
      ...types,
      'AWS::ElasticLoadBalancingV2::ListenerRule',
      'AWS::ApplicationAutoScaling::ScalableTarget',
      'AWS::ApplicationAutoScaling::ScalingPolicy',
      'AWS::CloudWatch::Alarm',
    ]) {
      expect(ofColour(type, 'Blue').length).toBeGreaterThan(0);
      expect(ofColour(type, 'Green')).toEqual(ofColour(type, 'Blue'));
    }
    for (const type of types) template.resourceCountIs(type, 2);
    for (const [, { Properties }] of resourcesOf(template, 'AWS::ECS::Service'))
      expect(Properties.DeploymentConfiguration).toMatchObject({
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      });
  });

  test.each(['SetUpDatabase', 'AskDatabase'])('%s reaches only databases’ port, and may only write its log', (name) => {
    const [, lambda] =
      resourcesOf(template, 'AWS::Lambda::Function').find(
        ([, { Properties }]) => Properties.FunctionName === `tenant-onboarding-${name}-${cell.name}`,
      ) ?? [];
    expect(lambda?.Properties.VpcConfig.SubnetIds).toHaveLength(3);
    const groups = resourcesOf(template, 'AWS::EC2::SecurityGroup');
    const [, group] =
      groups.find(([id]) => id === lambda?.Properties.VpcConfig.SecurityGroupIds[0]['Fn::GetAtt'][0]) ?? [];
    expect(group?.Properties.SecurityGroupEgress).toEqual([
      expect.objectContaining({ CidrIp: cell.tenantRange, FromPort: 5432, ToPort: 5432 }),
    ]);
    const role = template.toJSON().Resources[lambda?.Properties.Role['Fn::GetAtt'][0]];
    const allowed = role.Properties.Policies.flatMap(
      ({ PolicyDocument }: { PolicyDocument: { Statement: { Action: string[] }[] } }) =>
        PolicyDocument.Statement.flatMap(({ Action }) => Action),
    );
    expect(allowed.filter((action: string) => !/^(?:logs|xray|ec2):/.test(action))).toEqual([]);
  });

  test('D4: sets no number of tasks, and no minimum below which scaling would empty a colour', () => {
    for (const [, { Properties }] of resourcesOf(template, 'AWS::ECS::Service'))
      expect(Properties).not.toHaveProperty('DesiredCount');
    const { min, max } = cell.service.liveTasks;
    expect(min).toBeGreaterThan(0);
    for (const [, { Properties }] of resourcesOf(template, 'AWS::ApplicationAutoScaling::ScalableTarget'))
      expect(Properties).toMatchObject({ MinCapacity: min, MaxCapacity: max });
  });

  test('names a family of task definitions for each colour, and no revision or image', () => {
    const [[seeding] = []] = resourcesOf(template, 'Custom::ColourTasks');
    const services = resourcesOf(template, 'AWS::ECS::Service');
    expect(services.map(([, { Properties }]) => Properties.TaskDefinition).sort()).toEqual([
      `cell-${cell.name}-blue`,
      `cell-${cell.name}-green`,
    ]);
    for (const [, { DependsOn }] of services) expect(DependsOn).toContain(seeding);
    const [[, definition] = []] = resourcesOf(template, 'AWS::ECS::TaskDefinition');
    expect(definition?.Properties.Family).toBe(`cell-${cell.name}`);
  });

  test('is published to the control plane only after SeedCell has set its live colour', () => {
    const [[id, seeding] = []] = resourcesOf(template, 'Custom::LiveColour');
    expect(seeding?.Properties).toMatchObject({ Cell: cell.name, MinimumTasks: cell.service.liveTasks.min });
    expect(JSON.stringify(seeding?.Properties.ServiceToken)).toContain('SeedCell');
    const parameter = resourcesOf(template, 'AWS::SSM::Parameter')
      .map(([, each]) => each)
      .find(({ Properties }) => Properties.Name.startsWith(CELLS_PARAMETER_PATH));
    expect(parameter?.DependsOn).toContain(id);
    expect(resolved(parameter?.Properties.Value)).not.toMatch(/live(?!Tasks)/i);
    template.hasOutput('LiveTargetGroupArn', { Value: { 'Fn::GetAtt': [id, 'TargetGroupArn'] } });
  });

  test('rings when no colour has a healthy task; an idle colour alone does not ring', () => {
    const parts = resourcesOf(template, 'AWS::CloudWatch::Alarm').filter(
      ([, { Properties }]) => Properties.MetricName === 'HealthyHostCount',
    );
    expect(parts).toHaveLength(2);
    for (const [, { Properties }] of parts) {
      expect(Properties).toMatchObject({ TreatMissingData: 'breaching' });
      expect(Properties).not.toHaveProperty('AlarmActions');
    }
    const [[, whole] = []] = resourcesOf(template, 'AWS::CloudWatch::CompositeAlarm');
    expect(whole?.Properties.AlarmActions).toHaveLength(1);
    expect(whole?.Properties.AlarmDescription).toContain('/runbook.md#cell-unhealthy');
    const rule = resolved(whole?.Properties.AlarmRule);
    for (const [id] of parts) expect(rule).toContain(id);
    expect(rule).toMatch(/ AND /);
  });

  test('attaches each target group to the load balancer before its service, as ECS requires', () => {
    const rules = resourcesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule')
      .map(([id]) => id)
      .filter((id) => id.includes('Check'));
    expect(rules).toHaveLength(2);
    const services = resourcesOf(template, 'AWS::ECS::Service');
    for (const rule of rules) expect(services.filter(([, { DependsOn }]) => DependsOn?.includes(rule))).toHaveLength(1);
    for (const [, { Properties }] of resourcesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule'))
      expect(Properties.Priority).toBeLessThan(cell.firstPriority);
  });

  test('has a page that releases move before any tenant’s, made of the decoy’s bucket and role', () => {
    const host = ringZeroHost(cell.name, stages[stage].domain);
    const ofRingZero = resourcesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule').filter(([, { Properties }]) =>
      JSON.stringify(Properties.Conditions).includes(host),
    );
    expect(ofRingZero).toHaveLength(1);
    const [[rule, { Properties }] = ['', { Properties: {} }]] = ofRingZero;
    expect(Properties.Conditions).toHaveLength(1);
    expect(Properties.Priority).toBeLessThan(cell.firstPriority);
    const [[, seeding] = []] = resourcesOf(template, 'Custom::RingZero');
    expect(seeding?.Properties).toMatchObject({ Host: host, RuleArn: { Ref: rule } });
    expect(JSON.stringify(seeding?.Properties.ServiceToken)).toContain('SeedRingZero');
    const [[bucket] = []] = resourcesOf(template, 'AWS::S3::Bucket').filter(([id]) => id.startsWith('Decoy'));
    expect(seeding?.DependsOn).toEqual(expect.arrayContaining([rule, bucket]));
    const [[, role] = []] = resourcesOf(template, 'AWS::IAM::Role').filter(([id]) => id.startsWith('Decoy'));
    expect(JSON.stringify(role?.Properties.AssumeRolePolicyDocument)).toContain('SeedRingZero');
  });

  test('lets a task read routes and assume tenants’ roles, and nothing else', () => {
    const [[, definition] = []] = resourcesOf(template, 'AWS::ECS::TaskDefinition');
    const role = template.toJSON().Resources[definition?.Properties.TaskRoleArn['Fn::GetAtt'][0]];
    expect(statementsIn(role.Properties.Policies)).toEqual([
      expect.objectContaining({
        Action: ['sts:AssumeRole', 'sts:TagSession'],
        Resource: { 'Fn::Join': ['', expect.arrayContaining([expect.stringContaining(':role/tenants/tenant-*')])] },
      }),
      expect.objectContaining({
        Action: 'dynamodb:GetItem',
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ROUTE#*'] } },
      }),
    ]);
    for (const [, { Properties }] of resourcesOf(template, 'AWS::IAM::Policy'))
      expect(Properties.Roles).not.toContainEqual({ Ref: definition?.Properties.TaskRoleArn['Fn::GetAtt'][0] });
  });
});
