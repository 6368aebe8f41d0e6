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
import { ModifyLoadBalancerAttributesCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DeleteRuleCommand, PutRuleCommand } from '@aws-sdk/client-eventbridge';
import { paginateListFunctions, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import {
  DeleteLoggingConfigurationCommand,
  GetWebACLCommand,
  GetWebACLForResourceCommand,
  PutLoggingConfigurationCommand,
  type Rule,
  UpdateWebACLCommand,
} from '@aws-sdk/client-wafv2';
import { everyItem } from '../../../functions/shared/paging';
import type { SharedScene } from '../surroundings-target';
import type { Revert } from '../technique';

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

/** One more rule of the cell's web ACL, before all others. */
const withRule = (
  name: string,
  rule: Pick<Rule, 'Name' | 'Action' | 'OverrideAction' | 'Statement'>,
): SharedChange => ({
  name,
  make: async ({ surroundings: { cell }, root: { wafv2 } }) => {
    const { WebACL } = await wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: cell.loadBalancerArn }));
    const { Name, Id, DefaultAction, VisibilityConfig, Rules: before = [] } = WebACL ?? {};
    const named = { Name, Id, Scope: 'REGIONAL' as const };
    const put = async (Rules: Rule[]) => {
      const { LockToken } = await wafv2.send(new GetWebACLCommand(named));
      await wafv2.send(new UpdateWebACLCommand({ ...named, LockToken, DefaultAction, VisibilityConfig, Rules }));
    };
    const first = { ...rule, Priority: 0, VisibilityConfig };
    await put([first, ...before.map((each) => ({ ...each, Priority: (each.Priority ?? 0) + 1 }))]);
    return () => put(before);
  },
});

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
  withRule('refuse an address at the web ACL, before all other rules', {
    ...{ Name: 'incident', Action: { Block: {} } },
    Statement: { GeoMatchStatement: { CountryCodes: ['KP'] } },
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
    make: async ({ surroundings: { cell }, root: { elb } }) => {
      const { loadBalancerArn: LoadBalancerArn } = cell;
      const set = (Value: string) =>
        elb.send(
          new ModifyLoadBalancerAttributesCommand({
            LoadBalancerArn,
            Attributes: [{ Key: 'idle_timeout.timeout_seconds', Value }],
          }),
        );
      await set('120');
      return () => set('60');
    },
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
];
