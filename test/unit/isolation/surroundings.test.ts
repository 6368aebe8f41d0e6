import { askDatabaseName, platformStackName } from '../../../functions/contract/naming';
import { policyDifferences } from '../../../functions/isolation/comparison/policy-difference';
import { SURROUNDINGS_CHECKS } from '../../../functions/isolation/surroundings/checks';
import { strangersIn } from '../../../functions/isolation/surroundings/statements';
import { ACCOUNT_ID, REGION } from '../../support/builders';
import {
  aBackup,
  BUS,
  type SurroundingsData as Data,
  healthySurroundings,
  surroundings,
  surroundingsFrom,
} from '../../support/healthy-surroundings';
import { policyOf } from '../../support/isolated-tenant';

const STRANGER = 'arn:aws:iam::999999999999:root';

async function ask(id: string, spoil: (data: Data) => void = () => {}) {
  const check = SURROUNDINGS_CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  const data = structuredClone(healthySurroundings());
  spoil(data);
  return await check.run(surroundings, surroundingsFrom(data));
}

test.each(SURROUNDINGS_CHECKS.map(({ id }) => [id]))('%s passes healthy surroundings, with evidence', async (id) => {
  expect(await ask(id)).toEqual({ passed: true, evidence: expect.stringMatching(/\S/) });
});

const stranger = (Action: string) => policyOf({ Sid: 'Support', Principal: { AWS: STRANGER }, Action });
const first = <T>(list: readonly T[]) => list[0] as T;
const found = ({ trustees }: Data) => first(trustees.found);
/** As the console revokes a role's active sessions. */
const sessionsBefore = (time: string) =>
  policyOf({
    ...{ Effect: 'Deny', Action: '*', Resource: '*' },
    Condition: { DateLessThan: { 'aws:TokenIssueTime': time } },
  });
/** As ECS describes the interface of any task. */
const OF_A_TASK = { RequesterManaged: true, Description: 'arn:aws:ecs:r:1:attachment/1', SubnetId: 'subnet-a' };
const peering = ({ cell: facts }: Data) => first(facts.peerings);
const task = ({ loadBalancer }: Data) => first(loadBalancer.serving.tasks);
const definition = ({ cell: facts }: Data) => first(facts.definitions);
const named = (action: string) => `${platformStackName('ControlPlane')}-${action}`;
const acl = ({ loadBalancer }: Data) => {
  if (!loadBalancer.webAcl) throw new Error('no web ACL');
  return loadBalancer.webAcl;
};
const mapping = (name: string, EventSourceArn: string) => ({
  ...{ UUID: 'm1', FunctionArn: `arn:aws:lambda:r:1:function:${name}`, EventSourceArn },
});
const flowLog = (ResourceId: string, more: object) => ({
  ...{ FlowLogId: 'fl-2', FlowLogStatus: 'ACTIVE', ResourceId, TrafficType: 'ALL' },
  ...more,
});
const deny = ({ cell: facts }: Data, CidrBlock: string) =>
  first(facts.acls).Entries.push({ RuleNumber: 1, Egress: false, Protocol: '-1', RuleAction: 'deny', CidrBlock });
const lambda = ({ policies }: Data) => first(policies.functions);

const BREACHES: [string, string, (data: Data) => void, string][] = [
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
  [
    'routing.listeners',
    'one more',
    ({ loadBalancer: c }) => c.listeners.push({ ListenerArn: 'arn:other', Protocol: 'HTTP', SslPolicy: '' }),
    'arn:other is unexpected',
  ],
  [
    'routing.listeners',
    'in plain HTTP',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { Protocol: 'HTTP', SslPolicy: undefined }),
    'is HTTP, not HTTPS',
  ],
  [
    'routing.listeners',
    'on another port',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { Port: 8443 }),
    'is 8443, not 443',
  ],
  [
    'routing.listeners',
    'asking visitors for certificates',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { MutualAuthentication: { Mode: 'passthrough' } }),
    'is passthrough, not off',
  ],
  [
    'routing.listeners',
    'without the redirection',
    ({ loadBalancer: c }) => c.listeners.pop(),
    'redirecting is missing',
  ],
  [
    'routing.listeners',
    'redirecting to a stranger',
    ({ loadBalancer: c }) =>
      Object.assign(c.listeners[1] ?? {}, {
        DefaultActions: [
          {
            Type: 'redirect',
            RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301', Host: 'theirs.example' },
          },
        ],
      }),
    'theirs.example',
  ],
  [
    'routing.listeners',
    'a page where there is none',
    ({ loadBalancer: c }) =>
      Object.assign(c.listeners[0] ?? {}, {
        DefaultActions: [
          {
            Type: 'fixed-response',
            FixedResponseConfig: { StatusCode: '404', ContentType: 'text/html', MessageBody: '<script>' },
          },
        ],
      }),
    'text/html',
  ],
  [
    'routing.listeners',
    'a rule at the redirecting one',
    ({ loadBalancer: c }) => c.otherRules.push({ RuleArn: 'arn:theirs', Priority: '1' }),
    'rule arn:theirs is of a listener that serves no tenant',
  ],
  [
    'routing.listeners',
    'weak TLS',
    ({ loadBalancer: c }) => Object.assign(c.listeners[0] ?? {}, { SslPolicy: 'ELBSecurityPolicy-2016-08' }),
    '2016-08',
  ],
  [
    'routing.load-balancer',
    'logs elsewhere',
    ({ loadBalancer: c }) => Object.assign(c.attributes, { 'access_logs.s3.bucket': 'theirs' }),
    'theirs',
  ],
  [
    'cell.instances',
    'one runs',
    ({ cell: c }) => c.interfaces.push({ SubnetId: 'subnet-a', Status: 'in-use', Attachment: { InstanceId: 'i-1' } }),
    'instance i-1 is in subnet-a (in-use)',
  ],
  [
    'cell.dns',
    'a stranger’s server',
    ({ cell: c }) => c.strangeOptions.push({ optionsId: 'dopt-0theirs', servers: ['198.51.100.53'] }),
    'options dopt-0theirs name the name server 198.51.100.53',
  ],
  [
    'cell.dns',
    'a rule',
    ({ cell: c }) => c.resolverAssociations.push({ vpcId: 'vpc-cell', id: 'rslvr-rr-1', what: 'a rule' }),
    'a rule',
  ],
  [
    'routing.web-acl',
    'taken away',
    ({ loadBalancer: c }) => (c.webAcl = undefined),
    'has no web ACL, not arn:aws:wafv2',
  ],
  [
    'routing.web-acl',
    'another',
    (data) => (acl(data).ARN = 'arn:theirs'),
    'has the web ACL arn:theirs, not arn:aws:wafv2',
  ],
  [
    'routing.web-acl',
    'blocks all',
    (data) => (acl(data).DefaultAction = { Block: {} }),
    'default action is {"Block":{}}, not',
  ],
  ['routing.web-acl', 'a rule less', (data) => acl(data).Rules.splice(0, 1), 'lacks the rule Rate'],
  [
    'routing.web-acl',
    'a rule that counts',
    (data) => (first(acl(data).Rules).Action = { Count: {} }),
    'the rule Rate of',
  ],
  ['routing.web-acl', 'another order', (data) => (first(acl(data).Rules).Priority = 9), 'in the order Bad, Rate'],
  [
    'routing.web-acl',
    'a rule that lets pass',
    (data) => acl(data).Rules.push({ ...first(acl(data).Rules), Name: 'x', Priority: 3, Action: { Allow: {} } }),
    'has the rule {"Action":{"Allow":{}}',
  ],
  [
    'routing.web-acl',
    'one of a stranger',
    ({ stacks }) => {
      stacks.cell = stacks.cell.filter(({ type }) => type !== 'AWS::WAFv2::WebACLAssociation');
    },
    'regional/webacl/cell/1, not none',
  ],
  [
    'routing.web-acl',
    'a log for a stranger’s bucket',
    ({ loadBalancer: c }) => c.webAclLogs.push('arn:aws:s3:::aws-waf-logs-theirs'),
    'sends a log of all requests to arn:aws:s3:::aws-waf-logs-theirs',
  ],
  [
    'routing.web-acl',
    'a log for a delivery stream',
    ({ loadBalancer: c }) =>
      c.webAclLogs.push(`arn:aws:firehose:${REGION}:${ACCOUNT_ID}:deliverystream/aws-waf-logs-x`),
    'deliverystream/aws-waf-logs-x',
  ],
  [
    'cell.network',
    'another block',
    (data) => (peering(data).RequesterVpcInfo.CidrBlock = '192.168.0.0/16'),
    'pcx-acme of vpc-acme',
  ],
  ['cell.network', 'another account', (data) => (peering(data).RequesterVpcInfo.OwnerId = '999999999999'), 'pcx-acme'],
  [
    'cell.service',
    'with shells',
    ({ cell: c }) => Object.assign(c.services[0] ?? {}, { enableExecuteCommand: true }),
    'blue lets shells',
  ],
  [
    'cell.access-logs',
    'read by a stranger',
    ({ cell: c }) => c.accessLogPolicy.push(...stranger('s3:GetObject')),
    STRANGER,
  ],
  ['platform.table', 'shared', ({ platform }) => platform.tablePolicy.push(...stranger('dynamodb:GetItem')), STRANGER],
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
    ({ platform }) => platform.tableExports.push({ ExportArn: 'arn:table/t/export/01', S3Bucket: 'theirs' }),
    'export 01 writes the table to bucket theirs',
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
    'platform.topic',
    'heard by a stranger',
    ({ platform }) =>
      platform.subscriptions.push({ Protocol: 'sqs', Endpoint: 'arn:aws:sqs:r:999999999999:q', Owner: ACCOUNT_ID }),
    '999999999999',
  ],
  [
    'platform.bus',
    'that logs each signup',
    ({ platform }) => (platform.busLog = { Level: 'TRACE', IncludeDetail: 'FULL' }),
    'the bus logs events (TRACE, details: FULL)',
  ],
  ['platform.functions', 'without time', (data) => (lambda(data).Timeout = 1), 'ends after 1 s, not 60 s'],
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
  [
    'audit.alarms',
    'watching another function',
    ({ platform }) => (first(first(platform.alarms).Dimensions ?? []).Value = 'Other'),
    'dimension of alarm TenantDrifted: FunctionName Other is unexpected',
  ],
  [
    'audit.alarms',
    'with another formula',
    ({ platform }) => Object.assign(first(platform.alarms[1]?.Metrics ?? []), { Expression: 'errors / 10000' }),
    'metric of alarm CellFails: ratio errors / 10000 is unexpected',
  ],
  [
    'audit.alarms',
    'with the errors of another cell',
    ({ platform }) =>
      Object.assign(platform.alarms[1]?.Metrics?.[1]?.MetricStat?.Metric.Dimensions[0] ?? {}, { Value: 'cell9' }),
    'dimension of errors of alarm CellFails: Cell cell9 is unexpected',
  ],
  [
    'audit.alarms',
    'silenced',
    ({ platform }) => Object.assign(first(platform.alarms), { ActionsEnabled: false }),
    'alarm TenantDrifted are disabled',
  ],
  [
    'audit.alarms',
    'deaf',
    ({ platform }) => Object.assign(first(platform.alarms), { Threshold: 1000 }),
    'Threshold of alarm TenantDrifted is 1000',
  ],
  ['audit.alarms', 'gone', ({ platform }) => platform.alarms.splice(0), 'alarm TenantDrifted does not exist'],
  [
    'audit.alarms',
    'told elsewhere',
    ({ platform }) => first(platform.alarms).AlarmActions.push('arn:theirs'),
    'arn:theirs is unexpected',
  ],
  [
    'routing.load-balancer',
    'a header kept as it came',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.attributes, { 'routing.http.preserve_host_header.enabled': 'true' }),
    'preserve_host_header.enabled is true',
  ],
  [
    'routing.listener-attributes',
    'every origin',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.listenerAttributes, {
        'routing.http.response.access_control_allow_origin.header_value': '*',
      }),
    'access_control_allow_origin.header_value: *',
  ],
  [
    'routing.listener-attributes',
    'another name for a header',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.listenerAttributes, {
        'routing.http.request.x_amzn_mtls_clientcert.header_name': 'X-Forwarded-For',
      }),
    'X-Forwarded-For',
  ],
  [
    'routing.group-attributes',
    'sticky',
    ({ loadBalancer }) => Object.assign(loadBalancer.groupAttributes.green, { 'stickiness.enabled': 'true' }),
    'green: stickiness.enabled is true, not false',
  ],
  [
    'routing.targets',
    'a stranger’s server',
    ({ loadBalancer }) =>
      loadBalancer.serving.targets.push({ colour: 'green', address: '203.0.113.5', state: 'unused' }),
    '203.0.113.5 is a target of green (unused)',
  ],
  [
    'routing.targets',
    'a task of nobody',
    (data) => (task(data).group = 'family:theirs'),
    '10.0.0.7 is a target of blue',
  ],
  ['cell.service', 'a task beside', (data) => (task(data).group = 'family:theirs'), 'arn:task of family:theirs'],
  [
    'cell.service',
    'another role',
    (data) => (definition(data).taskRoleArn = 'arn:theirs'),
    'the task role of cell-blue is arn:theirs',
  ],
  [
    'cell.service',
    'another image',
    (data) => (first(definition(data).containerDefinitions).image = 'theirs/service@sha256:1'),
    'runs the image theirs/service@sha256:1',
  ],
  [
    'cell.service',
    'one variable more',
    (data) => first(definition(data).containerDefinitions).environment.push({ name: 'HTTPS_PROXY', value: 'theirs' }),
    'HTTPS_PROXY=theirs is unexpected',
  ],
  [
    'cell.service',
    'variables from a stranger’s file',
    (data) => first(definition(data).containerDefinitions).environmentFiles.push({ value: 'arn:aws:s3:::theirs/env' }),
    'reads variables from arn:aws:s3:::theirs/env',
  ],
  [
    'cell.service',
    'a stranger’s file system',
    (data) => {
      Object.assign(definition(data), {
        volumes: [{ name: 'theirs', efsVolumeConfiguration: { fileSystemId: 'fs-0theirs' } }],
      });
      first(definition(data).containerDefinitions).mountPoints.push({ sourceVolume: 'theirs' });
    },
    'has the volume theirs of fs-0theirs',
  ],
  [
    'cell.service',
    'its log in a stranger’s group',
    (data) => (first(definition(data).containerDefinitions).logConfiguration.options['awslogs-group'] = 'theirs'),
    'awslogs-group=theirs is unexpected',
  ],
  [
    'cell.service',
    'its log by another driver',
    (data) => (first(definition(data).containerDefinitions).logConfiguration.logDriver = 'splunk'),
    'the log driver of cell-blue is splunk',
  ],
  [
    'cell.service',
    'files that can be changed',
    (data) => (first(definition(data).containerDefinitions).readonlyRootFilesystem = false),
    'the files of cell-blue can be changed',
  ],
  [
    'cell.service',
    'a second container',
    (data) => {
      const { containerDefinitions: containers } = definition(data);
      containers.push({ ...first(containers), name: 'Sidecar' });
    },
    'the container Sidecar',
  ],
  [
    'cell.service',
    'another network',
    ({ cell: facts }) =>
      first(facts.services).networkConfiguration.awsvpcConfiguration.securityGroups.push('sg-theirs'),
    'security group of blue sg-theirs is unexpected',
  ],
  [
    'cell.descriptor',
    'another target group',
    ({ stacks }) =>
      Object.assign(first(stacks.cell.filter(({ type }) => type === 'AWS::SSM::Parameter')).properties, {
        Value: JSON.stringify({ ...surroundings.cell, targetGroupArns: { blue: 'arn:own', green: 'arn:own' } }),
      }),
    'targetGroupArns.blue is',
  ],
  [
    'cell.interfaces',
    'a stranger’s',
    ({ cell: facts }) => facts.interfaces.push({ NetworkInterfaceId: 'eni-theirs', SubnetId: 'subnet-a' }),
    'eni-theirs',
  ],
  [
    'cell.interfaces',
    'a task of a stranger’s cluster',
    ({ cell: facts, loadBalancer }) => {
      const details = [{ name: 'networkInterfaceId', value: 'eni-theirs' }];
      loadBalancer.laterTasks.push({ group: 'family:theirs', attachments: [{ details }] });
      facts.interfaces.push({ ...OF_A_TASK, NetworkInterfaceId: 'eni-theirs' });
    },
    'eni-theirs',
  ],
  [
    'routing.web-acl',
    'managed rules of which one lets pass',
    ({ loadBalancer }) =>
      loadBalancer.webAcl?.Rules.push({
        ...{ Name: 'Sql', Priority: 9, OverrideAction: { None: {} } },
        Statement: {
          ManagedRuleGroupStatement: {
            ...{ VendorName: 'AWS', Name: 'AWSManagedRulesSQLiRuleSet' },
            RuleActionOverrides: [{ Name: 'SQLi_BODY', ActionToUse: { Allow: {} } }],
          },
        },
      }),
    'the web ACL has the rule',
  ],
  [
    'cell.interfaces',
    'called like the load balancer’s',
    ({ cell: facts }) => facts.interfaces.push({ NetworkInterfaceId: 'eni-theirs', Description: 'ELB app/cell1/1' }),
    'eni-theirs',
  ],
  [
    'cell.groups',
    'one rule more',
    ({ cell: facts }) =>
      facts.groups[1]?.IpPermissions.push({
        IpProtocol: 'tcp',
        FromPort: 22,
        ToPort: 22,
        IpRanges: [{ CidrIp: '::' }],
      }),
    'tcp 22-22 :: is unexpected',
  ],
  [
    'cell.groups',
    'one group more',
    ({ cell: facts }) =>
      facts.groups.push({ GroupId: 'sg-theirs', GroupName: 'open', IpPermissions: [], IpPermissionsEgress: [] }),
    'sg-theirs (open)',
  ],
  [
    'cell.groups',
    'an open default group',
    ({ cell: facts }) => facts.groups[2]?.IpPermissions.push({ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }),
    'the default group sg-default',
  ],
  [
    'cell.dns',
    'a private zone',
    ({ cell: facts }) =>
      facts.privateZones.push({ HostedZoneId: 'Z2', Name: 'rds.local.', Owner: { OwningAccount: ACCOUNT_ID } }),
    'private zone Z2',
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
    'platform.permissions',
    'called by a stranger',
    ({ policies }) => {
      policies.permissionsAdded.push({ name: named('SuspendTenant'), permission: { principal: STRANGER } });
      policies.ofFunction.push(...stranger('lambda:InvokeFunction'));
    },
    'the policy of function SuspendTenant has the statement Allow Support',
  ],
  [
    'platform.permissions',
    'a version called by a stranger',
    ({ policies }) => {
      const permission = { principal: STRANGER };
      policies.permissionsAdded.push({ name: named('DeleteStack'), qualifier: '7', permission });
      policies.ofFunction.push(...stranger('lambda:InvokeFunction'));
    },
    'the policy of function DeleteStack:7 has the statement Allow Support',
  ],
  [
    'platform.permissions',
    'a function of the cell called by a stranger',
    ({ policies }) => {
      policies.permissionsAdded.push({ name: askDatabaseName('cell1'), permission: { principal: '*' } });
      policies.ofFunction.push(...stranger('lambda:InvokeFunction'));
    },
    'the policy of function AskDatabase-cell1 has the statement Allow Support',
  ],
  [
    'platform.permissions',
    'a queue for others',
    ({ policies }) => policies.ofQueue.push(...stranger('sqs:ReceiveMessage')),
    'the policy of https://sqs/queue has the statement',
  ],
  [
    'platform.functions',
    'another variable',
    (data) => (lambda(data).Environment.Variables.TABLE_NAME = 'theirs'),
    'TABLE_NAME=theirs is unexpected',
  ],
  [
    'platform.functions',
    'a layer',
    (data) => lambda(data).Layers.push({ Arn: 'arn:theirs' }),
    'arn:theirs is unexpected',
  ],
  ['platform.functions', 'an old runtime', (data) => (lambda(data).Runtime = 'nodejs16.x'), 'is nodejs16.x, not'],
  [
    'platform.functions',
    'a log elsewhere',
    (data) => (lambda(data).LoggingConfig.LogGroup = '/theirs'),
    'the log group of',
  ],
  [
    'platform.functions',
    'a file system',
    (data) => (lambda(data).FileSystemConfigs = [{ Arn: 'arn:theirs' }]),
    'mounts the file system arn:theirs',
  ],
  ['platform.functions', 'another role', (data) => (lambda(data).Role = 'arn:theirs'), 'arn:theirs'],
  ['platform.functions', 'gone', ({ policies }) => policies.functions.splice(0, 1), 'does not exist'],
  [
    'platform.functions',
    'silent',
    (data) => (lambda(data).LoggingConfig.ApplicationLogLevel = 'FATAL'),
    'PerformAct logs only what is FATAL or worse',
  ],
  [
    'platform.functions',
    'variables under a stranger’s key',
    (data) => (lambda(data).KMSKeyArn = 'arn:aws:kms:r:999999999999:key/theirs'),
    'PerformAct is arn:aws:kms:r:999999999999:key/theirs, not undefined',
  ],
  [
    'platform.functions',
    'failed events for a stranger',
    ({ policies }) =>
      Object.assign(policies.functions[1] ?? {}, { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:r:999999999999:q' } }),
    'SuspendTenant is arn:aws:sqs:r:999999999999:q, not undefined',
  ],
  [
    'platform.functions',
    'failed events for nobody',
    (data) => Object.assign(lambda(data), { DeadLetterConfig: undefined }),
    'PerformAct is absent, not arn:aws:sqs:',
  ],
  [
    'platform.functions',
    'records of a stranger’s stream',
    ({ policies }) => policies.eventSources.push(mapping(named('PerformAct'), 'arn:aws:kinesis:r:1:stream/theirs')),
    'mapping m1 calls TenantOnboarding-ControlPlane-PerformAct with the records of arn:aws:kinesis:r:1:stream/theirs',
  ],
  [
    'platform.functions',
    'a stranger’s function that reads a queue',
    ({ policies }) => policies.eventSources.push(mapping('theirs', 'arn:aws:sqs:r:1:queue')),
    'mapping m1 calls theirs with the records of arn:aws:sqs:r:1:queue',
  ],
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
  ['platform.topic', 'no key', ({ platform }) => (platform.topicKey = undefined), 'is absent, not messages'],
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
  ['cell.flow-logs', 'none', ({ cell: c }) => c.flowLogs.shift(), 'no active flow log sends ALL of'],
  [
    'cell.flow-logs',
    'accepted traffic alone',
    ({ cell: c }) => Object.assign(first(c.flowLogs), { TrafficType: 'ACCEPT' }),
    'no active flow log sends ALL of',
  ],
  [
    'cell.flow-logs',
    'of a subnet, to a stranger’s bucket',
    ({ cell: c }) => c.flowLogs.push(flowLog('subnet-a', { LogDestination: 'arn:aws:s3:::theirs' })),
    'flow log fl-2 of subnet-a sends traffic to arn:aws:s3:::theirs',
  ],
  [
    'cell.flow-logs',
    'of a task, to a stranger’s log group',
    ({ cell: c }) =>
      c.flowLogs.push(
        flowLog('eni-task', {
          ...{ LogDestinationType: 'cloud-watch-logs' },
          LogDestination: 'arn:aws:logs:r:999999999999:log-group:theirs',
        }),
      ),
    'flow log fl-2 of eni-task sends traffic to arn:aws:logs:r:999999999999:log-group:theirs',
  ],
  [
    'cell.acls',
    'all tenants refused',
    (data) => deny(data, '10.64.0.0/16'),
    'denies inbound traffic with 10.64.0.0/16',
  ],
  ['cell.acls', 'everybody refused', (data) => deny(data, '0.0.0.0/0'), 'denies inbound traffic with 0.0.0.0/0'],
  ['cell.acls', 'nothing passes', ({ cell: c }) => first(c.acls).Entries.splice(0), 'does not let all inbound'],
  [
    'platform.images',
    'one that no release has brought',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/tenant-onboarding/service@sha256:2'),
    'cell-blue runs registry/tenant-onboarding/service@sha256:2, which no release has brought here',
  ],
  [
    'platform.images',
    'one by its tag',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/tenant-onboarding/service:1'),
    'cell-blue runs registry/tenant-onboarding/service:1, which no',
  ],
  [
    'platform.images',
    'another one of the template’s repository',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/seed@sha256:3'),
    'cell-blue runs registry/seed@sha256:3, which no release has brought here',
  ],
  [
    'platform.images',
    'a repository for others',
    ({ images }) => images.repositoryPolicy.push(...stranger('ecr:PutImage')),
    'the policy of tenant-onboarding/service has the statement Allow',
  ],
  [
    'audit.code',
    'other code at the databases’ doors',
    ({ policies }) => Object.assign(policies.functions.at(-1) ?? {}, { CodeSha256: 'theirs' }),
    'the digest of the code of AskDatabase-cell1 is theirs',
  ],
  [
    'audit.code',
    'of one that verifies nobody',
    (data) => (lambda(data).CodeSha256 = 'theirs'),
    'of PerformAct is theirs',
  ],
  [
    'audit.machines',
    'another function',
    ({ policies: { machine } }) => (machine.definition = machine.definition.replace('lambda:1', 'lambda:2')),
    'another definition',
  ],
  ['audit.machines', 'as another role', ({ policies }) => (policies.machine.roleArn = 'arn:theirs'), 'is arn:theirs'],
  [
    'audit.machines',
    'logging inputs and outputs',
    ({ policies }) => (policies.machine.loggingConfiguration.includeExecutionData = true),
    'logs the inputs and outputs of its states',
  ],
  [
    'audit.machines',
    'logging elsewhere',
    ({ policies }) =>
      policies.machine.loggingConfiguration.destinations.push({
        cloudWatchLogsLogGroup: { logGroupArn: 'arn:aws:logs:r:1:log-group:theirs:*' },
      }),
    'logs to arn:aws:logs:r:1:log-group:theirs',
  ],
  ['audit.rules', 'disabled', ({ policies }) => (first(policies.rules).State = 'DISABLED'), 'is DISABLED'],
  [
    'audit.rules',
    'once a year',
    ({ policies }) => (first(policies.rules).ScheduleExpression = 'rate(365 days)'),
    '365',
  ],
  [
    'audit.rules',
    'one more on the bus',
    ({ policies }) => policies.rules.push({ Name: 'theirs', State: 'ENABLED', EventPattern: '{}' }),
    `rule theirs of ${BUS}`,
  ],
  [
    'audit.rules',
    'one more target',
    ({ policies }) => policies.targets.push({ Id: '2', Arn: 'arn:theirs', RoleArn: 'arn:theirs' }),
    'arn:theirs as arn:theirs is unexpected',
  ],
  [
    'cell.network',
    'a stranger’s endpoint',
    ({ cell: facts }) =>
      facts.endpoints.push({
        ...{ VpcEndpointId: 'vpce-theirs', VpcEndpointType: 'Interface', ServiceName: 'com.amazonaws.vpce.theirs' },
      }),
    'endpoint vpce-theirs leads to com.amazonaws.vpce.theirs',
  ],
  [
    'database.backup-plans',
    'to another account',
    ({ copies }) => copies.backups.push(aBackup('theirs', 'arn:aws:backup:r:999999999999:backup-vault:theirs')),
    'backup plan theirs (all) copies tenants’ resources to arn:aws:backup:r:999999999999:backup-vault:theirs',
  ],
  [
    'database.backup-plans',
    'of one tenant',
    ({ copies }) =>
      copies.backups.push(
        aBackup('theirs', 'arn:aws:backup:r:999999999999:backup-vault:v', `arn:aws:rds:*:*:db:tenant-t1`),
      ),
    'backup plan theirs',
  ],
  [
    'database.backup-plans',
    'by tag',
    ({ copies }) => first(first(copies.backups.slice(1)).selections).ListOfTags.push({ ConditionKey: 'tenantId' }),
    'backup plan others (all) copies',
  ],
  [
    'database.backup-plans',
    'by a tag that somebody may have put on a tenant’s database',
    ({ copies }) => first(first(copies.backups.slice(1)).selections).ListOfTags.push({ ConditionKey: 'backup' }),
    'backup plan others (all) copies',
  ],
  [
    'database.backup-plans',
    'the table with the names of all tenants',
    ({ copies }) =>
      copies.backups.push(
        aBackup('theirs', 'arn:aws:backup:r:999999999999:backup-vault:v', 'arn:aws:dynamodb:*:*:table/*'),
      ),
    'backup plan theirs',
  ],
  [
    'database.backup-plans',
    'a vault for others',
    ({ copies }) => copies.vaultPolicy.push(...stranger('backup:CopyIntoBackupVault')),
    'vault local of backup plan organization',
  ],
  [
    'cell.routes',
    'through a stranger’s interface',
    ({ cell: facts }) =>
      (first(facts.routeTables).Routes[1] = { DestinationCidrBlock: '0.0.0.0/0', NetworkInterfaceId: 'eni-theirs' }),
    'routes 0.0.0.0/0 to eni-theirs; route table rtb-1 lacks 0.0.0.0/0',
  ],
  [
    'cell.routes',
    'a subnet that follows another table',
    ({ cell: facts }) => {
      const [table] = facts.routeTables;
      facts.routeTables.push({ RouteTableId: 'rtb-2', Associations: table?.Associations ?? [], Routes: [] });
      Object.assign(table ?? {}, { Associations: [] });
    },
    'subnet subnet-a follows route table rtb-2, not rtb-1',
  ],
  [
    'cell.routes',
    'more than tenants’ blocks over a peering',
    ({ cell: facts }) =>
      first(facts.routeTables).Routes.push({ DestinationCidrBlock: '10.0.0.0/8', VpcPeeringConnectionId: 'pcx-acme' }),
    'routes 10.0.0.0/8 to pcx-acme',
  ],
];

test.each(BREACHES)('%s fails on this breach: %s', async (id, _, spoil, expected) => {
  expect(await ask(id, spoil)).toEqual({ passed: false, evidence: expect.stringContaining(expected) });
});

test('every check of the surroundings has a breach in this file', () => {
  expect(new Set(BREACHES.map(([id]) => id))).toEqual(new Set(SURROUNDINGS_CHECKS.map(({ id }) => id)));
});

test.each<[string, string, (data: Data) => void]>([
  [
    'routing.load-balancer',
    'a longer timeout, and protection from deletion',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.attributes, {
        'idle_timeout.timeout_seconds': '120',
        'deletion_protection.enabled': 'true',
      }),
  ],
  [
    'routing.listeners',
    'a renewed certificate',
    ({ loadBalancer: c }) =>
      Object.assign(c.listeners[0] ?? {}, {
        Certificates: [{ CertificateArn: 'arn:aws:acm:r:1:certificate/renewed' }],
      }),
  ],
  [
    'routing.listener-attributes',
    'an attribute that AWS has made, and leaves off',
    ({ loadBalancer: c }) =>
      Object.assign(c.listenerAttributes, {
        'routing.http.response.new.enabled': 'false',
        'routing.http.response.server.enabled': 'false',
      }),
  ],
  [
    'routing.group-attributes',
    'another algorithm',
    ({ loadBalancer }) =>
      Object.assign(loadBalancer.groupAttributes.blue, {
        'load_balancing.algorithm.type': 'least_outstanding_requests',
      }),
  ],
  [
    'audit.alarms',
    'somebody of this account who is told, too',
    ({ platform }) => first(platform.alarms).AlarmActions.push(`arn:aws:sns:eu-central-1:${ACCOUNT_ID}:security`),
  ],
  [
    'audit.rules',
    'a rule of an AWS service',
    ({ policies }) =>
      policies.rules.push({
        Name: 'managed',
        State: 'ENABLED',
        EventPattern: '{}',
        ManagedBy: 'schemas.amazonaws.com',
      }),
  ],
  [
    'platform.table',
    'an export of the organization',
    ({ platform }) => platform.tableExports.push({ ExportArn: 'arn:e/1', S3Bucket: 'organization-exports' }),
  ],
  [
    'database.backup-plans',
    'another team’s plan of all that has its tag, in this account',
    ({ copies }) => {
      const plan = aBackup('team', 'arn:aws:backup:eu-central-1:555555555555:backup-vault:central');
      const Conditions = { StringEquals: [{ ConditionKey: 'aws:ResourceTag/team', ConditionValue: 'data' }] };
      Object.assign(first(plan.selections), { Conditions });
      copies.backups.splice(0, copies.backups.length, plan);
    },
  ],
  [
    'platform.functions',
    'another team’s function that reads its own queue',
    ({ policies }) => policies.eventSources.push(mapping('team', 'arn:aws:sqs:r:1:team')),
  ],
  [
    'cell.dns',
    'what the organization lists',
    ({ cell: c }) => {
      c.resolverAssociations.push({ vpcId: 'vpc-cell', id: 'rslvr-rr-0organization', what: 'a rule' });
      c.strangeOptions.push({ optionsId: 'dopt-0organization', servers: ['10.0.0.2'] });
      c.privateZones.push({
        HostedZoneId: 'Z0ORGANIZATION',
        Name: 'corp.example.',
        Owner: { OwningAccount: ACCOUNT_ID },
      });
    },
  ],
  ['cell.acls', 'an attacker’s address, refused', (data) => deny(data, '198.51.100.7/32')],
  [
    'cell.flow-logs',
    'one more into a log group of the account',
    ({ cell: c }) => c.flowLogs.push(flowLog('subnet-a', { LogDestinationType: 'cloud-watch-logs' })),
  ],
  [
    'cell.flow-logs',
    'one of the organization',
    ({ cell: c }) =>
      c.flowLogs.push(flowLog('subnet-a', { LogDestination: 'arn:aws:s3:::organization-traffic/cells' })),
  ],
  [
    'cell.flow-logs',
    'the same one, made anew',
    ({ cell: c }) => Object.assign(first(c.flowLogs), { FlowLogId: 'fl-3' }),
  ],
  [
    'platform.images',
    'the image before, to which a release was brought back',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/tenant-onboarding/service@sha256:0'),
  ],
  [
    'platform.images',
    'the image of the stack, where there was no release',
    (data) => (first(definition(data).containerDefinitions).image = 'registry/seed:1'),
  ],
  [
    'platform.images',
    'the image of an earlier stack, which no release has followed yet',
    (data) => {
      const [made] = data.stacks.cell.filter(({ type }) => type === 'AWS::ECS::TaskDefinition');
      Object.assign(made ?? {}, { updatedAt: new Date('2026-03-02T12:00:00Z') });
      first(definition(data).containerDefinitions).image = 'registry/seed:0';
    },
  ],
  ['platform.functions', 'more in the log', (data) => (lambda(data).LoggingConfig.ApplicationLogLevel = 'DEBUG')],
  [
    'platform.functions',
    'variables under a key of the account',
    (data) => (lambda(data).KMSKeyArn = `arn:aws:kms:r:${ACCOUNT_ID}:key/ours`),
  ],
  ['platform.functions', 'more time', (data) => (lambda(data).Timeout = 600)],
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
  [
    'cell.interfaces',
    'the interface of a task that stops, or has just been started',
    ({ cell: facts, loadBalancer }) => {
      const details = [{ name: 'networkInterfaceId', value: 'eni-stopping' }];
      loadBalancer.laterTasks.push({ group: 'service:green', attachments: [{ details }] });
      facts.interfaces.push({ ...OF_A_TASK, NetworkInterfaceId: 'eni-stopping' });
    },
  ],
  [
    'routing.web-acl',
    'a further group of AWS’s managed rules',
    ({ loadBalancer }) =>
      loadBalancer.webAcl?.Rules.push({
        ...{ Name: 'Sql', Priority: 9, OverrideAction: { None: {} } },
        Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name: 'AWSManagedRulesSQLiRuleSet' } },
      }),
  ],
  ['routing.targets', 'a target that goes', ({ loadBalancer }) => loadBalancer.serving.targets.splice(0)],
])('%s does not fail on a harmless change: %s', async (id, _, change) => {
  expect(await ask(id, change)).toMatchObject({ passed: true });
});

test('code cannot be judged by the template of an earlier release', async () => {
  const spoil = ({ stacks }: Data) => {
    for (const each of stacks.controlPlane) Object.assign(each, { metadata: undefined });
  };
  await expect(ask('audit.code', spoil)).rejects.toThrow('names no digest of the code of');
});

test('the trusted roles cannot be judged without the templates of the stacks', async () => {
  await expect(ask('identity.trustees', ({ trustees }) => trustees.expected.splice(0))).rejects.toThrow('no template');
});

describe('the comparison of statements', () => {
  const one = policyOf({ Sid: 'A', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] });

  test('ignores order, names and letter case of actions', () => {
    const other = policyOf({ Sid: 'B', Action: ['s3:putobject', 's3:GetObject'], Resource: ['b', 'a'] });
    expect(policyDifferences('the policy', one, other)).toEqual([]);
  });

  test.each<[string, object]>([
    ['a resource more', { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b', 'c'] }],
    [
      'a condition more',
      { Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'], Condition: { Bool: { x: 'true' } } },
    ],
    ['the other effect', { Effect: 'Deny', Action: ['s3:GetObject', 's3:PutObject'], Resource: ['a', 'b'] }],
  ])('reports %s as a difference', (_, statement) => {
    expect(policyDifferences('the policy', one, policyOf(statement as never))).not.toEqual([]);
  });

  test.each<[string, boolean, object]>([
    ['this account', true, { Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:role/x` }, Action: 'a' }],
    ['another account', false, { Principal: { AWS: '999999999999' }, Action: 'a' }],
    ['a service without a bound', false, { Principal: { Service: 's3.amazonaws.com' }, Action: 'a' }],
    ['everybody', false, { Principal: '*', Action: 'a' }],
    [
      'everybody of another account',
      false,
      { Principal: '*', Action: 'a', Condition: { StringEquals: { 'aws:PrincipalAccount': '999999999999' } } },
    ],
    ['a denial', true, { Effect: 'Deny', Principal: '*', Action: 'a' }],
  ])('accepts a principal of %s: %s', (_, passes, statement) => {
    expect(strangersIn(policyOf(statement as never), [ACCOUNT_ID])).toHaveLength(passes ? 0 : 1);
  });
});

describe('cell.service, after a deployment of the stack with another variable', () => {
  const later = (data: Data) => {
    const [made] = data.stacks.cell.filter(({ type }) => type === 'AWS::ECS::TaskDefinition');
    Object.assign(made ?? {}, { updatedAt: new Date('2026-03-02T12:00:00Z') });
    first(first(definition(data).containerDefinitions).environment).value = '9090';
  };

  test('passes the definition of an earlier release', async () => {
    expect(await ask('cell.service', later)).toMatchObject({ passed: true });
  });

  test('fails on a definition that was registered after it', async () => {
    const spoil = (data: Data) => {
      later(data);
      definition(data).registeredAt = new Date('2026-03-03T12:00:00Z');
    };
    expect(await ask('cell.service', spoil)).toMatchObject({
      passed: false,
      evidence: expect.stringContaining('PORT=9090 is unexpected'),
    });
  });

  test('fails on another role all the same', async () => {
    const spoil = (data: Data) => {
      later(data);
      definition(data).taskRoleArn = 'arn:theirs';
    };
    expect(await ask('cell.service', spoil)).toMatchObject({ passed: false });
  });
});

test('an operator may refuse an address at the web ACL, or count; a stage may have no web ACL', async () => {
  const added = (Action: Record<string, object>) => (data: Data) => {
    const rule = { ...first(acl(data).Rules), Name: 'ours', Priority: 0, Action };
    acl(data).Rules = [rule, ...acl(data).Rules.map((each) => ({ ...each, Priority: each.Priority + 1 }))];
  };
  expect(await ask('routing.web-acl', added({ Block: {} }))).toMatchObject({ passed: true });
  expect(await ask('routing.web-acl', added({ Count: {} }))).toMatchObject({ passed: true });
  expect(await ask('routing.web-acl', added({ Block: { CustomResponse: { ResponseCode: 302 } } }))).toMatchObject({
    passed: false,
  });
  const without = ({ stacks, loadBalancer }: Data) => {
    stacks.cell = stacks.cell.filter(({ type }) => !type.startsWith('AWS::WAFv2::'));
    loadBalancer.webAcl = undefined;
  };
  expect(await ask('routing.web-acl', without)).toEqual({ passed: true, evidence: 'the cell’s stack has no web ACL' });
});

test.each([
  ['of the own account', `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:aws-waf-logs-cell`],
  ['that the organization has', 'arn:aws:s3:::aws-waf-logs-organization'],
])('a log of the web ACL in a place %s is no violation', async (_, arn) => {
  expect(await ask('routing.web-acl', ({ loadBalancer }) => loadBalancer.webAclLogs.push(arn))).toMatchObject({
    passed: true,
  });
});
