import type { Statement } from '../../../functions/isolation/policy-document';
import { reachViolations } from '../../../functions/isolation/surroundings/reach-violations';
import { ACCOUNT_ID, REGION } from '../../support/builders';
import { aPrincipal, type SurroundingsData as Data, surroundings } from '../../support/healthy-surroundings';
import { policyOf } from '../../support/isolated-tenant';
import {
  askSpoilt,
  type Breach,
  denial,
  first,
  type Harmless,
  PERIMETER,
  STRANGER,
  stranger,
  testRoom,
} from '../../support/surroundings-tests';

const found = ({ trustees }: Data) => first(trustees.found);
/** As the console revokes a role's active sessions. */
const sessionsBefore = (time: string) =>
  policyOf({
    ...{ Effect: 'Deny', Action: '*', Resource: '*' },
    Condition: { DateLessThan: { 'aws:TokenIssueTime': time } },
  });

const ZONE = 'arn:aws:route53:::hostedzone/Z0123456789ABC';
const named = (operator: string, ...names: string[]) => ({
  [operator]: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': names },
});
/** The template of the roles that write tenants' records in a zone of the account. */
const withTenantsNames = ({ stacks }: Data) => {
  const Condition = {
    Null: { 'route53:ChangeResourceRecordSetsNormalizedRecordNames': 'false' },
    ...named('ForAllValues:StringLike', '*.tenants.example'),
  };
  const statement = { Effect: 'Allow', Action: 'route53:ChangeResourceRecordSets', Resource: ZONE, Condition };
  const properties = { PolicyDocument: { Statement: [statement] } };
  stacks.foundation.push({ id: 'Names', type: 'AWS::IAM::Policy', physicalId: 'Names', properties });
};

const BREACHES: Breach[] = [
  ...(
    [
      ['all names', 'route53:ChangeResourceRecordSets', undefined],
      ['a tenant’s names', 'route53:ChangeResourceRecordSets', named('ForAllValues:StringLike', '*.tenants.example')],
      [
        'names of all',
        'route53:ChangeResourceRecordSets',
        named('ForAllValues:StringLike', '*.other.example', '*.example'),
      ],
      ['other names, and more', 'route53:*', named('ForAllValues:StringLike', '*.other.example')],
      [
        'one other name of many',
        'route53:ChangeResourceRecordSets',
        named('ForAnyValue:StringLike', '*.other.example'),
      ],
    ] as const
  ).map(
    ([what, Action, Condition]): Breach => [
      'identity.reach',
      `a user who changes ${what} in the zone of tenants’ names`,
      (data) => {
        withTenantsNames(data);
        data.trustees.others.push(
          aPrincipal('external-dns', { Action, Resource: ZONE, ...(Condition && { Condition }) }),
        );
      },
      `user/external-dns may ${Action} on ${ZONE}`,
    ],
  ),
  ...(
    [
      ['platform.table', ({ policies }) => policies.ofKey, 'kms:Decrypt'],
      ['platform.table', ({ platform }) => platform.tablePolicy.tenants ?? [], 'dynamodb:GetItem'],
      ['platform.topic', ({ platform }) => platform.topicPolicy, 'sns:Publish'],
      ['platform.bus', ({ platform }) => platform.busPolicy, 'events:PutEvents'],
      ['identity.trustees', (data) => found(data).trust, 'sts:AssumeRole'],
    ] as const satisfies readonly (readonly [string, (data: Data) => Statement[], string])[]
  ).map(
    ([id, policy, Action]): Breach => [
      id,
      `a denial of ${Action} to everybody`,
      (data) => {
        const needed = policyOf({ Action, Resource: '*' });
        for (const each of data.trustees.expected) each.inline = [...each.inline, ...needed];
        for (const each of data.trustees.found) each.inline = [...each.inline, ...needed];
        policy(data).push(...denial(Action, {}));
      },
      `has the statement Deny ${Action}`,
    ],
  ),
  ['identity.trustees', 'a stranger', (data) => found(data).trust.push(...stranger('sts:AssumeRole')), STRANGER],
  [
    'identity.trustees',
    'one right more',
    (data) => found(data).inline.push(...policyOf({ Action: 's3:*', Resource: '*' })),
    's3:*',
  ],
  ['identity.trustees', 'one right less', (data) => found(data).inline.splice(0), 'lacks the statement'],
  ['identity.trustees', 'a managed policy', (data) => found(data).attached.push('arn:admin'), 'arn:admin is attached'],
  [
    'identity.trustees',
    'operators who may do more',
    ({ trustees }) => trustees.policies.get('arn:operator')?.push(...policyOf({ Action: 's3:*', Resource: '*' })),
    'the policy arn:operator has the statement Allow s3:*',
  ],
  ['identity.trustees', 'no policy of operators', ({ trustees }) => trustees.policies.clear(), 'arn:operator does not'],
  [
    'identity.trustees',
    'a denial of all sessions to come',
    (data) => found(data).inline.push(...sessionsBefore('2999-01-01T00:00:00Z')),
    'has the statement Deny',
  ],
  ['identity.trustees', 'no such role', ({ trustees }) => (trustees.found = [undefined as never]), 'does not exist'],
  ...(
    [
      ['dynamodb:*', 'arn:aws:dynamodb:*:*:table/tenants'],
      ['sts:AssumeRole', `arn:aws:iam::${ACCOUNT_ID}:role/tenants/*`],
      ['secretsmanager:Get*', 'arn:aws:secretsmanager:*:*:secret:tenants/t1*'],
      ['rds:ModifyDBInstance', 'arn:aws:rds:*:*:db:tenant-*'],
      ['s3:GetObject', 'arn:aws:s3:::tenant-*'],
      ['lambda:InvokeFunction', 'arn:aws:lambda:*:*:function:TenantOnboarding-*'],
      ['iam:PassRole', `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-*`],
      ['states:StartExecution', 'arn:aws:states:*:*:stateMachine:TenantIso*'],
      ['kms:Decrypt', `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/Reports`],
      ['ecs:ExecuteCommand', `arn:aws:ecs:*:*:task/${surroundings.cell.clusterName}/*`],
      ['s3:GetObject', 'arn:aws:s3:::*nant-*/*'],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:*:*:secret:?enants/*'],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:*:*:secret:*/database*'],
      ['rds:ModifyDBInstance', 'arn:aws:rds:*:*:db:*-t0123456789abcde'],
      ['sqs:ReceiveMessage', `arn:aws:sqs:${REGION}:${ACCOUNT_ID}:queue`],
      ['rds:ModifyDBSnapshotAttribute', 'arn:aws:rds:*:*:snapshot:rds:tenant-*'],
      ['kms:UpdateAlias', 'arn:aws:kms:*:*:alias/tenants/*'],
      ['iam:CreatePolicyVersion', `arn:aws:iam::${ACCOUNT_ID}:policy/tenants/TenantBoundary`],
      ['sns:SetTopicAttributes', surroundings.topicArn],
      ['ssm:PutParameter', `arn:aws:ssm:*:*:parameter/tenant-onboarding/cells/*`],
      ['cloudformation:UpdateStack', 'arn:aws:cloudformation:*:*:stack/tenant-*'],
      ['elasticloadbalancing:RegisterTargets', surroundings.cell.targetGroupArns.blue],
      ['events:DisableRule', `arn:aws:events:*:*:rule/TenantOnboarding-*`],
      ['cloudwatch:DisableAlarmActions', 'arn:aws:cloudwatch:*:*:alarm:tenant-*'],
      ['wafv2:UpdateWebACL', 'arn:aws:wafv2:*:*:regional/webacl/cell/*'],
      ['s3:GetObject', 'arn:*:s3:::tenant-t0123456789abcde/*'],
      ['states:StopExecution', `arn:aws:states:*:*:execution:TenantIsolationAudit:*`],
      ['states:GetExecutionHistory', `arn:aws:states:*:*:execution:TenantIso*`],
      ['dynamodb:DeleteTable', 'arn:aws:dynamodb:*:*:table/?enants'],
      ['lambda:UpdateFunctionCode', 'arn:aws:lambda:*:*:function:*-AuditTenant'],
      ['kms:DisableKey', 'arn:aws:kms:*:*:key/?eports'],
      ['logs:GetLogEvents', 'arn:aws:logs:*:*:log-group:serv*'],
      ['wafv2:GetSampledRequests', 'arn:aws:wafv2:*:*:regional/webacl/cell/*'],
      ['cloudformation:UpdateStack', 'arn:aws:cloudformation:*:*:stack/TenantOnboarding-Foundation/*'],
      ...['TenantOnboarding-Delivery', '*ControlPlane*', '*Delivery', `*Cell-${surroundings.cell.name}`].map(
        (stack) => ['cloudformation:UpdateStack', `arn:aws:cloudformation:*:*:stack/${stack}/*`] as const,
      ),
      ['rds:ModifyDBParameterGroup', 'arn:aws:rds:*:*:pg:tenant-*'],
      ['logs:DeleteLogGroup', 'arn:aws:logs:*:*:log-group:/tenants/*'],
      ['ecs:ExecuteCommand', `arn:aws:ecs:*:*:cluster/${surroundings.cell.clusterName}`],
      ['codepipeline:UpdatePipeline', 'arn:aws:codepipeline:*:*:tenant-onboarding-release'],
      ['codepipeline:*', 'arn:aws:codepipeline:*:*:tenant-onboarding-*'],
      ['iam:PassRole', `arn:aws:iam::${ACCOUNT_ID}:role/TenantOnboarding-Delivery-Role1A2B`],
      ['ecr:BatchDeleteImage', 'arn:aws:ecr:*:*:repository/tenant-onboarding/service'],
      ['cloudwatch:DisableAlarmActions', 'arn:aws:cloudwatch:*:*:alarm:CellUnhealthy'],
    ] as const
  ).map(
    ([Action, Resource]): Breach => [
      'identity.reach',
      `a user who may ${Action}`,
      ({ trustees }) => trustees.others.push(aPrincipal('support', { Action: ['rds:Describe*', Action], Resource })),
      `user/support may ${Action} on ${Resource}`,
    ],
  ),
  [
    'identity.reach',
    'a role that is called like the pipeline’s, and trusts a stranger',
    ({ trustees }) => {
      const Resource = `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/Reports`;
      const name = 'TenantOnboarding-Delivery-Role';
      trustees.others.push({
        ...aPrincipal(name, { Action: 'kms:Decrypt', Resource }),
        trust: stranger('sts:AssumeRole'),
      });
    },
    'TenantOnboarding-Delivery-Role may kms:Decrypt',
  ],
  [
    'identity.reach',
    'a policy of the account, attached to a role',
    ({ trustees }) => {
      const managed = policyOf({ NotAction: 'iam:*', Resource: 'arn:aws:s3:::tenant-t1/*' });
      trustees.others.push({ ...aPrincipal('support', {}), kind: 'role', inline: [], managed });
    },
    'may all actions but some on arn:aws:s3:::tenant-t1/*',
  ],
  [
    'identity.trustees',
    'a boundary that nobody has released',
    (data) => (found(data).boundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess'),
    'is arn:aws:iam::aws:policy/ReadOnlyAccess, not undefined',
  ],
  ...(
    [
      ['StringEquals', 'aws:ResourceTag/tenantId', 't0123456789abcde'],
      ['StringLike', 'rds:db-tag/tenantId', 't*'],
      ['Null', 'secretsmanager:ResourceTag/tenantId', 'false'],
      ['ForAnyValue:StringLike', 'kms:ResourceAliases', 'alias/tenants/*'],
      ['StringLike', 'kms:RequestAlias', 'alias/*enants/*'],
      ['StringLike', 'kms:EncryptionContext:aws:s3:arn', 'arn:aws:s3:::tenant-*'],
      ['StringLike', 'kms:EncryptionContext:SecretARN', 'arn:aws:secretsmanager:*:*:secret:tenants/*'],
      ['StringEquals', 'kms:EncryptionContext:aws:dynamodb:tableName', 'tenants'],
      ['ArnEquals', 'ecs:cluster', `arn:aws:ecs:${REGION}:${ACCOUNT_ID}:cluster/${surroundings.cell.clusterName}`],
      ['StringLike', 'aws:ResourceTag/aws:cloudformation:stack-name', 'tenant-*'],
      ['ArnEquals', 'ec2:Subnet', `arn:aws:ec2:${REGION}:${ACCOUNT_ID}:subnet/subnet-a`],
      ['ArnEquals', 'ec2:AccepterVpc', `arn:aws:ec2:${REGION}:${ACCOUNT_ID}:vpc/${surroundings.cell.vpcId}`],
      ['StringEquals', 'ec2:SubnetID', 'subnet-a'],
      ['StringEquals', 'ec2:VpcID', surroundings.cell.vpcId],
      ['StringEquals', 'ec2:SecurityGroupID', 'sg-service'],
    ] as const
  ).map(
    ([operator, key, value]): Breach => [
      'identity.reach',
      `a user whose policy is about all of one ${key}`,
      ({ trustees }) => {
        const Condition = { [operator]: { [key]: value } };
        trustees.others.push(aPrincipal('support', { Action: 'kms:*', Resource: '*', Condition }));
      },
      `user/support may kms:* where ${key} is ${value}`,
    ],
  ),
  [
    'identity.reach',
    'a role beside those of tenants, of no tenant',
    ({ trustees }) => {
      const statement = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::tenant-*/*' };
      const arn = `arn:aws:iam::${ACCOUNT_ID}:role/tenants/helper`;
      trustees.others.push({ ...aPrincipal('helper', statement), kind: 'role', arn });
    },
    'role/tenants/helper may s3:GetObject',
  ],
  ...(
    [
      { Action: 's3:GetObject', Resource: 'arn:aws:s3:::tenant-*/*' },
      { Action: 'sts:AssumeRole', Resource: `arn:aws:iam::${ACCOUNT_ID}:role/tenants/tenant-t00000000000000a` },
      { Action: 'dynamodb:*', Resource: 'arn:aws:dynamodb:*:*:table/tenants' },
      { Action: 'kms:*', Resource: '*', Condition: { StringLike: { 'aws:ResourceTag/tenantId': '*' } } },
    ] as const
  ).map(
    (statement): Breach => [
      'identity.reach',
      `a role that is called like that of a tenant, and may ${statement.Action}`,
      ({ trustees }) => {
        const name = 'tenant-t0123456789abcde';
        const arn = `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${name}`;
        trustees.others.push({ ...aPrincipal(name, statement), kind: 'role', arn });
      },
      `may ${statement.Action}`,
    ],
  ),
  [
    'identity.reach',
    'a role of the pipeline that reads tenants’ secrets',
    ({ trustees }) => {
      const Resource = 'arn:aws:secretsmanager:*:*:secret:tenants/*';
      const trust = policyOf({ Principal: { Service: 'codebuild.amazonaws.com' }, Action: 'sts:AssumeRole' });
      const role = aPrincipal('TenantOnboarding-Delivery-Helper', { Action: 'secretsmanager:*', Resource });
      trustees.others.push({ ...role, kind: 'role', trust });
    },
    'TenantOnboarding-Delivery-Helper may secretsmanager:*',
  ],
  [
    'platform.table',
    'without the index of tenants',
    ({ platform }) => Object.assign(platform.table, { GlobalSecondaryIndexes: [{ IndexName: 'somebodys' }] }),
    'the table lacks the index byState',
  ],
  [
    'platform.table',
    'with an index made anew that shows keys alone',
    ({ platform }) =>
      Object.assign(platform.table, {
        GlobalSecondaryIndexes: [{ IndexName: 'byState', Projection: { ProjectionType: 'KEYS_ONLY' } }],
      }),
    'what the index byState shows is KEYS_ONLY, not ALL',
  ],
  [
    'platform.table',
    'that lets a user of the account in',
    ({ platform }) =>
      platform.tablePolicy.tenants?.push(
        ...policyOf({
          Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:user/eve` },
          ...{ Action: 'dynamodb:Query', Resource: '*' },
        }),
      ),
    'the policy of the tenants table has the statement Allow dynamodb:Query',
  ],
  [
    'platform.table',
    'with a request a second',
    ({ platform }) => Object.assign(platform.table, { OnDemandThroughput: { MaxReadRequestUnits: 1 } }),
    'the table takes no more than 1 requests a second',
  ],
  [
    'platform.table',
    'an index that takes a write a second',
    ({ platform }) =>
      Object.assign(platform.table, {
        GlobalSecondaryIndexes: [{ IndexName: 'byState', OnDemandThroughput: { MaxWriteRequestUnits: 1 } }],
      }),
    'the index byState takes no more than 1 requests a second',
  ],
  [
    'platform.table',
    'with a throughput of its own',
    ({ platform }) => Object.assign(platform.table, { BillingModeSummary: undefined }),
    'how the table is paid is PROVISIONED, not PAY_PER_REQUEST',
  ],
  [
    'platform.table',
    'shared',
    ({ platform }) => platform.tablePolicy.tenants?.push(...stranger('dynamodb:GetItem')),
    STRANGER,
  ],
  [
    'platform.table',
    'under another key',
    ({ platform }) => Object.assign(platform.table, { SSEDescription: { KMSMasterKeyArn: 'arn:theirs' } }),
    'the key of the table is arn:theirs',
  ],
  [
    'platform.table',
    'under AWS’s own key',
    ({ platform }) => Object.assign(platform.table, { SSEDescription: undefined }),
    'the key of the table is absent',
  ],
  [
    'platform.table',
    'without protection',
    ({ platform }) => Object.assign(platform.table, { DeletionProtectionEnabled: false }),
    'the table is not protected from deletion',
  ],
  [
    'platform.table',
    'exported',
    ({ platform }) => platform.tableExports.tenants.push({ ExportArn: 'arn:table/t/export/01', S3Bucket: 'theirs' }),
    'export 01 writes the table to bucket theirs',
  ],
  [
    'platform.acts',
    'a table whose acts anybody may change',
    ({ platform }) => platform.tablePolicy.acts?.splice(0),
    'the policy of the table of acts lacks the statement Deny',
  ],
  [
    'platform.acts',
    'a table that others may read',
    ({ platform }) => platform.tablePolicy.acts?.push(...stranger('dynamodb:Scan')),
    STRANGER,
  ],
  [
    'platform.acts',
    'an export of the acts',
    ({ platform }) => platform.tableExports.acts.push({ ExportArn: 'arn:table/acts/export/02', S3Bucket: 'theirs' }),
    'export 02 writes the table to bucket theirs',
  ],
  [
    'platform.topic',
    'a key that does not admit CloudWatch',
    ({ policies }) => policies.ofKey.splice(0),
    'the policy of the key of the topic lacks the statement',
  ],
  [
    'platform.topic',
    'a key for others',
    ({ policies }) => policies.ofKey.push(...stranger('kms:DisableKey')),
    STRANGER,
  ],
  ['platform.table', 'streamed', ({ platform }) => platform.tableStreams.push('arn:stream'), 'go to arn:stream'],
  [
    'platform.table',
    'with a stream',
    ({ platform }) => (platform.table = { StreamSpecification: { StreamEnabled: true } }),
    'stream',
  ],
  [
    'platform.bus',
    'open',
    ({ platform }) => platform.busPolicy.push(...policyOf({ Principal: '*', Action: 'events:PutEvents' })),
    'lets * in',
  ],
  [
    'platform.bus',
    'under a stranger’s key',
    ({ platform }) => (platform.busSettings.KmsKeyIdentifier = 'arn:aws:kms:r:999999999999:key/theirs'),
    'the key of the bus is arn:aws:kms:r:999999999999:key/theirs, not undefined',
  ],
  [
    'platform.bus',
    'that hands a stranger what it could not deliver',
    ({ platform }) => (platform.busSettings.DeadLetterConfig = { Arn: 'arn:aws:sqs:r:999999999999:q' }),
    'the dead-letter queue of the bus is arn:aws:sqs:r:999999999999:q',
  ],
  [
    'platform.topic',
    'heard by a stranger',
    ({ platform }) =>
      platform.subscriptions.push({ Protocol: 'sqs', Endpoint: 'arn:aws:sqs:r:999999999999:q', Owner: ACCOUNT_ID }),
    '999999999999',
  ],
  [
    'platform.bus',
    'that logs each signup',
    ({ platform }) => (platform.busSettings.LogConfig = { Level: 'TRACE', IncludeDetail: 'FULL' }),
    'the bus logs events (TRACE, details: FULL)',
  ],
  [
    'platform.evidence',
    'without a lock',
    ({ platform }) => (platform.evidenceLock = undefined),
    'no default retention',
  ],
  [
    'platform.evidence',
    'locked for a day',
    ({ platform }) => (platform.evidenceLock = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } }),
    'locked for 1 days, not 550',
  ],
  [
    'platform.evidence',
    'in a mode that ends on request',
    ({ platform }) => (platform.evidenceLock = { DefaultRetention: { Mode: 'GOVERNANCE', Years: 2 } }),
    'the mode of the lock is GOVERNANCE, not COMPLIANCE',
  ],
  ['platform.table', 'replicated', ({ platform }) => (platform.table = { Replicas: [{ RegionName: 'us' }] }), 'in us'],
  ['platform.table', 'a key for others', ({ policies }) => policies.ofKey.push(...stranger('kms:Decrypt')), STRANGER],
  [
    'platform.evidence',
    'a key for others',
    ({ policies }) => policies.ofKey.push(...stranger('kms:Decrypt')),
    STRANGER,
  ],
  ['platform.evidence', 'read', ({ policies }) => policies.ofBucket.push(...stranger('s3:GetObject')), STRANGER],
  [
    'platform.table',
    'no point-in-time recovery',
    ({ platform }) =>
      (platform.tableBackups = { PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' } }),
    'the table cannot be brought back to a point in time',
  ],
  [
    'platform.table',
    'a day of point-in-time recovery',
    ({ platform }) =>
      (platform.tableBackups = {
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED', RecoveryPeriodInDays: 1 },
      }),
    'to the last 1 days only, not 35',
  ],
  ...[
    { Protocol: 'email', Endpoint: 'eve@theirs.example', Owner: ACCOUNT_ID },
    { Protocol: 'https', Endpoint: 'https://theirs.example/in', Owner: ACCOUNT_ID },
    { Protocol: 'sms', Endpoint: '+4930000000', Owner: ACCOUNT_ID },
  ].map(
    (theirs): Breach => [
      'platform.topic',
      `heard by ${theirs.Protocol} outside`,
      ({ platform }) => platform.subscriptions.push(theirs),
      `${theirs.Endpoint} of ${ACCOUNT_ID} hears the alarms`,
    ],
  ),
  [
    'platform.topic',
    'heard by nobody',
    ({ platform }) => platform.subscriptions.splice(0),
    'email ops@acme.example does not hear the alarms any more',
  ],
  ['platform.topic', 'no key', ({ platform }) => (platform.topicKey = undefined), 'is absent, not Messages'],
  ['platform.topic', 'another key', ({ platform }) => (platform.topicKey = 'alias/aws/sns'), 'is alias/aws/sns, not'],
  [
    'platform.evidence',
    'open to public policies',
    ({ platform }) => Object.assign(platform.evidencePublicAccess ?? {}, { BlockPublicPolicy: false }),
    'BlockPublicPolicy of the evidence bucket is off',
  ],
  [
    'platform.evidence',
    'without a wall against public access',
    ({ platform }) => (platform.evidencePublicAccess = undefined),
    'RestrictPublicBuckets of the evidence bucket is off',
  ],
  [
    'platform.evidence',
    'replicated',
    ({ platform }) => platform.evidenceReplication.push({ ID: 'r', Destination: { Bucket: 'arn:aws:s3:::theirs' } }),
    'rule r replicates reports to arn:aws:s3:::theirs',
  ],
];

/** Policies of the platform, each with a denial that an organization adds to all. */
const DENIED: readonly (readonly [id: string, what: string, policy: (data: Data) => Statement[]])[] = [
  ['platform.table', 'the table’s key', ({ policies }) => policies.ofKey],
  ['platform.acts', 'the table of acts', ({ platform }) => platform.tablePolicy.acts ?? []],
  ['platform.bus', 'the bus', ({ platform }) => platform.busPolicy],
  ['platform.topic', 'the topic', ({ platform }) => platform.topicPolicy],
  ['platform.evidence', 'the reports', ({ policies }) => policies.ofBucket],
  ['identity.trustees', 'a role’s trust', (data) => found(data).trust],
  ['identity.trustees', 'a role', (data) => found(data).inline],
  ['identity.trustees', 'a policy of operators', ({ trustees }) => trustees.policies.get('arn:operator') ?? []],
];

const HARMLESS: Harmless[] = [
  [
    'platform.bus',
    'a log of what was not delivered, without events',
    ({ platform }) => (platform.busSettings.LogConfig = { Level: 'ERROR', IncludeDetail: 'NONE' }),
  ],
  ...DENIED.map(
    ([id, what, policy]): Harmless => [
      id,
      `a denial of other organizations at ${what}`,
      (data) => policy(data).push(...PERIMETER),
    ],
  ),
  [
    'platform.table',
    'a key that nobody may delete',
    (data) => data.policies.ofKey.push(...denial('kms:Schedule*', {})),
  ],
  [
    'platform.evidence',
    'a bucket that nobody may delete',
    (data) => data.policies.ofBucket.push(...denial('s3:DeleteBucket', {})),
  ],

  [
    'platform.table',
    'a ceiling that was taken away again',
    ({ platform }) => Object.assign(platform.table, { OnDemandThroughput: { MaxReadRequestUnits: -1 } }),
  ],
  ...(
    [
      ['settings of tenants', ['rds:Describe*', 'rds:ListTagsForResource'], 'arn:aws:rds:*:*:db:tenant-*'],
      ['all databases', 'rds:*', 'arn:aws:rds:*:*:db:*'],
      ['another team’s bucket', 's3:*', 'arn:aws:s3:::team-*'],
      ['another team’s roles', 'sts:AssumeRole', 'arn:aws:iam::*:role/team/*'],
      ['roles by the end of their names', 'iam:PassRole', 'arn:aws:iam::*:role/*-execution'],
      ['logs in every bucket', 's3:GetObject', 'arn:aws:s3:::*/AWSLogs/*'],
      ['indexes of every table', 'dynamodb:*', 'arn:aws:dynamodb:*:*:table/*/index/*'],
      ['every load balancer', 'elasticloadbalancing:*', 'arn:aws:elasticloadbalancing:*:*:listener/app/*/*/*'],
      ['every automated snapshot', 'rds:CopyDBSnapshot', 'arn:aws:rds:*:*:snapshot:rds:*'],
      ['every web ACL', 'wafv2:*', 'arn:aws:wafv2:*:*:regional/webacl/*/*'],
      ['messages to the operators', 'sns:Publish', surroundings.topicArn],
      ['the release', 'states:StartExecution', `arn:aws:states:${REGION}:${ACCOUNT_ID}:stateMachine:TenantRelease`],
      ['everything', '*', '*'],
      ['every bucket of the account', 's3:*', `arn:aws:s3:::*-${ACCOUNT_ID}-${REGION}/*`],
      ['functions by the end of their names', 'lambda:InvokeFunction', 'arn:aws:lambda:*:*:function:*-handler'],
      ['stacks by the end of their names', 'cloudformation:*', 'arn:aws:cloudformation:*:*:stack/*-network/*'],
      ['alarms of databases', 'cloudwatch:DisableAlarmActions', 'arn:aws:cloudwatch:*:*:alarm:*-database*'],
      ['every security group', 'ec2:*', 'arn:aws:ec2:*:*:security-group/sg-*'],
      ['every parameter group', 'rds:ModifyDBParameterGroup', 'arn:aws:rds:*:*:pg:*'],
      [
        'an inventory by the end of its stack’s name',
        'cloudformation:*',
        'arn:aws:cloudformation:*:*:stack/*-cell-web/*',
      ],
      ['drift of stacks', 'cloudformation:DetectStackDrift', 'arn:aws:cloudformation:*:*:stack/TenantOnboarding-*/*'],
      ['parameter groups of a team that is called like tenants', 'rds:*', 'arn:aws:rds:*:*:pg:tenant-portal-*'],
      [
        'stacks of a team that is called like tenants',
        'cloudformation:*',
        'arn:aws:cloudformation:*:*:stack/tenant-portal-*',
      ],
      ['databases of a team that is called like tenants', 'rds:*', 'arn:aws:rds:*:*:db:tenant-portal-*'],
      ['stacks of another team', 'cloudformation:UpdateStack', 'arn:aws:cloudformation:*:*:stack/web-*'],
      ['all executions', 'states:StopExecution', 'arn:aws:states:*:*:execution:*:*'],
      ['images that are pushed', 'ecr:PutImage', 'arn:aws:ecr:*:*:repository/tenant-onboarding/service'],
      [
        'approvals',
        'codepipeline:PutApprovalResult',
        'arn:aws:codepipeline:*:*:tenant-onboarding-release/Approval/Approve',
      ],
      ['releases', 'codepipeline:StartPipelineExecution', 'arn:aws:codepipeline:*:*:tenant-onboarding-release'],
      ['repositories of every team', 'ecr:*', 'arn:aws:ecr:*:*:repository/*'],
      ['another team’s cluster', 'ecs:ExecuteCommand', 'arn:aws:ecs:*:*:cluster/team'],
    ] as const
  ).map(
    ([what, Action, Resource]): Harmless => [
      'identity.reach',
      `a user whose policy is about ${what}`,
      ({ trustees }) => trustees.others.push(aPrincipal('team', { Action, Resource })),
    ],
  ),
  [
    'identity.reach',
    'a user who changes other names of a shared zone',
    (data) => {
      withTenantsNames(data);
      const Action = 'route53:ChangeResourceRecordSets';
      const Condition = named('ForAllValues:StringLike', '*.other.example', 'www.example');
      data.trustees.others.push(aPrincipal('external-dns', { Action, Resource: ZONE, Condition }));
    },
  ],
  [
    'identity.reach',
    'users by whose policies nothing of a tenant is meant',
    ({ trustees }) =>
      trustees.others.push(
        ...[
          { StringNotEquals: { 'aws:ResourceTag/tenantId': 't0123456789abcde' } },
          { StringEquals: { 'aws:RequestTag/tenantId': 't0123456789abcde' } },
          { StringEquals: { 'aws:ResourceTag/tenantId': 'another-product' } },
          { 'ForAnyValue:StringLike': { 'kms:ResourceAliases': ['alias/*', 'alias/team/*', 'alias/*-exports'] } },
          { StringLike: { 'kms:EncryptionContext:aws:s3:arn': 'arn:aws:s3:::*' } },
          { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT_ID}:role/tenant-onboarding-*` } },
          { StringLike: { 'aws:ResourceTag/aws:cloudformation:stack-name': ['*', 'StackSet-*'] } },
          { StringEquals: { 'ec2:SubnetID': ['subnet-0team', 'subnet-*'] } },
        ].map((Condition) => aPrincipal('team', { Action: 'kms:*', Resource: '*', Condition })),
      ),
  ],
  [
    'identity.reach',
    'a role of a tenant’s stack',
    ({ trustees }) => {
      const name = 'tenant-t0123456789abcde';
      const statement = { Action: 's3:GetObject', Resource: `arn:aws:s3:::${name}-1/*` };
      const arn = `arn:aws:iam::${ACCOUNT_ID}:role/tenants/${name}`;
      const Condition = { StringEquals: { 'aws:ResourceTag/tenantId': 't0123456789abcde' } };
      const byTag = policyOf({ Action: 'kms:Decrypt', Resource: '*', Condition });
      trustees.others.push({ ...aPrincipal(name, statement), kind: 'role', arn, managed: byTag });
    },
  ],
  [
    'identity.reach',
    'a tenant’s role within the boundary: the tenant’s own checks judge it',
    ({ trustees }) => {
      const name = 'tenant-t0123456789abcde';
      const statement = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::tenant-*/*' };
      const [arn, boundary] = ['role/tenants', 'policy/tenants'].map((path) => `arn:aws:iam::${ACCOUNT_ID}:${path}`);
      trustees.others.push({
        ...aPrincipal(name, statement),
        ...{ kind: 'role', arn: `${arn}/${name}`, boundary: `${boundary}/TenantBoundary` },
      });
    },
  ],
  [
    'identity.reach',
    'the role of the pipeline',
    ({ trustees }) => {
      const Resource = `arn:aws:kms:${REGION}:${ACCOUNT_ID}:key/Messages`;
      const trust = policyOf({ Principal: { Service: 'codepipeline.amazonaws.com' }, Action: 'sts:AssumeRole' });
      const name = 'TenantOnboarding-Delivery-Role';
      trustees.others.push({ ...aPrincipal(name, { Action: 'kms:Decrypt', Resource }), kind: 'role', trust });
    },
  ],
  [
    'identity.reach',
    'a reader of logs whom the stage lists, and another team that reads the logs of its functions',
    ({ trustees }) =>
      trustees.others.push(
        aPrincipal('security-audit', { Action: 'logs:*', Resource: 'arn:aws:logs:*:*:log-group:service:*' }),
        aPrincipal('another', { Action: 'logs:*', Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda/*' }),
        aPrincipal('observability', { Action: 'logs:FilterLogEvents', Resource: 'arn:aws:logs:*:*:log-group:*:*' }),
      ),
  ],
  [
    'platform.topic',
    'an address of the operators, in other letters',
    ({ platform }) => Object.assign(platform.subscriptions[0] ?? {}, { Endpoint: 'Ops@ACME.example' }),
  ],
  [
    'identity.reach',
    'a user whom the stage lists, and a role of single sign-on',
    ({ trustees }) => {
      const statement = { Action: 's3:*', Resource: 'arn:aws:s3:::tenant-*' };
      const arn = `arn:aws:iam::${ACCOUNT_ID}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin`;
      trustees.others.push(aPrincipal('incident-response', statement), { ...aPrincipal('x', statement), arn });
    },
  ],
  [
    'platform.topic',
    'a colleague and a queue of the account that hear the alarms',
    ({ platform }) =>
      platform.subscriptions.push(
        { Protocol: 'email', Endpoint: 'oncall@acme.example', Owner: ACCOUNT_ID },
        { Protocol: 'sqs', Endpoint: `arn:aws:sqs:r:${ACCOUNT_ID}:oncall`, Owner: ACCOUNT_ID },
      ),
  ],
  [
    'platform.table',
    'an export of the organization',
    ({ platform }) => platform.tableExports.tenants.push({ ExportArn: 'arn:e/1', S3Bucket: 'organization-exports' }),
  ],
  [
    'identity.trustees',
    'the old sessions of a role, which an operator has ended',
    (data) => found(data).inline.push(...sessionsBefore('2026-01-01T00:00:00Z')),
  ],
  [
    'platform.evidence',
    'a longer lock',
    ({ platform }) => (platform.evidenceLock = { DefaultRetention: { Mode: 'COMPLIANCE', Years: 10 } }),
  ],
];

testRoom('platform', BREACHES, HARMLESS);

test('the trusted roles cannot be judged without the templates of the stacks', async () => {
  await expect(askSpoilt('identity.trustees', ({ trustees }) => trustees.expected.splice(0))).rejects.toThrow(
    'no template',
  );
});

test('a thousand roles of other teams are judged in seconds, and not in the minutes that the audit has', () => {
  const named = (type: string, name: (n: number) => string) =>
    Array.from({ length: 90 }, (_, n) => ({ id: `${type}${n}`, type, physicalId: name(n), properties: {} }));
  const resources = [
    ...named('AWS::Lambda::Function', (n) => `TenantOnboarding-ControlPlane-Function${n}-1A2B3C4D5E6F`),
    ...named('AWS::IAM::Role', (n) => `tenant-onboarding-Function${n}`),
    ...named('AWS::CloudWatch::Alarm', (n) => `TenantOnboarding-ControlPlane-Alarm${n}-1A2B3C4D5E6F`),
  ];
  const own = `${REGION}:${ACCOUNT_ID}`;
  const teams = Array.from({ length: 1_000 }, (_, n) => {
    const Resource = [`arn:aws:dynamodb:${own}:table/team-${n}`, `arn:aws:s3:::team-${n}-data/*`];
    Resource.push(`arn:aws:sqs:*:*:*-queue-${n}`, `arn:aws:lambda:${own}:function:team-${n}-*`);
    return aPrincipal(`team-${n}`, { Action: '*', Resource });
  });
  const began = process.cpuUsage();
  expect(reachViolations(teams, resources, surroundings)).toEqual([]);
  // Of the processor, however many work on it.
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(20_000);
});
