import {
  CreateBackupPlanCommand,
  CreateBackupSelectionCommand,
  CreateBackupVaultCommand,
  DeleteBackupPlanCommand,
  DeleteBackupSelectionCommand,
  DeleteBackupVaultCommand,
} from '@aws-sdk/client-backup';
import {
  CreateFlowLogsCommand,
  CreateNetworkAclEntryCommand,
  CreateSecurityGroupCommand,
  CreateVpcEndpointCommand,
  DeleteFlowLogsCommand,
  DeleteNetworkAclEntryCommand,
  DeleteSecurityGroupCommand,
  DeleteVpcEndpointsCommand,
  DescribeNetworkAclsCommand,
} from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, UpdateServiceCommand } from '@aws-sdk/client-ecs';
import { AddTagsCommand, RemoveTagsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DeleteRuleCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { paginateListFunctions, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import {
  GetTopicAttributesCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  DeleteLoggingConfigurationCommand,
  GetWebACLCommand,
  GetWebACLForResourceCommand,
  PutLoggingConfigurationCommand,
  type Rule,
  UpdateWebACLCommand,
  type WebACL,
} from '@aws-sdk/client-wafv2';
import { everyItem } from '../../../functions/shared/paging';
import { aRule } from '../a-rule';
import { aUser } from '../identity-changes';
import { loadBalancerAttribute } from '../load-balancer-attribute';
import { refuseAdministration } from '../network-changes';
import type { SharedScene } from '../surroundings-target';
import type { Revert } from '../technique';
import { anAlarm } from './an-alarm';

/** A change of what tenants share on which no check may fail. */
export interface SharedChange {
  readonly name: string;
  readonly make: (scene: SharedScene) => Promise<Revert>;
}

const backup = (name: string, Resources: string[], copiesTo?: string, tag?: string): SharedChange => ({
  name,
  make: async ({ surroundings: { accountId }, root }) => {
    const BackupPlanName = name.replaceAll(/\W+/g, '-').slice(0, 40);
    const vault = { BackupVaultName: BackupPlanName };
    await root.backup.send(new CreateBackupVaultCommand(vault));
    const CopyActions = copiesTo ? [{ DestinationBackupVaultArn: copiesTo }] : [];
    const Rules = [{ RuleName: 'daily', TargetBackupVaultName: BackupPlanName, CopyActions }];
    const { BackupPlanId } = await root.backup.send(
      new CreateBackupPlanCommand({ BackupPlan: { BackupPlanName, Rules } }),
    );
    const IamRoleArn = `arn:aws:iam::${accountId}:role/backup`;
    const byTag = { ConditionType: 'STRINGEQUALS' as const, ConditionKey: tag, ConditionValue: 'data' };
    const BackupSelection = { SelectionName: 'all', IamRoleArn, Resources, ...(tag && { ListOfTags: [byTag] }) };
    const { SelectionId } = await root.backup.send(new CreateBackupSelectionCommand({ BackupPlanId, BackupSelection }));
    return async () => {
      await root.backup.send(new DeleteBackupSelectionCommand({ BackupPlanId, SelectionId }));
      await root.backup.send(new DeleteBackupPlanCommand({ BackupPlanId }));
      await root.backup.send(new DeleteBackupVaultCommand(vault));
    };
  },
});

/** The cell's web ACL with other rules. */
const withRules = (name: string, rulesOf: (before: Rule[], acl: WebACL) => Rule[]): SharedChange => ({
  name,
  make: async ({ surroundings: { cell }, root: { wafv2 } }) => {
    const { WebACL: acl } = await wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: cell.loadBalancerArn }));
    if (!acl) throw new Error('the cell has no web ACL');
    const { Name, Id, DefaultAction, VisibilityConfig, Rules: before = [] } = acl;
    const named = { Name, Id, Scope: 'REGIONAL' as const };
    const put = async (Rules: Rule[]) => {
      const { LockToken } = await wafv2.send(new GetWebACLCommand(named));
      await wafv2.send(new UpdateWebACLCommand({ ...named, LockToken, DefaultAction, VisibilityConfig, Rules }));
    };
    await put(rulesOf(before, acl));
    return () => put(before);
  },
});

/** One more rule of it, before all others. */
const withRule = (name: string, rule: Pick<Rule, 'Name' | 'Action' | 'OverrideAction' | 'Statement'>) =>
  withRules(name, (before, { VisibilityConfig }) => [
    { ...rule, Priority: 0, VisibilityConfig },
    ...before.map((each) => ({ ...each, Priority: (each.Priority ?? 0) + 1 })),
  ]);

export const SHARED_BENIGN_CHANGES: readonly SharedChange[] = [
  {
    name: 'log the web ACL’s requests to a log group of the account',
    make: async ({ surroundings: { accountId, region, cell }, root: { wafv2 } }) => {
      const { WebACL } = await wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: cell.loadBalancerArn }));
      const ResourceArn = WebACL?.ARN;
      const LogDestinationConfigs = [`arn:aws:logs:${region}:${accountId}:log-group:aws-waf-logs-cell`];
      const LoggingConfiguration = { ResourceArn, LogDestinationConfigs };
      await wafv2.send(new PutLoggingConfigurationCommand({ LoggingConfiguration }));
      return () => wafv2.send(new DeleteLoggingConfigurationCommand({ ResourceArn }));
    },
  },
  withRules('let one address send fewer requests in an attack, and keep no samples of them', (before) =>
    before.map((each) => {
      const { RateBasedStatement: rate } = each.Statement ?? {};
      const VisibilityConfig = { MetricName: each.Name, CloudWatchMetricsEnabled: true, SampledRequestsEnabled: false };
      return { ...each, VisibilityConfig, ...(rate && { Statement: { RateBasedStatement: { ...rate, Limit: 500 } } }) };
    }),
  ),
  withRule('refuse an address at the web ACL, before all other rules', {
    ...{ Name: 'incident', Action: { Block: {} } },
    Statement: { GeoMatchStatement: { CountryCodes: ['KP'] } },
  }),
  withRule('let in visitors of some countries alone, at the web ACL', {
    ...{ Name: 'fence', Action: { Block: {} } },
    Statement: { NotStatement: { Statement: { GeoMatchStatement: { CountryCodes: ['AT', 'CH', 'DE'] } } } },
  }),
  withRule('refuse a crawler at the web ACL', {
    ...{ Name: 'crawler', Action: { Block: {} } },
    Statement: {
      ByteMatchStatement: {
        ...{ SearchString: new TextEncoder().encode('crawler.example'), PositionalConstraint: 'CONTAINS' },
        FieldToMatch: { SingleHeader: { Name: 'user-agent' } },
        TextTransformations: [{ Priority: 0, Type: 'LOWERCASE' }],
      },
    },
  }),
  withRule('add a group of AWS’s managed rules to the web ACL', {
    ...{ Name: 'injections', OverrideAction: { None: {} } },
    Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name: 'AWSManagedRulesSQLiRuleSet' } },
  }),
  backup('the organization backs everything up in this account', ['*']),
  backup('the organization backs up what has its tag', [], undefined, 'department'),
  backup('servers are backed up to another account', ['arn:aws:ec2:*'], 'arn:aws:backup:r:999999999999:backup-vault:v'),
  {
    name: 'GuardDuty has an endpoint and a group in the cell’s network',
    make: async ({ surroundings: { cell, region }, root: { ec2 } }) => {
      const VpcId = cell.vpcId;
      const Description = 'GuardDuty';
      const { GroupId } = await ec2.send(
        new CreateSecurityGroupCommand({ GroupName: 'GuardDutyManaged', Description, VpcId }),
      );
      const { VpcEndpoint } = await ec2.send(
        new CreateVpcEndpointCommand({
          ...{ VpcId, VpcEndpointType: 'Interface', SecurityGroupIds: [GroupId ?? ''] },
          ServiceName: `com.amazonaws.${region}.guardduty-data`,
        }),
      );
      return async () => {
        await ec2.send(new DeleteVpcEndpointsCommand({ VpcEndpointIds: [VpcEndpoint?.VpcEndpointId ?? ''] }));
        await ec2.send(new DeleteSecurityGroupCommand({ GroupId }));
      };
    },
  },
  {
    name: 'an operator refuses an attacker’s address at the cell’s network ACL',
    make: async ({ surroundings: { cell }, root: { ec2 } }) => {
      const Filters = [{ Name: 'vpc-id', Values: [cell.vpcId] }];
      const { NetworkAcls } = await ec2.send(new DescribeNetworkAclsCommand({ Filters }));
      const rule = { NetworkAclId: NetworkAcls?.[0]?.NetworkAclId, RuleNumber: 10, Egress: false };
      const refused = { Protocol: '-1', RuleAction: 'deny' as const, CidrBlock: '198.51.100.7/32' };
      await ec2.send(new CreateNetworkAclEntryCommand({ ...rule, ...refused }));
      return () => ec2.send(new DeleteNetworkAclEntryCommand(rule));
    },
  },
  {
    name: 'a benchmark refuses remote administration at the cell’s network ACL',
    make: ({ surroundings: { cell }, root: { ec2 } }) => refuseAdministration(ec2, cell.vpcId),
  },
  {
    name: 'an operator logs refused traffic into a log group of the account',
    make: async ({ surroundings: { cell }, root: { ec2 } }) => {
      const { FlowLogIds } = await ec2.send(
        new CreateFlowLogsCommand({
          ...{ ResourceIds: [cell.vpcId], ResourceType: 'VPC', TrafficType: 'REJECT' },
          ...{ LogDestinationType: 'cloud-watch-logs', LogGroupName: '/operators/rejected' },
        }),
      );
      return () => ec2.send(new DeleteFlowLogsCommand({ FlowLogIds }));
    },
  },
  {
    name: 'an operator lets idle connections live longer',
    make: (scene) => loadBalancerAttribute(scene, 'idle_timeout.timeout_seconds', '120'),
  },
  {
    name: 'an operator protects the load balancer from deletion',
    make: (scene) => loadBalancerAttribute(scene, 'deletion_protection.enabled', 'true'),
  },
  {
    name: 'another team opens security groups, and deploys its stacks',
    make: ({ root: { iam } }) =>
      aUser({ iam }, 'another-team', {
        Action: ['ec2:AuthorizeSecurityGroupIngress', 'cloudformation:UpdateStack', 'rds:ModifyDBParameterGroup'],
        Resource: [
          ...['arn:aws:ec2:*:*:security-group/sg-*', 'arn:aws:cloudformation:*:*:stack/web-*/*'],
          'arn:aws:rds:*:*:pg:*',
        ],
      }),
  },
  {
    name: 'another team reads the logs of its functions',
    make: ({ root: { iam } }) =>
      aUser({ iam }, 'observability', {
        Action: ['logs:FilterLogEvents', 'logs:GetLogEvents', 'logs:PutSubscriptionFilter'],
        Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda/*',
      }),
  },
  {
    name: 'an operator gives a function more memory',
    make: async ({ root: { lambda } }) => {
      const functions = await everyItem(paginateListFunctions({ client: lambda }, {}), ({ Functions }) => Functions);
      const { FunctionName, MemorySize } = functions.find(({ Role }) => Role?.endsWith('-AuditTenant')) ?? {};
      const set = (size: number | undefined) =>
        lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: size }));
      await set(2048);
      return () => set(MemorySize);
    },
  },
  {
    name: 'another team has a rule on the default bus',
    make: async ({ root: { events } }) => {
      const rule = { Name: 'another-team', EventPattern: JSON.stringify({ source: ['aws.health'] }) };
      await events.send(new PutRuleCommand(rule));
      return () => events.send(new DeleteRuleCommand({ Name: rule.Name }));
    },
  },
  {
    name: 'the organization hears of findings and maintenance in the account',
    make: ({ surroundings: { region, accountId }, root: { events } }) => {
      const source = ['aws.health', 'aws.guardduty', { prefix: 'aws.inspector' }];
      const Arn = `arn:aws:events:${region}:555555555555:event-bus/security`;
      return aRule(events, { Name: 'organization', EventPattern: JSON.stringify({ source }) }, { Arn, accountId });
    },
  },
  {
    name: 'a queue of the account hears the alarms',
    make: async ({ surroundings: { accountId, region, topicArn: TopicArn }, root: { sns } }) => {
      const Endpoint = `arn:aws:sqs:${region}:${accountId}:oncall`;
      const request = { TopicArn, Protocol: 'sqs', Endpoint, ReturnSubscriptionArn: true };
      const { SubscriptionArn } = await sns.send(new SubscribeCommand(request));
      return () => sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    },
  },
  {
    name: 'the statements of the alarm topic’s policy have another order, names and form',
    make: async ({ surroundings: { topicArn: TopicArn }, root: { sns } }) => {
      const { Attributes } = await sns.send(new GetTopicAttributesCommand({ TopicArn }));
      const before = Attributes?.Policy ?? '';
      const { Statement, ...rest } = JSON.parse(before);
      const other = [Statement].flat().map((each, n) => ({ ...each, Sid: `S${n}`, Action: [each.Action].flat() }));
      const put = (policy: string) =>
        sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: policy }));
      await put(JSON.stringify({ ...rest, Statement: other.reverse() }));
      return () => put(before);
    },
  },
  {
    name: 'AWS, single sign-on and the security team have roles of their own',
    make: async ({ root: { iam } }) => {
      const made: Revert[] = [];
      const role = async (RoleName: string, Path: string, Principal: object, Action: string[], Resource: string) => {
        const document = (statement: object) =>
          JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
        const AssumeRolePolicyDocument = document({ Principal, Action: 'sts:AssumeRole' });
        await iam.send(new CreateRoleCommand({ RoleName, Path, AssumeRolePolicyDocument }));
        const policy = { RoleName, PolicyName: 'own' };
        const PolicyDocument = document({ Action, Resource });
        await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
        made.push(async () => {
          await iam.send(new DeleteRolePolicyCommand(policy));
          await iam.send(new DeleteRoleCommand({ RoleName }));
        });
      };
      const organization = { AWS: 'arn:aws:iam::555555555555:root' };
      const scaling = { Service: 'rds.application-autoscaling.amazonaws.com' };
      await role('AWSServiceRoleForScaling', '/aws-service-role/x/', scaling, ['rds:*'], 'arn:aws:rds:*:*:db:tenant-*');
      await role('AWSReservedSSO_Admin', '/aws-reserved/sso.amazonaws.com/', organization, ['*'], '*');
      await role('security-reader', '/', organization, ['rds:Describe*', 's3:GetBucket*'], 'arn:aws:s3:::tenant-*');
      await role('another-team', '/', organization, ['s3:*'], 'arn:aws:s3:::another-team-*');
      return async () => {
        for (const unmake of made.toReversed()) await unmake();
      };
    },
  },
  {
    name: 'another team has an alarm that tells the operators',
    make: ({ surroundings: { topicArn }, root: { cloudwatch } }) =>
      anAlarm(cloudwatch, 'another-team', { AlarmActions: [topicArn] }),
  },
  {
    name: 'autoscaling starts a second task of the shared service',
    make: async ({ surroundings: { cell }, root: { ecs } }) => {
      const { clusterName: cluster } = cell;
      const every = { cluster, services: Object.values(cell.services) };
      const { services = [] } = await ecs.send(new DescribeServicesCommand(every));
      const live = services.find(({ desiredCount = 0 }) => desiredCount > 0);
      const scale = (desiredCount: number | undefined) =>
        ecs.send(new UpdateServiceCommand({ cluster, service: live?.serviceName, desiredCount }));
      await scale(2);
      return () => scale(live?.desiredCount);
    },
  },
  {
    name: 'the organization tags what all tenants share',
    make: async ({ surroundings: { cell }, root: { elb } }) => {
      const ResourceArns = [cell.loadBalancerArn, cell.listenerArn, ...Object.values(cell.targetGroupArns)];
      await elb.send(new AddTagsCommand({ ResourceArns, Tags: [{ Key: 'cost-center', Value: '42' }] }));
      return () => elb.send(new RemoveTagsCommand({ ResourceArns, TagKeys: ['cost-center'] }));
    },
  },
];
