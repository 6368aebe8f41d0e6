import { Stack } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { TENANT_STACKS } from '../../infra/tenant/synthesize';
import { inScratchApp } from '../support/scratch-app';
import { tenantTemplate } from '../support/tenant-template';

const template = tenantTemplate;
const allOf = (of: Template, type: string) => Object.values(of.findResources(type)).map((found) => found.Properties);
const SLOT_HALF = { 'Fn::Select': [0, { 'Fn::Cidr': [{ Ref: 'VpcCidr' }, 2, '7'] }] };

describe('network', () => {
  const network = template('network');

  test('has no route to the internet', () => {
    for (const type of ['InternetGateway', 'NatGateway', 'EgressOnlyInternetGateway', 'TransitGatewayAttachment'])
      network.resourceCountIs(`AWS::EC2::${type}`, 0);
    for (const subnet of allOf(network, 'AWS::EC2::Subnet')) expect(subnet.MapPublicIpOnLaunch).toBe(false);
  });

  test('has two database subnets in different zones, with one private route table', () => {
    const subnets = allOf(network, 'AWS::EC2::Subnet');
    expect(subnets).toHaveLength(2);
    expect(new Set(subnets.map((subnet) => JSON.stringify(subnet.AvailabilityZone))).size).toBe(2);
    expect(new Set(subnets.map((subnet) => JSON.stringify(subnet.CidrBlock))).size).toBe(2);
    for (const association of allOf(network, 'AWS::EC2::SubnetRouteTableAssociation'))
      expect(association.RouteTableId).toEqual({ 'Fn::GetAtt': ['RouteTable', 'RouteTableId'] });
  });

  test('D7: takes its zones from the cell, not from the first zones of the account', () => {
    const zones = allOf(network, 'AWS::EC2::Subnet').map(({ AvailabilityZone }) => AvailabilityZone);
    expect(zones).toEqual([{ Ref: 'ZoneA' }, { Ref: 'ZoneB' }]);
    for (const kind of ['network', 'database', 'storage', 'access'] as const)
      expect(JSON.stringify(template(kind).toJSON())).not.toContain('Fn::GetAZs');
  });

  test('routes only over the peering: to the application subnets, and back to the database subnets', () => {
    const routes = allOf(network, 'AWS::EC2::Route').map(
      ({ RouteTableId, DestinationCidrBlock, VpcPeeringConnectionId, ...other }) => {
        expect(VpcPeeringConnectionId).toEqual({ Ref: 'Peering' });
        expect(other).toEqual({});
        return [RouteTableId.Ref ?? 'own', DestinationCidrBlock];
      },
    );
    expect(routes).toEqual([
      ['own', { Ref: 'CellAppCidr' }],
      ['CellRouteTableIdA', SLOT_HALF],
      ['CellRouteTableIdB', SLOT_HALF],
      ['CellRouteTableIdC', SLOT_HALF],
    ]);
  });

  test('lets only the cell connect to the database by PostgreSQL, and lets the database connect to nothing', () => {
    network.resourceCountIs('AWS::EC2::SecurityGroup', 1);
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [
        Match.objectLike({ IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, CidrIp: { Ref: 'CellAppCidr' } }),
      ],
      SecurityGroupEgress: [Match.objectLike({ CidrIp: '127.0.0.1/32' })],
    });
  });

  test("has an endpoint that allows the tenant's bucket alone", () => {
    const [endpoint] = allOf(network, 'AWS::EC2::VPCEndpoint');
    expect(endpoint?.VpcEndpointType).toBe('Gateway');
    for (const statement of endpoint?.PolicyDocument.Statement ?? [])
      for (const resource of statement.Resource)
        expect(JSON.stringify(resource)).toContain('s3:::tenant-",{"Ref":"TenantId"}');
  });

  test("logs all traffic with the tenant's key", () => {
    network.hasResourceProperties('AWS::EC2::FlowLog', {
      ResourceType: 'VPC',
      ResourceId: { 'Fn::GetAtt': ['Vpc', 'VpcId'] },
      TrafficType: 'ALL',
      LogGroupName: { Ref: 'FlowLogGroup' },
    });
    network.hasResourceProperties('AWS::Logs::LogGroup', { KmsKeyId: { Ref: 'KeyArn' }, RetentionInDays: 365 });
  });
});

describe('database', () => {
  const database = template('database');

  test("encrypts all that it stores with the tenant's key", () => {
    const key = { Ref: 'KeyArn' };
    database.hasResourceProperties('AWS::RDS::DBInstance', { StorageEncrypted: true, KmsKeyId: key });
    database.allResourcesProperties('AWS::RDS::DBInstance', { PerformanceInsightsKMSKeyId: key });
    database.allResourcesProperties('AWS::SecretsManager::Secret', { KmsKeyId: key });
    database.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: key });
  });

  test('may write OS metrics to RDS’s log group, in every form of its ARN', () => {
    const [role] = allOf(database, 'AWS::IAM::Role');
    const resources = role?.Policies[0].PolicyDocument.Statement.map(({ Resource }: { Resource: unknown }) =>
      JSON.stringify(Resource),
    );
    expect(resources).toEqual([
      expect.stringContaining(':log-group:RDSOSMetrics*"'),
      expect.stringContaining(':log-group:RDSOSMetrics*:log-stream:*"'),
    ]);
  });

  test('has no public instance; all require TLS, accept IAM logins and export their logs', () => {
    database.allResourcesProperties('AWS::RDS::DBInstance', {
      PubliclyAccessible: false,
      EnableIAMDatabaseAuthentication: true,
      DBParameterGroupName: { Ref: 'ParameterGroup' },
      VPCSecurityGroups: [{ Ref: 'DatabaseSecurityGroupId' }],
      EnableCloudwatchLogsExports: ['postgresql', 'upgrade'],
      CopyTagsToSnapshot: true,
    });
    database.hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Parameters: Match.objectLike({ 'rds.force_ssl': '1' }),
    });
  });

  test('owns the log groups that RDS would otherwise create and leave behind', () => {
    const groups = database.findResources('AWS::Logs::LogGroup');
    for (const [id, instance] of Object.entries(database.findResources('AWS::RDS::DBInstance'))) {
      expect(instance.DependsOn).toEqual([`${id}PostgresqlLogs`, `${id}UpgradeLogs`]);
      const ending = id === 'Replica' ? '-replica' : '';
      expect(instance.DependsOn.map((group: string) => groups[group]?.Properties.LogGroupName)).toEqual(
        ['postgresql', 'upgrade'].map((log) => ({
          'Fn::Join': ['', ['/aws/rds/instance/tenant-', { Ref: 'TenantId' }, `${ending}/${log}`]],
        })),
      );
    }
  });

  test('has the password in Secrets Manager only', () => {
    const [primary] = allOf(database, 'AWS::RDS::DBInstance');
    expect(JSON.stringify(primary?.MasterUserPassword)).toContain('{{resolve:secretsmanager:');
    database.hasResourceProperties('AWS::SecretsManager::Secret', {
      SecretString: Match.absent(),
      GenerateSecretString: Match.objectLike({ GenerateStringKey: 'password' }),
    });
  });

  test('has a replica only if the plan has one, without the properties that it inherits', () => {
    database.hasResource('AWS::RDS::DBInstance', {
      Condition: 'HasReplica',
      Properties: {
        SourceDBInstanceIdentifier: { Ref: 'Primary' },
        ...Object.fromEntries(
          ['Engine', 'EngineVersion', 'KmsKeyId', 'StorageEncrypted', 'DBSubnetGroupName', 'BackupRetentionPeriod']
            .concat(['MasterUsername', 'MasterUserPassword', 'AllocatedStorage'])
            .map((inherited) => [inherited, Match.absent()]),
        ),
      },
    });
    const dependents = Object.entries(database.toJSON().Resources).filter(([id]) => id.startsWith('Replica'));
    expect(dependents).toHaveLength(4);
    for (const [, resource] of dependents) expect(resource).toMatchObject({ Condition: 'HasReplica' });
  });

  test('has alarms that say what they mean for the tenant, and that notify the topic', () => {
    const alarms = allOf(database, 'AWS::CloudWatch::Alarm');
    expect(alarms.map((alarm) => alarm.MetricName).sort()).toEqual([
      'CPUUtilization',
      'CPUUtilization',
      'DatabaseConnections',
      'FreeStorageSpace',
      'ReplicaLag',
    ]);
    const silent = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(silent).toMatchObject([{ Statistic: 'SampleCount', ComparisonOperator: 'LessThanThreshold', Threshold: 1 }]);
    for (const alarm of alarms) {
      expect(alarm.AlarmActions).toEqual([{ Ref: 'AlarmTopicArn' }]);
      expect(JSON.stringify(alarm.AlarmDescription)).toContain('Impact on tenant');
      expect(alarm.AlarmDescription['Fn::Join'][1].slice(-2)).toEqual([{ Ref: 'RunbookUrl' }, '#tenant-database']);
    }
  });
});

describe('storage', () => {
  const storage = template('storage');

  test("has a private, versioned, logged bucket, encrypted with the tenant's key", () => {
    storage.hasResourceProperties('AWS::S3::Bucket', {
      BucketName: { Ref: 'BucketName' },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            BucketKeyEnabled: true,
            ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: { Ref: 'KeyArn' } },
          },
        ],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
      VersioningConfiguration: { Status: 'Enabled' },
      LoggingConfiguration: Match.objectLike({ DestinationBucketName: { Ref: 'AccessLogBucketName' } }),
    });
  });

  test('has a bucket policy that only denies, and leaves emptying and configuring to IAM', () => {
    const [policy] = allOf(storage, 'AWS::S3::BucketPolicy');
    const statements: { Effect: string; Action: string | string[]; Sid: string }[] = policy?.PolicyDocument.Statement;
    expect(statements.map((statement) => statement.Effect)).toEqual(statements.map(() => 'Deny'));
    const forOthers = statements.filter((statement) => statement.Sid === 'DataForTheTenantsRoleOnly');
    const denied = forOthers.flatMap((statement) => statement.Action);
    for (const needed of ['s3:ListBucketVersions', 's3:DeleteObjectVersion', 's3:DeleteBucket', 's3:PutBucketPolicy'])
      expect(denied.some((action) => new RegExp(`^${action.replace('*', '.*')}$`).test(needed))).toBe(false);
  });
});

describe('access', () => {
  const access = template('access');
  const [role] = allOf(access, 'AWS::IAM::Role');

  test('requires external id and session tag of the tenant from a trusted caller', () => {
    const trusted = { Effect: 'Allow', Principal: { AWS: { Ref: 'TrustedRoleArns' } } };
    const tagged = { 'aws:RequestTag/tenantId': { Ref: 'TenantId' } };
    const externalId = { 'sts:ExternalId': { Ref: 'ExternalId' } };
    expect(role?.AssumeRolePolicyDocument.Statement).toMatchObject([
      { ...trusted, Action: 'sts:AssumeRole', Condition: { StringEquals: { ...externalId, ...tagged } } },
      { ...trusted, Action: 'sts:TagSession', Condition: { StringEquals: tagged } },
    ]);
  });

  test("grants only the tenant's own resources, and no wildcard action", () => {
    expect(role?.Policies).toHaveLength(1);
    const owned = ['BucketName', 'KeyArn', 'SecretArn', 'DatabaseResourceId'];
    for (const { Action, Resource } of role?.Policies[0].PolicyDocument.Statement ?? []) {
      expect(JSON.stringify(Action)).not.toContain('*');
      expect(owned.some((parameter) => JSON.stringify(Resource).includes(`{"Ref":"${parameter}"}`))).toBe(true);
    }
  });
});

test('no tenant template names an account or a region', () => {
  const stack = inScratchApp((app) => TENANT_STACKS.network(app));
  expect(Stack.of(stack).environment).toBe('aws://unknown-account/unknown-region');
});

test('D3: the engine is named by its major version', () => {
  const versions = allOf(template('database'), 'AWS::RDS::DBInstance').map(({ EngineVersion }) => EngineVersion);
  expect(versions.filter((version) => version !== undefined)).toEqual([expect.stringMatching(/^\d+$/)]);
});

test('K7: no text of a SQL statement reaches the database’s log', () => {
  template('database').hasResourceProperties('AWS::RDS::DBParameterGroup', {
    Parameters: Match.objectLike({
      log_statement: 'none',
      log_min_error_statement: 'panic',
      log_min_duration_statement: '-1',
      log_parameter_max_length: '0',
      log_parameter_max_length_on_error: '0',
    }),
  });
});

test('K3: the trust policy allows session tags in a statement of its own, without external id', () => {
  const trust = allOf(template('access'), 'AWS::IAM::Role').flatMap(
    ({ AssumeRolePolicyDocument }) => AssumeRolePolicyDocument.Statement,
  );
  const conditions = trust
    .filter(({ Action }) => ['sts:AssumeRole', 'sts:TagSession'].includes(Action))
    .map(({ Action, Condition }) => [Action, Object.keys(Condition.StringEquals)]);
  expect(conditions).toEqual([
    ['sts:AssumeRole', ['sts:ExternalId', 'aws:RequestTag/tenantId']],
    ['sts:TagSession', ['aws:RequestTag/tenantId']],
  ]);
});
